"""The scenario by jsonrpc-requests, parameters by position."""

import sys
from typing import Any

import steps
from jsonrpc_requests import ProtocolError, Server

server = Server(sys.argv[1])


def call(method: str, params: dict[str, Any]) -> Any:
    try:
        return server.send_request(method, False, list(params.values()))
    except ProtocolError as error:
        if not error.server_data:
            raise
        refusal = error.server_data["error"]
        raise steps.Fault(refusal["code"], refusal["message"]) from None


steps.run(call)
