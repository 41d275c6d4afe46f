"""The scenario by jsonrpclib-pelix, parameters by position."""

import sys
from typing import Any

import jsonrpclib
import steps
from jsonrpclib.jsonrpc import ProtocolError

server = jsonrpclib.ServerProxy(sys.argv[1])


def call(method: str, params: dict[str, Any]) -> Any:
    try:
        return getattr(server, method)(*params.values())
    except ProtocolError as error:
        code, message = error.args[0][:2]
        raise steps.Fault(code, message) from None


steps.run(call)
