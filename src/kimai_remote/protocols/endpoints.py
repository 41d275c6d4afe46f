"""From the body of an HTTP request to the body of its answer, one endpoint a protocol."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from spyne.model.fault import Fault

from ..api.execution import Service
from ..api.instrumentation import Outcome, RequestInfo
from . import jsonrpc, soap_document, soap_envelope, soap_rpc, wsdl
from .discovery import Discovery
from .dispatcher import Answer, Dispatcher
from .rendering import encode
from .response_body import Body

#: A batch holds a thread; calls that follow after so many seconds or bytes of answers are not run.
BATCH_SECONDS = 20
BATCH_SIZE = 64 * 1024 * 1024
#: The one method that belongs to the protocol: it describes the service.
DISCOVER = "rpc.discover"


class SoapEndpoint:
    """Both SOAP dialects; a request is answered in the one that it is written in."""

    def __init__(self, service: Service) -> None:
        self._document = Dispatcher(service, soap_document.DocumentLiteral, "soap")
        self._encoded = Dispatcher(service, soap_rpc.RpcEncoded, "soap-rpc")
        self._contracts = {
            "document": wsdl.document_literal(self._document.app),
            "rpc": wsdl.rpc_encoded(booleans=service.settings.legacy_stop_boolean),
        }

    def wsdl(self, style: str) -> Callable[[str], bytes] | None:
        """The contract of a dialect, ``document`` or ``rpc``, as a function of the address."""
        contract = self._contracts.get(style)
        return contract.at if contract else None

    def post(self, body: bytes, content_type: str, url: str, request_info: RequestInfo) -> Answer:
        """Answer one request.

        :param url: address of the service, for answers to requests that have no namespace.
        :raises UnsupportedMediaType: the request isn't XML by its Content-Type.
        """
        try:
            request = soap_envelope.read(body, content_type)
        except Fault as fault:
            ctx = self._document.run(None, request_info, fault)
        else:
            encoded = soap_rpc.is_encoded(request)
            dispatcher = self._encoded if encoded else self._document
            ctx = dispatcher.run(request, request_info, url=url)
        # SOAP 1.1 over HTTP: a fault is always a 500.
        status = 200 if ctx.out_error is None else 500
        return Answer(status, soap_document.CONTENT_TYPE, ctx.out_string)


class JsonEndpoint:
    """JSON-RPC: single calls, batches, notifications, and the discovery method."""

    def __init__(self, service: Service, discovery: Discovery) -> None:
        self._dispatcher = Dispatcher(service, jsonrpc.JsonRpc, "json-rpc")
        self._discovery = discovery
        self._max_batch = service.settings.max_batch

    def post(self, body: bytes, url: str, request_info: RequestInfo, *, native: bool) -> Answer:
        """Answer a call or a batch; the body is empty if there is nothing to answer.

        :param url: address of the service, for the discovery method.
        :param native: true numbers and booleans in the answers instead of Kimai 1's strings.
        """
        try:
            request = jsonrpc.parse(body)
            if not isinstance(request, list):
                answer = self._call(request, url, request_info, native)
            else:
                self._check_batch(request)
                answer = _batch(self._calls(request, url, request_info, native))
        except jsonrpc.JsonRpcError as error:
            answer = self._refuse(jsonrpc.Frame(), request_info, error)
        return Answer(200, jsonrpc.CONTENT_TYPE, answer)

    def _check_batch(self, batch: list[Any]) -> None:
        if not batch:
            raise jsonrpc.JsonRpcError(jsonrpc.INVALID_REQUEST, "Invalid Request")
        if len(batch) > self._max_batch:
            raise jsonrpc.JsonRpcError(
                jsonrpc.INVALID_REQUEST,
                f"Invalid Request: more than {self._max_batch} calls in a batch.",
            )

    def _calls(
        self, batch: list[Any], url: str, request_info: RequestInfo, native: bool
    ) -> Iterator[Body]:
        """The answers to the calls of a batch; those that come too late are not run."""
        until, size = time.monotonic() + BATCH_SECONDS, 0
        for request in batch:
            if time.monotonic() > until or size > BATCH_SIZE:
                frame = jsonrpc.frame_of(request)
                answer = self._refuse(frame, request_info, _too_late())
            else:
                answer = self._call(request, url, request_info, native)
            size += answer.length
            if answer.length:
                yield answer

    def _call(self, request: Any, url: str, request_info: RequestInfo, native: bool) -> Body:
        frame = jsonrpc.frame_of(request)
        if isinstance(request, dict) and request.get("method") == DISCOVER:
            answer = Body([self._discover(request, frame, url, request_info)])
        else:
            ctx = self._dispatcher.run(request, request_info, frame=frame, native=native)
            answer = ctx.out_string
        return _sent(answer, frame)

    def _discover(
        self, request: Any, frame: jsonrpc.Frame, url: str, request_info: RequestInfo
    ) -> bytes:
        with self._dispatcher.observe(request_info) as observed:
            observed.method = DISCOVER
            try:
                jsonrpc.check(request, frame)
            except jsonrpc.JsonRpcError as error:
                return jsonrpc.encode_error(frame, error)
            answer = encode(jsonrpc.response(frame, result=self._discovery.openrpc(url)))
            observed.outcome = Outcome.SUCCESS
            return answer

    def _refuse(
        self, frame: jsonrpc.Frame, request_info: RequestInfo, error: jsonrpc.JsonRpcError
    ) -> Body:
        """The answer to what isn't run."""
        ctx = self._dispatcher.run(None, request_info, error, frame=frame)
        return _sent(ctx.out_string, frame)


def _sent(answer: Body, frame: jsonrpc.Frame) -> Body:
    """What goes back: nothing to a notification."""
    if not frame.is_notification:
        return answer
    answer.close()
    return Body()


def _batch(answers: Iterable[Body]) -> Body:
    """The answers to the calls of a batch in one list; nothing if there are none."""
    joined = Body()
    for answer in answers:
        joined = joined + Body([b"," if joined.length else b"["]) + answer
    return joined + Body([b"]"]) if joined.length else joined


def _too_late() -> jsonrpc.JsonRpcError:
    text = "Not run: the calls before it in the batch took too long, or had too much to answer."
    return jsonrpc.JsonRpcError(jsonrpc.TRY_AGAIN, text)
