"""Calling the API in process over either protocol, with the same answers from both.

Through the whole WSGI application: only the socket is missing.
"""

from __future__ import annotations

import json
from decimal import Decimal
from functools import lru_cache
from typing import Any

import zeep
from werkzeug.test import Client
from zeep.transports import Transport

from kimai_remote.web.routes import wsgi_application

from .world import World

BASE = "http://kimai.test"


class ProtocolError(Exception):
    """The call was refused by the protocol: a JSON-RPC error or a SOAP fault."""


class JsonRemote:
    """The API over JSON-RPC, with true types."""

    name = "json"

    def __init__(self, world: World) -> None:
        self.client = Client(wsgi_application(world.service))

    def call(self, method: str, *params: Any) -> Any:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        body = json.dumps(request, default=str)
        response = self.client.post("/core/json.php?types=native", data=body, base_url=BASE)
        assert response.status_code == 200
        answer = json.loads(response.get_data(), parse_float=Decimal)
        if "error" in answer:
            raise ProtocolError(answer["error"]["message"])
        return answer["result"]


class SoapRemote:
    """The API over SOAP document/literal, by zeep."""

    name = "soap"

    def __init__(self, world: World) -> None:
        self.client = Client(wsgi_application(world.service))
        self._zeep = _zeep(self.client)

    def call(self, method: str, *params: Any) -> Any:
        self._zeep.transport.client = self.client
        try:
            answer = getattr(self._zeep.service, method)(*params)
        except zeep.exceptions.Fault as fault:
            raise ProtocolError(fault.message) from None
        except zeep.exceptions.ValidationError as error:
            raise ProtocolError(str(error)) from None
        if isinstance(answer, str):
            return answer
        return _envelope(zeep.helpers.serialize_object(answer, dict))


class _InProcess(Transport):
    """Zeep's transport over a test client."""

    client: Client

    def load(self, url: str) -> bytes:
        return self.client.get(url, base_url=BASE).get_data()

    def post(self, address: str, message: Any, headers: Any) -> Any:
        response = self.client.post(address, data=message, headers=dict(headers), base_url=BASE)
        return _Response(response)


class _Response:
    def __init__(self, response: Any) -> None:
        self.status_code = response.status_code
        self.content = response.get_data()
        self.headers = response.headers
        self.encoding = "utf-8"


@lru_cache(maxsize=1)
def _parsed() -> Any:
    transport = _InProcess()
    return transport, {}


def _zeep(client: Client) -> zeep.Client:
    transport, cache = _parsed()
    transport.client = client
    if "client" not in cache:
        # Reading the contract takes zeep longer than most tests; it is the same for all of them.
        cache["client"] = zeep.Client(f"{BASE}/core/soap.php?wsdl", transport=transport)
    return cache["client"]


def _envelope(answer: dict[str, Any]) -> dict[str, Any]:
    """Zeep's answer in the shape of JSON's."""
    if not answer["success"]:
        return {"success": False, "error": answer["error"]}
    return {"success": True, "items": _items(answer["items"]), "total": answer["total"]}


def _items(items: Any) -> list[Any]:
    records = next(iter(items.values())) if items else []
    for record in records or []:
        if "tasks" in record:
            if record["tasks"] is None:
                del record["tasks"]
            else:
                record["tasks"] = _items(record["tasks"])
    return records or []


REMOTES = {"json": JsonRemote, "soap": SoapRemote}
