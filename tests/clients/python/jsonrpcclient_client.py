"""The scenario by jsonrpcclient, parameters by name, over one kept-alive connection."""

import sys
from typing import Any

import requests
import steps
from jsonrpcclient import Error, parse, request

session = requests.Session()


def call(method: str, params: dict[str, Any]) -> Any:
    response = session.post(sys.argv[1], json=request(method, params=params or None), timeout=240)
    response.raise_for_status()
    answer = parse(response.json())
    if isinstance(answer, Error):
        raise steps.Fault(answer.code, answer.message)
    return answer.result


steps.run(call)
