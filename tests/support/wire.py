"""Raw HTTP: what goes over the socket is what the test says, byte for byte."""

from __future__ import annotations

import http.client
import json
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .processes import DEADLINE
from .server import Server

SOAP_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"


@dataclass(frozen=True)
class Reply:
    """One HTTP response."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """One connection to a server."""

    def __init__(self, server: Server) -> None:
        parts = urlsplit(server.url)
        self.host = parts.netloc
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=DEADLINE)

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def receive(self, method: str = "POST") -> Reply:
        """The next response; ``method`` is what it answers."""
        response = http.client.HTTPResponse(self.socket, method=method)
        response.begin()
        return Reply(response.status, response.headers, response.read())


def request(
    server: Server,
    method: str,
    target: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> Reply:
    """One request on a connection of its own. A Content-Type is sent only if given."""
    lines = {"Host": urlsplit(server.url).netloc, "Connection": "close"}
    if body is not None:
        lines["Content-Length"] = str(len(body))
    lines |= headers or {}
    head = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in lines.items())
    with Wire(server) as wire:
        wire.send(head.encode("latin1") + b"\r\n" + (body or b""))
        return wire.receive(method)


def get(server: Server, target: str, headers: dict[str, str] | None = None) -> Reply:
    return request(server, "GET", target, headers=headers)


def post_json(
    server: Server, body: Any, query: str = "", headers: dict[str, str] | None = None
) -> Reply:
    """POST to the JSON endpoint; bytes and text are sent as they are."""
    if not isinstance(body, bytes | str):
        body = json.dumps(body)
    raw = body.encode() if isinstance(body, str) else body
    return request(server, "POST", f"/core/json.php{query}", raw, headers)


def call(server: Server, method: str, *params: Any, query: str = "") -> Any:
    """The result of a JSON-RPC call."""
    body = {"jsonrpc": "2.0", "method": method, "params": list(params), "id": 1}
    return post_json(server, body, query).json["result"]


def envelope(content: str, attributes: str = "") -> bytes:
    """A SOAP 1.1 envelope around the content of its Body."""
    return (
        f'<e:Envelope xmlns:e="{SOAP_ENVELOPE}"{attributes}><e:Body>{content}</e:Body></e:Envelope>'
    ).encode()


def post_soap(
    server: Server,
    body: bytes | str,
    content_type: str = "text/xml; charset=utf-8",
    headers: dict[str, str] | None = None,
) -> Reply:
    """POST to the SOAP endpoint; a text is put into an envelope."""
    raw = envelope(body) if isinstance(body, str) else body
    return request(
        server, "POST", "/core/soap.php", raw, {"Content-Type": content_type} | (headers or {})
    )
