"""The same service on Spyne's own protocols, to show their defects."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

from spyne import Application
from spyne.interface.wsdl import Wsdl11
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication

from kimai_remote.api.fields import NAMESPACE
from kimai_remote.api.service import RemoteApi
from kimai_remote.storage.origin import DatabaseOrigin


def application(validator: str | None = "lxml") -> Application:
    protocols = Soap11(validator=validator), Soap11()
    app = Application([RemoteApi], NAMESPACE, "KimaiRemote", *protocols)
    app.event_manager.add_listener("method_call", _give_database)
    return app


def _give_database(ctx: Any) -> None:
    """Let getVersion run, which asks for nothing but the origin of the database."""
    database = SimpleNamespace(origin=lambda: DatabaseOrigin.OWN)
    ctx.udc = SimpleNamespace(service=SimpleNamespace(database=database))


class SpyneBaseline:
    """Spyne's WSGI application."""

    def __init__(self, validator: str | None = "lxml") -> None:
        self.app = application(validator)
        self.wsgi = WsgiApplication(self.app)

    def request(
        self,
        method: str = "POST",
        body: bytes = b"",
        query: str = "",
        content_type: str = "text/xml; charset=utf-8",
        host: str = "kimai.test",
    ) -> tuple[int, bytes]:
        """Return the status and body of the response.

        :raises Exception: any that Spyne doesn't handle.
        """
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": "/",
            "SCRIPT_NAME": "",
            "QUERY_STRING": query,
            "SERVER_NAME": host,
            "SERVER_PORT": "80",
            "HTTP_HOST": host,
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "CONTENT_TYPE": content_type,
            "CONTENT_LENGTH": str(len(body)),
            "SERVER_PROTOCOL": "HTTP/1.1",
        }
        started: list[str] = []
        parts = self.wsgi(environ, lambda status, headers, error=None: started.append(status))
        content = b"".join(parts)
        return int(started[0].split()[0]), content


def wsdl() -> bytes:
    """Return the WSDL that Spyne itself makes of the service."""
    builder = Wsdl11(application().interface)
    builder.build_interface_document("http://kimai.test/")
    return builder.get_interface_document()
