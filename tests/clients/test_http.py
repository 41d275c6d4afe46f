"""HTTP as client libraries for Python use it: kept connections and chunked bodies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

import requests

from clients.conftest import Scene
from support.processes import DEADLINE

VERSION = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "getVersion"})
NOTIFICATION = json.dumps({"jsonrpc": "2.0", "method": "getVersion"})


def test_one_connection_serves_everything(scene: Scene) -> None:
    """Responses with errors or without content keep the connection open and in sync."""
    connection = HTTPConnection(urlsplit(scene.server.url).netloc, timeout=DEADLINE)
    connection.connect()
    socket = connection.sock
    calls = [
        ("POST", "/core/json.php", VERSION, 200),
        ("GET", "/core/soap.php?wsdl", None, 200),
        ("HEAD", "/core/soap.php?wsdl", None, 200),
        ("POST", "/core/json.php", NOTIFICATION, 204),
        ("POST", "/core/soap.php", "<no/>", 500),
        ("OPTIONS", "/core/json.php", None, 204),
        ("POST", "/nothing/here", "some body", 404),
        ("PUT", "/core/json.php", "some body", 405),
        ("POST", "/core/json.php", VERSION, 200),
    ]
    for method, path, body, status in calls:
        connection.request(method, path, body)
        response = connection.getresponse()
        content = response.read()
        assert response.status == status, (method, path)
        assert connection.sock is socket, (method, path)
    assert json.loads(content)["id"] == 1
    connection.close()


def test_chunked_request(scene: Scene) -> None:
    def pieces() -> Iterator[bytes]:
        body = json.dumps({"id": 7, "method": "getVersion", "params": {"x": "é" * 200_000}})
        for place in range(0, len(body), 9_999):
            yield body[place : place + 9_999].encode()

    response = requests.post(scene.server.json, data=pieces(), timeout=DEADLINE)
    assert response.request.headers["Transfer-Encoding"] == "chunked"
    assert response.json()["id"] == 7
    assert response.json()["result"].endswith("-1394")
