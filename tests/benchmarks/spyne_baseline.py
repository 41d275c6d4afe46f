"""The same service on Spyne's own protocols and HTTP transport, for comparison."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from spyne import Application
from spyne.protocol.json import JsonDocument
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication

from kimai_remote.api.execution import Envelope, RequestContext, Service
from kimai_remote.api.fields import NAMESPACE
from kimai_remote.api.instrumentation import CallRecord, RequestInfo
from kimai_remote.api.service import RemoteApi
from kimai_remote.config import Settings
from kimai_remote.storage.transactions import Database
from kimai_remote.tracking.authentication import ApiKeyDeriver
from kimai_remote.tracking.passwords import PasswordHasher
from kimai_remote.tracking.record_set import RecordSet
from support.kimai1 import SALT
from support.world import SECRET

from .installations import PREFIX


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


def _application(url: str, incoming: Any, outgoing: Any) -> WsgiApplication:
    service = Service(
        Database(url, PREFIX), ApiKeyDeriver(SECRET), PasswordHasher(SALT), Settings(login_rate=0)
    )
    application = _SpyneApplication(
        [RemoteApi], NAMESPACE, in_protocol=incoming, out_protocol=outgoing, config=service
    )
    return WsgiApplication(application)


#: Applications on Spyne's own protocols, from the URL of a database.
PROTOCOLS: dict[str, Callable[[str], WsgiApplication]] = {
    "spyne_soap": lambda url: _application(url, Soap11(validator="lxml"), Soap11()),
    "spyne_json": lambda url: _application(url, JsonDocument(), JsonDocument()),
}
