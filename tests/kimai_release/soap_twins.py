"""The recorded JSON-RPC calls over SOAP.

Kimai served both protocols by one class, so it gave the same result over SOAP with the same types:
a string is xsd:string, a number xsd:int or xsd:float, null is nil.
"""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from kimai_remote.api.service import RemoteApi

from . import replay

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
ENVELOPE = (
    f'<?xml version="1.0" encoding="UTF-8"?>\n<SOAP-ENV:Envelope xmlns:SOAP-ENV="{SOAP}"'
    f' xmlns:ns1="{replay.HOST}/core/soap.php" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xmlns:SOAP-ENC="http://schemas.xmlsoap.org/soap/encoding/"'
    ' xmlns:ns2="http://xml.apache.org/xml-soap"'
    ' SOAP-ENV:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><SOAP-ENV:Body>'
    "<ns1:{method}>{parameters}</ns1:{method}></SOAP-ENV:Body></SOAP-ENV:Envelope>"
)
#: Names of the parameters by method, in order.
PARAMETERS = {
    name: list(method.in_message.get_flat_type_info(method.in_message))
    for name, method in RemoteApi.public_methods.items()
}
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


def twin_of(record: dict[str, Any]) -> dict[str, Any] | None:
    """Return a recorded call as one over SOAP; None if it can't be made there."""
    try:
        request, answer = json.loads(record["request"]), json.loads(record["answer"])
        names, params = PARAMETERS[request["method"]], request.get("params", [])
        if isinstance(params, list):
            params = dict(zip(names, params, strict=False))
        if set(params) - set(names) or "result" not in answer:
            return None
    except (ValueError, KeyError, TypeError):
        return None
    parameters = "".join(_element(name, value) for name, value in params.items())
    return record | {
        "path": "/core/soap.php",
        "headers": {"Content-Type": "text/xml; charset=utf-8"},
        "request": ENVELOPE.format(method=request["method"], parameters=parameters),
    }


def _element(name: str, value: Any) -> str:
    if value is None:
        return f'<{name} xsi:nil="true"/>'
    if isinstance(value, dict):
        items = "".join(
            f"<item>{_element('key', key)}{_element('value', item)}</item>"
            for key, item in value.items()
        )
        return f'<{name} xsi:type="ns2:Map">{items}</{name}>'
    if isinstance(value, list):
        items = "".join(_element("item", item) for item in value)
        count = f'SOAP-ENC:arrayType="xsd:ur-type[{len(value)}]"'
        return f'<{name} {count} xsi:type="SOAP-ENC:Array">{items}</{name}>'
    kind = {bool: "boolean", int: "int", float: "float", str: "string"}[type(value)]
    text = json.dumps(value) if kind == "boolean" else escape(str(value), {"\r": "&#13;"})
    text = re.sub(r"&lt;((?:key|password):\w+)&gt;", r"<\1>", text)  # filled in when it is sent
    return f'<{name} xsi:type="xsd:{kind}">{text}</{name}>'


def as_json(record: dict[str, Any], response: dict[str, Any]) -> dict[str, Any]:
    """Return the response to the twin of a recorded call in the form of one over JSON-RPC.

    What is no envelope stays as it is.
    """
    placeholders = re.sub(r"<((?:key|password):[^<>]*)>", r"&lt;\1&gt;", response["answer"])
    try:
        body = ElementTree.fromstring(placeholders).find(f"{{{SOAP}}}Body")
    except ElementTree.ParseError:
        body = None
    if body is None:
        return response
    answer = json.loads(record["answer"])
    if (value := body.find("*/return")) is not None:
        answer["result"] = _value(value)
    elif body.findtext("*/faultcode", "").endswith("Client"):
        del answer["result"]
        answer = {"error": {"code": -32602, "message": body.findtext("*/faultstring")}} | answer
    return response | {
        "status": 200 if "error" in answer else response["status"],
        "type": record["type"],
        "origin": record["origin"],
        "answer": json.dumps(answer, ensure_ascii=False, separators=(",", ":")),
    }


def _value(element: ElementTree.Element) -> Any:
    if element.get(_NIL) == "true":
        return None
    kind = (element.get(_TYPE) or "").rpartition(":")[2]
    if kind == "Map":
        return {_text(pair[0]): _value(pair[1]) for pair in element}
    if kind == "Array":
        return [_value(item) for item in element]
    text = _text(element)
    return {"int": int, "float": float, "boolean": "true".__eq__}.get(kind, str)(text)


def _text(element: ElementTree.Element) -> str:
    return element.text or ""
