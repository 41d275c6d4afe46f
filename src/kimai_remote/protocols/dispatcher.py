"""Running calls through a Spyne application without Spyne's own HTTP transport."""

from __future__ import annotations

import functools
import logging
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from spyne import Application, MethodContext
from spyne.model.fault import Fault
from spyne.server import ServerBase

from ..api.execution import UNAVAILABLE, Service, internal_error
from ..api.fields import NAMESPACE
from ..api.instrumentation import MALFORMED, UNKNOWN, CallRecord, Outcome, RequestInfo, observing
from ..api.service import RemoteApi
from .response_body import Body

log = logging.getLogger(__name__)

#: Name of the service in the contracts.
SERVICE = "KimaiRemote"

# Spyne logs whole requests and each refused call with a traceback; what matters is logged here.
logging.getLogger("spyne").setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over HTTP."""

    status: int
    content_type: str
    body: Body


class Dispatcher(ServerBase):
    """Runs calls over one protocol.

    :param service: what the methods work with.
    :param protocol: the class of Spyne's that reads and writes.
    :param name: what observers know the protocol as.
    """

    transport = "http://schemas.xmlsoap.org/soap/http"

    def __init__(self, service: Service, protocol: type, name: str) -> None:
        super().__init__(application(protocol))
        self._desk = service
        self._name = name

    def observe(self, request_info: RequestInfo) -> AbstractContextManager[CallRecord]:
        """Observe a call that the block answers by itself."""
        return observing(self._desk.observers, self._name, request_info)

    def run(
        self, document: Any, request_info: RequestInfo, error: Fault | None = None, **options: Any
    ) -> MethodContext:
        """Run one call. The context has ``out_string``, a :class:`Body`, and ``out_error`` where
        there was one.

        :param document: the request as the protocol's ``decompose_incoming_envelope`` takes it.
        :param request_info: where the request came from.
        :param error: what was wrong with the request before it got here.
        :param options: of this request; the protocol finds them in ``ctx.udc``.
        """
        with self.observe(request_info) as observed:
            initial = MethodContext(self, MethodContext.SERVER)
            initial.udc = {
                "service": self._desk,
                "request_info": request_info,
                "observed": observed,
                **options,
            }
            initial.in_document = document
            ctx = initial
            try:
                if error is not None:
                    initial.in_error = error
                else:
                    (ctx, *_) = self.generate_contexts(initial)
                observed.method = self._method(ctx)
                if ctx.in_error is None:
                    self.get_in_object(ctx)
                if ctx.in_error is None:
                    self._call(ctx, observed)
                else:
                    ctx.out_error = ctx.in_error
                    observed.outcome = _outcome_of(ctx.in_error)
                self.get_out_string(ctx)
            except Exception:
                log.exception(
                    "The answer to request %s could not be written", request_info.request_id
                )
                observed.outcome = Outcome.FAULT
                ctx.out_document = ctx.out_string = ctx.out_object = None
                ctx.out_error = internal_error(request_info)
                self.get_out_string(ctx)
            finally:
                ctx.close()
        return ctx

    def _call(self, ctx: MethodContext, observed: CallRecord) -> None:
        self.get_out_object(ctx)
        if observed.outcome is Outcome.INVALID:  # the method has no say in it
            observed.outcome = Outcome.SUCCESS if ctx.out_error is None else Outcome.FAULT

    def _method(self, ctx: MethodContext) -> str:
        """The method that a request asks for, by the service's name for it."""
        if ctx.method_request_string is None:
            return MALFORMED
        found = self.app.interface.service_method_map.get(ctx.method_request_string)
        return str(found[0].name) if found else UNKNOWN


def _outcome_of(error: Fault) -> Outcome:
    """How a call ended that was not run."""
    return Outcome.UNAVAILABLE if error.faultcode == UNAVAILABLE else Outcome.INVALID


def result_type(ctx: MethodContext) -> type:
    """The Spyne type of what the called method answers."""
    (kind,) = ctx.descriptor.out_message._type_info.values()
    return kind  # type: ignore[no-any-return]


@functools.cache
def application(protocol: type) -> Application:
    """The service behind one protocol: the same for every service, and slow to build.

    :param protocol: can be made without parameters, to read, and with ``validator=None``, to write.
    """
    return Application(
        [RemoteApi],
        NAMESPACE,
        SERVICE,
        in_protocol=protocol(),
        # What is written is right by construction; a schema would be built for nothing.
        out_protocol=protocol(validator=None),
    )
