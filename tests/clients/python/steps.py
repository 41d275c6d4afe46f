"""Runs the steps from standard input through a call function and prints the report."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from decimal import Decimal
from typing import Any


class Fault(Exception):
    """The protocol refused the call."""

    def __init__(self, code: object, message: object) -> None:
        super().__init__(code, message)


def run(call: Callable[[str, dict[str, Any]], Any]) -> None:
    """Run all steps.

    :param call: takes a method's name and its parameters by name, in the API's order.
    :raises Fault: from ``call``, for a SOAP fault or JSON-RPC error.
    """
    report: dict[str, Any] = {}
    for step in json.load(sys.stdin):
        try:
            answer = call(step["method"], _filled(step["params"], report))
        except Fault as fault:
            code, message = fault.args
            answer = {"fault": {"code": code, "message": message}}
        report[step["name"]] = answer
    # What no database has is a number of its own in JSON; SOAP's decimals are exact.
    print(json.dumps(report, default=_exact))


def _filled(value: Any, report: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(inner, report) for name, inner in value.items()}
    if isinstance(value, str) and value.startswith("$"):
        step, field = value[1:].split(".")
        # Null where that step went wrong: the report shows it, and what followed from it.
        answer = report[step]
        return answer["items"][0][field] if answer.get("items") else None
    return value


def _exact(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"a client returned {type(value)}")
