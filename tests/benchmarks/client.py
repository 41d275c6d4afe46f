"""Calls of the API as bytes on a socket, in each protocol."""

from __future__ import annotations

import http.client
import json
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

#: The protocols: JSON-RPC, SOAP document/literal, and SOAP rpc/encoded as PHP's clients send it.
PROTOCOLS = ("JSON", "SOAP doc", "SOAP rpc")
_DOCUMENT = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope'
    ' xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    '<t:{method} xmlns:t="urn:kimai-remote">{parameters}</t:{method}>'
    "</soap:Body></soap:Envelope>"
)
_RPC = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:ns1="http://time.example.org/core/soap.php"'
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xmlns:SOAP-ENC="http://schemas.xmlsoap.org/soap/encoding/"'
    ' xmlns:ns2="http://xml.apache.org/xml-soap"'
    ' SOAP-ENV:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><SOAP-ENV:Body>'
    "<ns1:{method}>{parameters}</ns1:{method}></SOAP-ENV:Body></SOAP-ENV:Envelope>"
)
_SUCCESS = re.compile(rb'success(?:"\s*:\s*|>|</key><value[^>]*>)true')
_ID = re.compile(rb'\bid(?:"\s*:\s*"?|>|</key><value[^>]*>)(\d+)')

#: Stands for the ID in the response before.
LAST_ID = "the ID in the response before"


@dataclass(frozen=True)
class Call:
    """One call, without the API key.

    :param parameters: by name, in the order of the signature.
    """

    method: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    needs_key: bool = True


class Client:
    """A keep-alive connection to a server on this machine."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connect()

    def _connect(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self._port), 600)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def reconnect(self) -> None:
        """Open a new connection, since servers close those that are idle for a while."""
        self.close()
        self._connect()

    def close(self) -> None:
        self._socket.close()

    def send(self, request: bytes) -> bytes:
        """Send a request and return the body of its response.

        :raises AssertionError: it isn't a success.
        """
        self._socket.sendall(request)
        response = http.client.HTTPResponse(self._socket, method="POST")
        response.begin()
        body = response.read()
        assert response.status == 200, (response.status, body[:1000])
        return body


class Scenario:
    """Calls to send one after the other, as bytes as far as possible.

    :param key: the API key.
    """

    def __init__(self, protocol: str, key: str, calls: Sequence[Call]) -> None:
        self._calls = [
            call if LAST_ID in call.parameters.values() else encode(protocol, key, call)
            for call in calls
        ]
        self._protocol, self._key = protocol, key

    def __len__(self) -> int:
        return len(self._calls)

    def run(self, client: Client) -> bytes:
        """Return the last response."""
        body = b""
        for call in self._calls:
            if isinstance(call, Call):
                number = int(_ID.search(body)[1])  # type: ignore[index]
                given = {
                    name: number if value == LAST_ID else value
                    for name, value in call.parameters.items()
                }
                call = encode(self._protocol, self._key, Call(call.method, given))
            body = client.send(call)
        return body

    def check(self, client: Client) -> bytes:
        """Run the calls once.

        :returns: the last response.
        :raises AssertionError: it isn't a success.
        """
        body = self.run(client)
        is_plain = isinstance(self._calls[-1], bytes) and b"getVersion" in self._calls[-1]
        assert is_plain or _SUCCESS.search(body), body[:1000]
        return body


def encode(protocol: str, key: str, call: Call) -> bytes:
    """Return a whole HTTP request."""
    parameters = ({"apiKey": key} if call.needs_key else {}) | dict(call.parameters)
    if protocol == "JSON":
        request = {"jsonrpc": "2.0", "method": call.method, "params": list(parameters.values())}
        return _post("/core/json.php", "application/json", json.dumps(request | {"id": 1}))
    if protocol == "Spyne JSON":
        return _post("/", "application/json", json.dumps({call.method: parameters}))
    template, element = (_RPC, _encoded) if protocol == "SOAP rpc" else (_DOCUMENT, _literal)
    inner = "".join(element(name, value) for name, value in parameters.items())
    body = template.format(method=call.method, parameters=inner)
    return _post("/core/soap.php", "text/xml; charset=utf-8", body)


def _post(path: str, content_type: str, text: str) -> bytes:
    body = text.encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _literal(name: str, value: Any) -> str:
    if isinstance(value, dict):
        text = "".join(_literal(key, item) for key, item in value.items())
    else:
        text = json.dumps(value) if isinstance(value, bool) else escape(str(value))
    return f"<t:{name}>{text}</t:{name}>"


def _encoded(name: str, value: Any) -> str:
    if isinstance(value, dict):
        items = "".join(
            f"<item>{_encoded('key', key)}{_encoded('value', item)}</item>"
            for key, item in value.items()
        )
        return f'<{name} xsi:type="ns2:Map">{items}</{name}>'
    text = json.dumps(value) if isinstance(value, bool) else escape(str(value))
    type_name = {bool: "boolean", int: "int", str: "string"}[type(value)]
    return f'<{name} xsi:type="xsd:{type_name}">{text}</{name}>'
