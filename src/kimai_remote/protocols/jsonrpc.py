"""JSON-RPC 2.0 as an endpoint and as a Spyne protocol, as tolerant as Kimai 1."""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from types import NoneType
from typing import Any

import msgspec
from spyne import MethodContext
from spyne.model.fault import Fault
from spyne.protocol.json import JsonDocument

from ..api.execution import ApiFault, Envelope, RequestContext, Service
from ..api.fields import default_of
from ..errors import (
    BatchLimitReached,
    InvalidParameter,
    InvalidRequest,
    MalformedRequest,
    Outcome,
    RequestError,
    UnknownMethod,
    handling_of,
)
from . import rendering
from .discovery import smd
from .dispatcher import Description, Dispatcher, ProtocolRequest, ProtocolResponse, result_type
from .openrpc import openrpc
from .php_coercion import Reader, reader_of
from .rendering import encode
from .response_body import ResponseBody

CONTENT_TYPE = "application/json"
#: PHP's, which Kimai sent with a response without a body.
NO_CONTENT_TYPE = "text/html; charset=UTF-8"
#: The one method that belongs to the protocol: it describes the service.
DISCOVER = "rpc.discover"
#: The query of an SMD that ``dojo/rpc/JsonService`` reads.
DOJO_SMD = "smd=dojo"
#: A batch holds a thread: after so many seconds or bytes of responses its other calls are not run.
BATCH_SECONDS = 20
BATCH_SIZE = 64 * 1024 * 1024
#: Calls in a batch that need no key and cost much: logins, and descriptions of the service.
BATCH_COSTLY_CALLS = 5
#: Values and keys that a request may have for each call that a batch may have.
VALUES_PER_CALL = 1_000

_VERSION_2 = re.compile(r"2(\.0*)?", re.ASCII)
_ID_TYPES = (str, int, Decimal, NoneType)
_PARAMS_TYPES = (list, dict, NoneType)
_decoder = msgspec.json.Decoder(float_hook=Decimal)
#: What may come before a value or key; or a whole text, in which it would mean nothing.
_SEPARATOR_OR_TEXT = re.compile(rb'([\[{,:])|"(?:[^"\\]++|\\.)*+"?', re.DOTALL)


@dataclass(frozen=True, slots=True)
class ReplyHeader:
    """The parts of a request that its response repeats."""

    id: Any = None
    has_version: bool = True
    is_notification: bool = False

    @classmethod
    def of(cls, request: Any) -> ReplyHeader:
        """Read them from a request, valid or not."""
        if not isinstance(request, dict):
            return cls()
        request_id = request.get("id")
        if isinstance(request_id, bool) or not isinstance(request_id, _ID_TYPES):
            request_id = None
        names_method = isinstance(request.get("method"), str)
        is_version_2 = _is_version_2(request.get("jsonrpc"))
        is_call = names_method and isinstance(request.get("params"), _PARAMS_TYPES)
        return cls(
            request_id,
            has_version=is_version_2 or not names_method,
            is_notification=is_call and is_version_2 and "id" not in request,
        )

    def response(self, **content: Any) -> dict[str, Any]:
        """Return a response object; without ``jsonrpc`` where the request isn't version 2.0."""
        response = {**content, "id": self.id}
        if self.has_version:
            response["jsonrpc"] = "2.0"
        return response

    def error(self, fault: Fault) -> bytes:
        """Return the response to a request that failed."""
        # A fault of Spyne's own means that something here is wrong.
        handling = fault.handling if isinstance(fault, ApiFault) else handling_of(fault)
        # Zend's server has the member where there are no data, and some clients expect it.
        error = {"code": handling.jsonrpc_code, "message": str(fault.faultstring), "data": None}
        return encode(self.response(error=error))


@dataclass
class JsonRpcContext(RequestContext):
    """State of one call over JSON-RPC."""

    header: ReplyHeader
    #: True numbers and booleans in the response instead of Kimai 1's strings.
    native_types: bool


class JsonRpcEndpoint:
    """Single calls, batches, notifications, and the discovery method."""

    path = "/core/json.php"
    #: It has no cookies.
    cross_origin = True

    def __init__(self, service: Service) -> None:
        self._service = service
        self._dispatcher = Dispatcher(service, JsonRpc, "json-rpc")

    def describe(self, request: ProtocolRequest) -> Description:
        """Return the service's SMD, as Zend's JSON-RPC server had it, or OpenRPC document."""
        if "openrpc" in request.query:
            native = _has_native_types(request)
            return Description(
                CONTENT_TYPE, lambda: msgspec.json.encode(openrpc(request.url, native=native))
            )
        # As in Kimai, calls go to the URL of the description, with its query (?types=native).
        query = request.query_string.split("&")
        for_dojo = DOJO_SMD in query
        query = [part for part in query if part != DOJO_SMD]
        target = f"{request.url}?{'&'.join(query)}" if any(query) else request.url
        return Description(
            CONTENT_TYPE, lambda: msgspec.json.encode(smd(target, lists_methods=for_dojo))
        )

    def respond(self, request: ProtocolRequest) -> ProtocolResponse:
        """Run a call or a batch; the status is 204 if there is nothing to respond."""
        try:
            message = parse(request.body, VALUES_PER_CALL * self._service.settings.max_batch)
            if isinstance(message, list):
                self._check_batch(message)
                body = _join(self._run_batch(message, request))
            else:
                body = self._run(message, request)
        except RequestError as error:
            header = ReplyHeader(has_version=bool(request.body))
            body = self._refuse(header, request, error)
        if not body.length:
            return ProtocolResponse(204, NO_CONTENT_TYPE, body)
        return ProtocolResponse(200, CONTENT_TYPE, body)

    def _check_batch(self, batch: list[Any]) -> None:
        if not batch:
            raise InvalidRequest("Invalid Request")
        limit = self._service.settings.max_batch
        if len(batch) > limit:
            raise InvalidRequest(f"Invalid Request: more than {limit} calls in a batch.")

    def _run_batch(self, batch: list[Any], request: ProtocolRequest) -> Iterator[ResponseBody]:
        """Run the calls of a batch one after the other, but none that is too late or too much."""
        deadline, size, costly = time.monotonic() + BATCH_SECONDS, 0, 0
        for message in batch:
            is_costly = self._is_costly(message)
            costly += is_costly
            if time.monotonic() > deadline or size > BATCH_SIZE:
                body = self._refuse(ReplyHeader.of(message), request, BatchLimitReached())
            elif is_costly and costly > BATCH_COSTLY_CALLS:
                error = BatchLimitReached(
                    f"Not run: a batch may have {BATCH_COSTLY_CALLS} logins or rpc.discover."
                )
                body = self._refuse(ReplyHeader.of(message), request, error)
            else:
                body = self._run(message, request)
            size += body.length
            if body.length:
                yield body

    def _is_costly(self, message: Any) -> bool:
        """Return whether a call needs no key and costs much."""
        name = message.get("method") if isinstance(message, dict) else None
        if not isinstance(name, str):
            return False
        return name == DISCOVER or self._dispatcher.has_trait(name, "logs_in")

    def _run(self, message: Any, request: ProtocolRequest) -> ResponseBody:
        header = ReplyHeader.of(message)
        if isinstance(message, dict) and message.get("method") == DISCOVER:
            return _unless_notification(
                ResponseBody([self._discover(message, header, request)]), header
            )
        context = self._context(header, request)
        response, _ = self._dispatcher.run(message, context)
        return _unless_notification(response, header)

    def _discover(self, message: Any, header: ReplyHeader, request: ProtocolRequest) -> bytes:
        with self._dispatcher.observe(request.info) as record:
            record.method = DISCOVER
            try:
                check(message, header)
            except RequestError as error:
                record.outcome = Outcome.INVALID
                return header.error(ApiFault(error))
            document = openrpc(request.url, native=_has_native_types(request))
            response = encode(header.response(result=document))
            record.outcome = Outcome.SUCCESS
            return response

    def _refuse(
        self, header: ReplyHeader, request: ProtocolRequest, error: Exception
    ) -> ResponseBody:
        """Respond to a message that isn't run."""
        response, _ = self._dispatcher.run(None, self._context(header, request), error)
        return _unless_notification(response, header)

    def _context(self, header: ReplyHeader, request: ProtocolRequest) -> JsonRpcContext:
        return JsonRpcContext(self._service, request.info, header, _has_native_types(request))


def _has_native_types(request: ProtocolRequest) -> bool:
    return request.query.get("types") == "native"


def _unless_notification(body: ResponseBody, header: ReplyHeader) -> ResponseBody:
    """Return what is sent: nothing to a notification."""
    if not header.is_notification:
        return body
    body.close()
    return ResponseBody()


def _join(bodies: Iterable[ResponseBody]) -> ResponseBody:
    """Join the responses to a batch in one list; nothing if there are none."""
    joined = ResponseBody()
    for body in bodies:
        joined = joined + ResponseBody([b"," if joined.length else b"["]) + body
    return joined + ResponseBody([b"]"]) if joined.length else joined


def _is_version_2(version: Any) -> bool:
    """Return whether ``jsonrpc`` says 2.0: also as a number, which some clients send. Any other
    value is served like none at all."""
    if version == "2.0":
        return True
    if isinstance(version, bool) or not isinstance(version, str | int | Decimal):
        return False
    return _VERSION_2.fullmatch(str(version)) is not None


def parse(body: bytes, max_values: int) -> Any:
    """Return the JSON value of a body, with exact decimals.

    :raises MalformedRequest: not JSON, or not UTF-8.
    :raises InvalidRequest: it has more values and keys; each may take a hundred bytes.
    """
    if _has_more_values(body, max_values):
        raise InvalidRequest(f"Invalid Request: more than {max_values} values and keys.")
    try:
        return _decoder.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, RecursionError, ValueError, ArithmeticError):
        raise MalformedRequest("Parse error") from None


def _has_more_values(body: bytes, limit: int) -> bool:
    """Return whether a body has more values and keys."""
    if len(body) <= limit or sum(map(body.count, (b"[", b"{", b",", b":"))) <= limit:
        return False
    # JSON has no more texts than separators, but for one: where there are more, it isn't JSON.
    separators_and_texts = islice(_SEPARATOR_OR_TEXT.finditer(body), 2 * limit + 2)
    return sum([match.lastindex is not None for match in separators_and_texts]) > limit


def check(message: Any, header: ReplyHeader) -> None:
    """:raises InvalidRequest: a message isn't a call of a method."""
    # The texts of the specification's examples, where it has one.
    if not isinstance(message, dict) or not isinstance(message.get("method"), str):
        raise InvalidRequest("Invalid Request")
    if message.get("id") != header.id:
        raise InvalidRequest("Invalid Request: id must be a string or number.")
    if not isinstance(message.get("params"), _PARAMS_TYPES):
        raise InvalidRequest("Invalid Request: params must be a list or object.")


class JsonRpc(JsonDocument):
    """One call: the request is a parsed JSON value, the response a :class:`ResponseBody`."""

    mime_type = CONTENT_TYPE

    def decompose_incoming_envelope(self, ctx: MethodContext, message: Any = None) -> None:
        request = ctx.in_document
        try:
            check(request, ctx.udc.header)
        except InvalidRequest as error:
            raise ApiFault(error) from None
        ctx.in_body_doc = request.get("params") or []
        ctx.method_request_string = name = f"{{{self.app.tns}}}{request['method']}"
        if name not in self.app.interface.service_method_map:
            raise ApiFault(UnknownMethod("Method not found"))

    def deserialize(self, ctx: MethodContext, message: Any) -> None:
        parameters = _parameters(ctx.descriptor.in_message)
        params = ctx.in_body_doc
        given = params if isinstance(params, dict) else dict(zip(parameters, params, strict=False))
        values = []
        for name, (default, read) in parameters.items():
            if name not in given:
                values.append(default)
                continue
            try:
                values.append(read(given[name], name))
            except InvalidParameter as error:
                raise ApiFault(InvalidParameter(f"Invalid params: {error}")) from None
        ctx.in_object = values
        native_types = ctx.udc.native_types

        def render(envelope: Envelope) -> ResponseBody:
            return rendering.json(result_type(ctx), envelope, native=native_types)

        ctx.udc.render = render

    def serialize(self, ctx: MethodContext, message: Any) -> None:
        header: ReplyHeader = ctx.udc.header
        if ctx.out_error is not None:
            ctx.out_document = ResponseBody([header.error(ctx.out_error)])
            return
        (result,) = ctx.out_object
        if not isinstance(result, ResponseBody):
            result = ResponseBody([encode(result)])
        rest = encode(header.response())
        ctx.out_document = result.wrap(b'{"result":', b"," + rest[1:])


@functools.cache
def _parameters(message_type: Any) -> dict[str, tuple[Any, Reader]]:
    """Return the default and the reader of each parameter of a method, in order."""
    types = message_type.get_flat_type_info(message_type)
    return {name: (default_of(each), reader_of(each)) for name, each in types.items()}
