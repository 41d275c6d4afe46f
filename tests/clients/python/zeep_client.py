"""The scenario by zeep, from the live WSDL."""

import sys
from typing import Any

import steps
import zeep

client = zeep.Client(sys.argv[1])


def call(method: str, params: dict[str, Any]) -> Any:
    try:
        answer = client.service[method](**params)
    except zeep.exceptions.Fault as fault:
        raise steps.Fault(fault.code, fault.message) from None
    answer = zeep.helpers.serialize_object(answer, dict)
    return answer if isinstance(answer, str) else answer | {"items": records(answer["items"])}


def records(items: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Zeep gives the list inside the element that wraps it."""
    (found,) = (items or {"none": []}).values()
    return [
        record | {"tasks": records(record["tasks"])} if record.get("tasks") else record
        for record in found or []
    ]


steps.run(call)
