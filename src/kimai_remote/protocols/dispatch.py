"""Running calls through a Spyne application without Spyne's own HTTP transport."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from spyne import Application, MethodContext
from spyne.model.fault import Fault
from spyne.server import ServerBase

from ..api.audit import Origin
from ..api.desk import Desk, internal_error
from ..api.fields import NAMESPACE
from ..api.service import RemoteApi
from .spool import Body

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
    """Runs calls through one Spyne application, whatever its protocol."""

    transport = "http://schemas.xmlsoap.org/soap/http"

    def run(
        self, document: Any, origin: Origin, error: Fault | None = None, **options: Any
    ) -> MethodContext:
        """Run one call. The context has ``out_string``, a :class:`Body`, and ``out_error`` where
        there was one.

        :param document: the request as the protocol's ``decompose_incoming_envelope`` takes it.
        :param origin: where the request came from.
        :param error: what was wrong with the request before it got here.
        :param options: of this request; the protocol finds them in ``ctx.udc``.
        """
        initial = MethodContext(self, MethodContext.SERVER)
        initial.udc = {"origin": origin, **options}
        initial.in_document = document
        ctx = initial
        try:
            if error is not None:
                initial.in_error = error
            else:
                (ctx, *_) = self.generate_contexts(initial)
            if ctx.in_error is None:
                self.get_in_object(ctx)
            if ctx.in_error is None:
                self.get_out_object(ctx)
            else:
                ctx.out_error = ctx.in_error
            self.get_out_string(ctx)
        except Exception:
            log.exception("The answer to request %s could not be written", origin.request_id)
            ctx.out_document = ctx.out_string = ctx.out_object = None
            ctx.out_error = internal_error(origin)
            self.get_out_string(ctx)
        finally:
            ctx.close()
        return ctx


def result_type(ctx: MethodContext) -> type:
    """The Spyne type of what the called method answers."""
    (kind,) = ctx.descriptor.out_message._type_info.values()
    return kind  # type: ignore[no-any-return]


def application(desk: Desk, protocol: type, **options: Any) -> Application:
    """The service behind one protocol."""
    return Application(
        [RemoteApi],
        NAMESPACE,
        SERVICE,
        in_protocol=protocol(**options),
        out_protocol=protocol(**options),
        config=desk,
    )
