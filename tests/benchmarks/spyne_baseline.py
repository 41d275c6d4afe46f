"""The same service on Spyne's own protocols and HTTP transport, for comparison."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from spyne import Application
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication

from kimai_remote.api.execution import Envelope, RequestContext
from kimai_remote.api.fields import NAMESPACE
from kimai_remote.api.instrumentation import CallRecord, RequestInfo
from kimai_remote.api.service import RemoteApi
from kimai_remote.tracking.record_set import RecordSet
from support.world import World


class _SpyneApplication(Application):
    """Returns objects with attributes, which is all that Spyne can serialize."""

    def call_wrapper(self, ctx: Any) -> Any:
        ctx.udc = RequestContext(self.config, RequestInfo())
        ctx.udc.record = CallRecord("spyne", RequestInfo())
        response = super().call_wrapper(ctx)
        if not isinstance(response, Envelope):
            return response
        error = None if response.success else SimpleNamespace(msg=response.msg)
        items = None if response.items is None else _objects(response.items)
        return SimpleNamespace(
            success=response.success,
            items=items,
            total=response.total(len(items or ())),
            error=error,
        )


def _objects(rows: RecordSet) -> list[Any]:
    return [
        SimpleNamespace(
            **{
                name: _objects(value) if isinstance(value, RecordSet) else value
                for name, value in zip(rows.columns, values, strict=True)
            }
        )
        for values in rows.values
    ]


def soap(world: World) -> WsgiApplication:
    application = _SpyneApplication(
        [RemoteApi],
        NAMESPACE,
        in_protocol=Soap11(validator="lxml"),
        out_protocol=Soap11(),
        config=world.service,
    )
    return WsgiApplication(application)


def json(world: World) -> WsgiApplication:
    application = _SpyneApplication(
        [RemoteApi],
        NAMESPACE,
        in_protocol=JsonDocument(),
        out_protocol=JsonDocument(),
        config=world.service,
    )
    return WsgiApplication(application)
