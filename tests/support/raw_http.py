"""HTTP over a plain socket: a test controls every byte of a request."""

from __future__ import annotations

import http.client
import json
import socket
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .processes import DEADLINE
from .server import Server

SOAP_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"


@dataclass(frozen=True)
class Response:
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


def connect(url: str, *, seconds: float = DEADLINE) -> socket.socket:
    """Open a socket to a server."""
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), seconds)


def read_until_closed(connection: socket.socket) -> tuple[bytes, float]:
    """Return what the server sends until it closes the connection, and the seconds that took."""
    started = time.monotonic()
    received = b""
    try:
        while piece := connection.recv(65_536):
            received += piece
    except ConnectionResetError:
        pass
    return received, time.monotonic() - started


def exchange(url: str, request: bytes) -> bytes:
    """Return the response to one raw request, which has to contain ``Connection: close``."""
    with connect(url) as connection:
        connection.sendall(request)
        return read_until_closed(connection)[0]


class Connection:
    """One connection to a server."""

    def __init__(self, server: Server) -> None:
        self.host = urlsplit(server.url).netloc
        self.socket = connect(server.url)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def receive(self, method: str = "POST") -> Response:
        """Return the next response; ``method`` is that of its request."""
        response = http.client.HTTPResponse(self.socket, method=method)
        response.begin()
        return Response(response.status, response.headers, response.read())


def request(
    server: Server,
    method: str,
    target: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """Send one request on a new connection. A Content-Type is sent only if it is in ``headers``."""
    lines = {"Host": urlsplit(server.url).netloc, "Connection": "close"}
    if body is not None:
        lines["Content-Length"] = str(len(body))
    lines |= headers or {}
    head = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in lines.items())
    with Connection(server) as connection:
        connection.send(head.encode("latin1") + b"\r\n" + (body or b""))
        return connection.receive(method)


def get(server: Server, target: str, headers: dict[str, str] | None = None) -> Response:
    return request(server, "GET", target, headers=headers)


def post_json(
    server: Server, body: Any, query: str = "", headers: dict[str, str] | None = None
) -> Response:
    """POST to the JSON endpoint; bytes and strings are sent as they are."""
    if not isinstance(body, bytes | str):
        body = json.dumps(body)
    raw = body.encode() if isinstance(body, str) else body
    return request(server, "POST", f"/core/json.php{query}", raw, headers)


def call(server: Server, method: str, *params: Any, query: str = "") -> Any:
    """Return the result of a JSON-RPC call."""
    body = {"jsonrpc": "2.0", "method": method, "params": list(params), "id": 1}
    return post_json(server, body, query).json["result"]


def envelope(content: str, attributes: str = "") -> bytes:
    """Return a SOAP 1.1 envelope with this content in its Body."""
    return (
        f'<e:Envelope xmlns:e="{SOAP_ENVELOPE}"{attributes}><e:Body>{content}</e:Body></e:Envelope>'
    ).encode()


def post_soap(
    server: Server,
    body: bytes | str,
    content_type: str = "text/xml; charset=utf-8",
    headers: dict[str, str] | None = None,
) -> Response:
    """POST to the SOAP endpoint; a string is put into an envelope."""
    raw = envelope(body) if isinstance(body, str) else body
    return request(
        server, "POST", "/core/soap.php", raw, {"Content-Type": content_type} | (headers or {})
    )
