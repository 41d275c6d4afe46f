"""The same service on Spyne's own protocols and its own HTTP transport."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from spyne import Application
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication

from kimai_remote.api.execution import Envelope
from kimai_remote.api.fields import NAMESPACE
from kimai_remote.api.instrumentation import CallRecord, RequestInfo
from kimai_remote.api.service import RemoteApi
from kimai_remote.tracking.record_set import RecordSet
from support.world import World


class _StockApplication(Application):
    """Hands Spyne objects with attributes, which is all that it can serialise."""

    def call_wrapper(self, ctx: Any) -> Any:
        ctx.udc = {
            "service": self.config,
            "origin": RequestInfo(),
            "observed": CallRecord("stock", RequestInfo()),
        }
        answer = super().call_wrapper(ctx)
        if not isinstance(answer, Envelope):
            return answer
        error = None if answer.success else SimpleNamespace(msg=answer.msg)
        items = None if answer.items is None else _objects(answer.items)
        return SimpleNamespace(
            success=answer.success, items=items, total=answer.total(len(items or ())), error=error
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
    application = _StockApplication(
        [RemoteApi],
        NAMESPACE,
        in_protocol=Soap11(validator="lxml"),
        out_protocol=Soap11(),
        config=world.service,
    )
    return WsgiApplication(application)


def json(world: World) -> WsgiApplication:
    application = _StockApplication(
        [RemoteApi],
        NAMESPACE,
        in_protocol=JsonDocument(),
        out_protocol=JsonDocument(),
        config=world.service,
    )
    return WsgiApplication(application)
