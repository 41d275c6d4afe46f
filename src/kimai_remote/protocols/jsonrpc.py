"""JSON-RPC 2.0 as a Spyne protocol, with the tolerance that clients of Kimai 1 rely on.

One context is one call: the endpoint parses the body, takes batches apart and leaves
notifications unanswered (see :mod:`kimai_remote.protocols.endpoints`).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
from spyne import MethodContext
from spyne.error import ResourceNotFoundError
from spyne.model.fault import Fault
from spyne.protocol.json import JsonDocument

from ..api.execution import UNAVAILABLE
from . import rendering
from .dispatcher import result_type
from .php_coercion import InvalidValue, reader_of
from .rendering import encode
from .response_body import Body

CONTENT_TYPE = "application/json"

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
#: The database can't serve the call now; the same call may work a moment later.
TRY_AGAIN = -32000

_FAULT_CODES = {INTERNAL_ERROR: "Server", TRY_AGAIN: UNAVAILABLE}
_decoder = msgspec.json.Decoder(float_hook=Decimal)


class JsonRpcError(Fault):
    """An error of the protocol, with its code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(_FAULT_CODES.get(code, "Client"), message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Frame:
    """What of a request goes into its response."""

    id: Any = None
    has_version: bool = True
    is_notification: bool = False


def parse(body: bytes) -> Any:
    """The JSON value of a body, with exact decimals.

    :raises JsonRpcError: not JSON, or not UTF-8.
    """
    try:
        return _decoder.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, RecursionError, ValueError, ArithmeticError):
        raise JsonRpcError(PARSE_ERROR, "Parse error") from None


def frame_of(request: Any) -> Frame:
    """What the response to a request needs of it, valid or not."""
    if not isinstance(request, dict):
        return Frame()
    identifier = request.get("id")
    if isinstance(identifier, bool) or not isinstance(identifier, str | int | Decimal | None):
        identifier = None
    names_method = isinstance(request.get("method"), str)
    is_call = (
        names_method
        and request.get("jsonrpc") == "2.0"
        and isinstance(request.get("params"), list | dict | None)
    )
    return Frame(
        identifier,
        has_version="jsonrpc" in request or not names_method,
        is_notification=is_call and "id" not in request,
    )


def check(request: Any, frame: Frame) -> None:
    """:raises JsonRpcError: a request isn't a call of a method."""
    # The texts of the specification's examples, where it has one.
    if not isinstance(request, dict) or not isinstance(request.get("method"), str):
        raise JsonRpcError(INVALID_REQUEST, "Invalid Request")
    if request.get("jsonrpc", "2.0") != "2.0":
        raise JsonRpcError(INVALID_REQUEST, 'Invalid Request: jsonrpc must be "2.0".')
    if request.get("id") != frame.id:
        raise JsonRpcError(INVALID_REQUEST, "Invalid Request: id must be a string or number.")
    if not isinstance(request.get("params"), list | dict | None):
        raise JsonRpcError(INVALID_REQUEST, "Invalid Request: params must be a list or object.")


def response(frame: Frame, **content: Any) -> dict[str, Any]:
    """A response object; ``jsonrpc`` is missing where it was in the request."""
    answer = {**content, "id": frame.id}
    if frame.has_version:
        answer["jsonrpc"] = "2.0"
    return answer


class JsonRpc(JsonDocument):
    """One JSON-RPC call: the request is a parsed JSON value, the answer a Body.

    Options in ``ctx.udc``: ``frame``, and ``native`` for true numbers and booleans in answers.
    """

    mime_type = CONTENT_TYPE

    def create_in_document(self, ctx: MethodContext, in_string_encoding: str | None = None) -> None:
        """Nothing to do: the endpoint has parsed the body to take batches apart."""

    def decompose_incoming_envelope(self, ctx: MethodContext, message: Any = None) -> None:
        request = ctx.in_document
        check(request, ctx.udc["frame"])
        ctx.in_body_doc = request.get("params") or []
        ctx.method_request_string = f"{{{self.app.tns}}}{request['method']}"

    def generate_method_contexts(self, ctx: MethodContext) -> Any:
        try:
            return super().generate_method_contexts(ctx)
        except ResourceNotFoundError:
            raise JsonRpcError(METHOD_NOT_FOUND, "Method not found") from None

    def deserialize(self, ctx: MethodContext, message: Any) -> None:
        params = ctx.in_body_doc
        message_type = ctx.descriptor.in_message
        values = []
        for place, (name, kind) in enumerate(message_type.get_flat_type_info(message_type).items()):
            if isinstance(params, dict):
                value = params.get(name)
            else:
                value = params[place] if place < len(params) else None
            try:
                values.append(reader_of(kind)(value, name))
            except InvalidValue as error:
                raise JsonRpcError(INVALID_PARAMS, f"Invalid params: {error}") from None
        ctx.in_object = values
        ctx.udc["encode"] = lambda envelope: rendering.json(
            result_type(ctx), envelope, native=ctx.udc["native"]
        )

    def serialize(self, ctx: MethodContext, message: Any) -> None:
        frame: Frame = ctx.udc["frame"]
        if ctx.out_error is not None:
            ctx.out_document = Body([encode_error(frame, ctx.out_error)])
            return
        (answer,) = ctx.out_object
        if not isinstance(answer, Body):
            answer = Body([encode(answer)])
        rest = encode(response(frame))
        ctx.out_document = Body([b'{"result":']) + answer + Body([b",", rest[1:]])

    def create_out_string(self, ctx: MethodContext, out_string_encoding: str = "utf8") -> None:
        ctx.out_string = ctx.out_document


def error_object(fault: Fault) -> dict[str, Any]:
    """The error member for a fault; a fault that isn't of this protocol is an internal error."""
    if isinstance(fault, JsonRpcError):
        return {"code": fault.code, "message": fault.faultstring}
    code = TRY_AGAIN if fault.faultcode == UNAVAILABLE else INTERNAL_ERROR
    return {"code": code, "message": str(fault.faultstring)}


def encode_error(frame: Frame, fault: Fault) -> bytes:
    """The response to a request that failed."""
    return encode(response(frame, error=error_object(fault)))
