"""Running calls through a Spyne application without Spyne's own HTTP transport."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from spyne import Application, MethodContext
from spyne.error import ResourceNotFoundError
from spyne.model.fault import Fault
from spyne.protocol import ProtocolBase
from spyne.server import ServerBase

from ..api.execution import ApiFault, RequestContext, Service
from ..api.fields import NAMESPACE
from ..api.instrumentation import UNKNOWN, CallRecord, RequestInfo, observe
from ..api.service import RemoteApi
from ..errors import Outcome
from .response_body import ResponseBody

log = logging.getLogger(__name__)

#: Name of the service in the contracts.
SERVICE_NAME = "KimaiRemote"

# Spyne logs whole requests and each refused call with a traceback; what matters is logged here.
logging.getLogger("spyne").setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class ProtocolRequest:
    """An HTTP request as an endpoint gets it."""

    #: Return the URL of the endpoint as the client sees it, without the query. Few calls need it.
    find_url: Callable[[], str]
    query: Mapping[str, str]
    info: RequestInfo
    #: The query as it was sent, without the question mark.
    query_string: str = ""
    body: bytes = b""
    content_type: str = ""

    @property
    def url(self) -> str:
        return self.find_url()


@dataclass(frozen=True, slots=True)
class ProtocolResponse:
    """The response to a POST."""

    status: int
    content_type: str
    body: ResponseBody


@dataclass(frozen=True, slots=True)
class Description:
    """A document that an endpoint describes itself with, in response to a GET."""

    content_type: str
    content: Callable[[], bytes]


class Endpoint(Protocol):
    """A protocol under a URL. The application has a list of them."""

    #: The URL ends with this path, below any folder.
    path: str
    #: Whether pages of any site may call it from a browser.
    cross_origin: bool

    def describe(self, request: ProtocolRequest) -> Description | None:
        """Return the description that the query asks for; None for a page for people.

        :raises UnknownContract: there is none of that kind.
        """

    def respond(self, request: ProtocolRequest) -> ProtocolResponse:
        """Run the call or calls in the body of a POST.

        :raises UnsupportedMediaType: the Content-Type is not the protocol's.
        """


class Call(MethodContext):
    """Spyne's context of one call, without what this service doesn't use: contexts of transport and
    protocols, events, files to close. Creating those takes longer than a small call."""

    method_request_string: str | None = None
    in_header_doc: Any = None
    in_body_doc: Any = None
    in_header: Any = None
    in_object: Any = None
    out_object: Any = None
    out_error: Any = None
    out_document: Any = None
    #: The :class:`RequestContext` while the call runs.
    udc: Any = None
    protocol = outprot_ctx = None
    #: Describes the method, and has its function; None until the method is known.
    descriptor: Any = None
    function = property(lambda self: self.descriptor.function)
    __setattr__ = object.__setattr__

    def __init__(self, app: Application, document: Any, request: RequestContext) -> None:
        self.app = app
        self.in_document = document
        self.udc = request

    def fire_event(self, *_: Any) -> None:
        """Nothing listens to Spyne's events."""


class Dispatcher(ServerBase):
    """Runs calls over one protocol.

    :param protocol: the class of Spyne's protocol that reads requests and writes responses.
    :param name: what observers know the protocol as.
    """

    transport = "http://schemas.xmlsoap.org/soap/http"

    def __init__(self, service: Service, protocol: type, name: str) -> None:
        super().__init__(application(protocol))
        self._service = service
        self._name = name

    def has_trait(self, method: str, trait: str) -> bool:
        """Return whether a method has what :func:`..api.execution.rpc_method` says of it."""
        (descriptor,) = self.app.interface.service_method_map.get(
            f"{{{NAMESPACE}}}{method}", [None]
        )
        return descriptor is not None and bool((descriptor.udd or {}).get(trait))

    def observe(self, request_info: RequestInfo) -> AbstractContextManager[CallRecord]:
        """Record a call that the block runs by itself."""
        return observe(self._service.observers, self._name, request_info)

    def run(
        self, document: Any, request: RequestContext, error: Exception | None = None
    ) -> tuple[ResponseBody, bool]:
        """Run one call; return the response, and whether it is a fault.

        :param document: the request as the protocol's ``decompose_incoming_envelope`` takes it.
        :param error: what was wrong with the request before it got here.
        """
        ctx = Call(self.app, document, request)
        with self.observe(request.request_info) as record:
            request.record = record
            try:
                if error is not None:
                    ctx.out_error = error if isinstance(error, Fault) else ApiFault(error)
                    record.outcome = _outcome_of(ctx.out_error)
                elif self._read(ctx, record):
                    self.app.process_request(ctx)
                    if record.outcome is None:  # a method that runs outside of api.execution
                        record.outcome = Outcome.FAULT if ctx.out_error else Outcome.SUCCESS
                self.app.out_protocol.serialize(ctx, ProtocolBase.RESPONSE)
            except Exception as defect:
                request_id = request.request_info.request_id
                log.exception("The response to request %s could not be written", request_id)
                record.outcome = Outcome.FAULT
                for result in ctx.out_object or ():
                    if isinstance(result, ResponseBody):
                        result.close()
                ctx.out_document = ctx.out_object = None
                ctx.out_error = ApiFault(defect, request.request_info)
                self.app.out_protocol.serialize(ctx, ProtocolBase.RESPONSE)
        response, is_fault = ctx.out_document, ctx.out_error is not None
        # In a cycle, a large request would stay in memory until Python looks for cycles.
        ctx.udc = ctx.out_error = None
        return response, is_fault

    def _read(self, ctx: Call, record: CallRecord) -> bool:
        """Find the method and its parameters; return whether that was possible."""
        protocol, methods = self.app.in_protocol, self.app.interface.service_method_map
        try:
            try:
                protocol.decompose_incoming_envelope(ctx, ProtocolBase.REQUEST)
            finally:
                if ctx.method_request_string is not None:
                    (ctx.descriptor,) = methods.get(ctx.method_request_string, (None,))
                    record.method = ctx.descriptor.name if ctx.descriptor else UNKNOWN
            if ctx.descriptor is None:
                raise ResourceNotFoundError(ctx.method_request_string)
            protocol.deserialize(ctx, ProtocolBase.REQUEST)
        except Fault as fault:
            ctx.out_error = fault
            record.outcome = _outcome_of(fault)
            return False
        return True


def _outcome_of(error: Fault) -> Outcome:
    """Return the outcome of a call that was not run; Spyne's own faults are about the request."""
    return error.handling.outcome if isinstance(error, ApiFault) else Outcome.INVALID


def result_type(ctx: MethodContext) -> type:
    """Return the Spyne type of the called method's result."""
    (spyne_type,) = ctx.descriptor.out_message._type_info.values()
    return spyne_type  # type: ignore[no-any-return]


@functools.cache
def application(protocol: type) -> Application:
    """Return the service behind one protocol: the same for every server, and slow to build.

    :param protocol: can be made without parameters, to read, and with ``validator=None``, to write.
    """
    return Application(
        [RemoteApi],
        NAMESPACE,
        SERVICE_NAME,
        in_protocol=protocol(),
        # What is written is right by construction; a schema would be built for nothing.
        out_protocol=protocol(validator=None),
    )
