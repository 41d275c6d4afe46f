"""Calling the API in process over either protocol, with the same result from both.

A call runs through the whole WSGI application; only the socket is missing.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import zeep
import zeep.helpers
from werkzeug.test import Client
from zeep.transports import Transport

from kimai_remote.app import create_app

from .world import World

BASE = "http://kimai.test"


class ProtocolError(Exception):
    """The call was refused by the protocol: a JSON-RPC error or a SOAP fault."""


class JsonRemote:
    """The API over JSON-RPC, with native types."""

    name = "json"

    def __init__(self, world: World) -> None:
        self.client = Client(create_app(world.service))

    def call(self, method: str, *params: Any) -> Any:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        body = json.dumps(request, default=str)
        response = self.client.post("/core/json.php?types=native", data=body, base_url=BASE)
        assert response.status_code == 200
        reply = json.loads(response.get_data(), parse_float=Decimal)
        if "error" in reply:
            raise ProtocolError(reply["error"]["message"])
        return reply["result"]


class SoapRemote:
    """The API over SOAP document/literal, by zeep."""

    name = "soap"

    def __init__(self, world: World) -> None:
        self.client = Client(create_app(world.service))
        self._zeep = _zeep(self.client)

    def call(self, method: str, *params: Any) -> Any:
        self._zeep.transport.client = self.client
        try:
            result = getattr(self._zeep.service, method)(*params)
        except zeep.exceptions.Fault as fault:
            raise ProtocolError(fault.message) from None
        except zeep.exceptions.ValidationError as error:
            raise ProtocolError(str(error)) from None
        if isinstance(result, str):
            return result
        return _envelope(zeep.helpers.serialize_object(result, dict))


class _InProcess(Transport):
    """A transport of zeep that sends requests to a test client."""

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


#: Shared by all tests, because parsing the WSDL takes zeep longer than most of them.
_shared_zeep: Any = None


def _zeep(client: Client) -> Any:
    """Return a zeep client whose requests go to this test client."""
    global _shared_zeep
    if _shared_zeep is None:
        transport = _InProcess()  # type: ignore[no-untyped-call]
        transport.client = client
        _shared_zeep = zeep.Client(f"{BASE}/core/soap.php?wsdl&style=document", transport=transport)
    return _shared_zeep


def _envelope(result: dict[str, Any]) -> dict[str, Any]:
    """Return zeep's result in the shape of a result in JSON."""
    if not result["success"]:
        return {"success": False, "error": result["error"]}
    return {"success": True, "items": _items(result["items"]), "total": result["total"]}


def _items(items: Any) -> list[Any]:
    records = next(iter(items.values())) if items else []
    for record in records or []:
        if "tasks" in record:
            if record["tasks"] is None:
                del record["tasks"]
            else:
                record["tasks"] = _items(record["tasks"])
    return records or []


Remote = JsonRemote | SoapRemote
REMOTES: dict[str, type[Remote]] = {"json": JsonRemote, "soap": SoapRemote}
