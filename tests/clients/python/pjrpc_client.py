"""The scenario by pjrpc, parameters by name."""

import sys
from typing import Any

import steps
from pjrpc.client.backend.requests import Client
from pjrpc.client.exceptions import JsonRpcError

client = Client(sys.argv[1])


def call(method: str, params: dict[str, Any]) -> Any:
    try:
        return client.call(method, **params)
    except JsonRpcError as error:
        raise steps.Fault(error.code, error.message) from None


with client:
    steps.run(call)
