"""The API reference, ``docs/reference/api.md``.

What it says of methods and records is what the service says; its examples are real calls in the
known world of the tests.
"""

from __future__ import annotations

import json
from typing import Any

from spyne.model import primitive
from spyne.model.complex import Array, ComplexModelBase

from docs import example_calls
from kimai_remote.api.fields import DateText
from kimai_remote.protocols.discovery import Method, Parameter, documentation, methods
from support.server import ROOT

PAGE = ROOT / "docs" / "reference" / "api.md"


def page() -> str:
    """The whole page."""
    described = list(methods())
    examples = _examples()
    parts = [_HEAD, "## Methods\n", _index(described)]
    parts += [_method(method, examples[method.name]) for method in described]
    parts += ["## Records\n", _RECORDS, *map(_record, _records(described))]
    return "\n".join(parts)


_HEAD = """\
# API methods and records

<!-- Written by "just docs". -->

Methods, parameters and records on this page come from the code, and the examples are recorded
calls. [Protocols](protocols.md) describes what all methods have in common: keys, the envelope,
values, dates, batches and pages. [Errors](errors.md) lists every message.

Pass parameters by position, in the order of the tables, or by name.

| type | meaning |
|---|---|
| integer | 32 bits |
| decimal | exact, such as `85.50` |
| date | one of [these forms](protocols.md#dates) |
| text | Unicode |

By default, JSON responses have database values as strings. With `?types=native`, they have JSON
numbers and booleans. In SOAP, an element named after the type of the record contains each record.
"""
_RECORDS = """\
Fields are listed in the order in which they are sent. *null*: the field is always present and can
be null. *optional*: some responses don't have the field; in a request, you can leave it out.
"""

# Methods -----------------------------------------------------------------------------------------


def _index(described: list[Method]) -> str:
    rows = [f"| [`{one.name}`](#{one.name.lower()}) | {one.doc} |" for one in described]
    return "\n".join(["| method | purpose |", "|---|---|", *rows, ""])


def _method(method: Method, example: tuple[str, str]) -> str:
    lines = [f"### {method.name}", "", method.doc, ""]
    if method.parameters:
        lines += ["| parameter | type | default | meaning |", "|---|---|---|---|"]
        lines += [_parameter(parameter) for parameter in method.parameters]
    else:
        lines.append("No parameters.")
    lines += ["", f"Response: {_result(method.result)}.", ""]
    request, response = example
    lines += ["```json", request, "```", "", "```json", response, "```", ""]
    return "\n".join(lines)


def _parameter(parameter: Parameter) -> str:
    default = "required"
    if parameter.is_optional:
        default = "null" if parameter.default is None else f"`{json.dumps(parameter.default)}`"
    doc = documentation(parameter.spyne_type)
    return f"| `{parameter.name}` | {_type(parameter.spyne_type)} | {default} | {doc} |"


def _result(result: Any) -> str:
    if not issubclass(result, ComplexModelBase):
        return f"a plain {_type(result)}, without an envelope"
    (item,) = result.get_flat_type_info(result)["items"]._type_info.values()
    return f"[envelope](protocols.md#envelope) with a list of {_type(item)}"


def _type(spyne_type: Any) -> str:
    if issubclass(spyne_type, Array):
        (item,) = spyne_type._type_info.values()
        return f"list of {_type(item)}"
    if issubclass(spyne_type, ComplexModelBase):
        name = spyne_type.get_type_name()
        return f"[{name}](#{name.lower()})"
    names = {
        DateText: "date",
        primitive.Boolean: "boolean",
        primitive.Integer: "integer",
        primitive.Decimal: "decimal",
    }
    return next((name for base, name in names.items() if issubclass(spyne_type, base)), "text")


# Records -----------------------------------------------------------------------------------------


def _records(described: list[Method]) -> list[Any]:
    """Return each record of a parameter or response, by name."""
    records: dict[str, Any] = {}

    def add(spyne_type: Any) -> None:
        if issubclass(spyne_type, Array):
            add(next(iter(spyne_type._type_info.values())))
        elif issubclass(spyne_type, ComplexModelBase) and spyne_type.get_type_name() not in records:
            records[spyne_type.get_type_name()] = spyne_type
            for member in spyne_type.get_flat_type_info(spyne_type).values():
                add(member)

    for method in described:
        for parameter in method.parameters:
            add(parameter.spyne_type)
        if issubclass(method.result, ComplexModelBase):  # its own type is the envelope
            for member in method.result.get_flat_type_info(method.result).values():
                add(member)
    return [records[name] for name in sorted(records)]


def _record(spyne_type: Any) -> str:
    rows = []
    for name, member in spyne_type.get_flat_type_info(spyne_type).items():
        presence = "optional" if not member.Attributes.min_occurs else ""
        if not presence and member.Attributes.nillable:
            presence = "null"
        rows.append(f"| `{name}` | {_type(member)} | {presence} | {documentation(member)} |")
    head = [f"### {spyne_type.get_type_name()}", "", documentation(spyne_type), ""]
    return "\n".join(
        [*head, "| field | type | presence | meaning |", "|---|---|---|---|", *rows, ""]
    )


# Examples ----------------------------------------------------------------------------------------


def _examples() -> dict[str, tuple[str, str]]:
    """Return a request and its response by method.

    :raises LookupError: a method has no example.
    """
    return {
        method: (_compact(recording.request), _shown(recording.response))
        for method, recording in example_calls.record().items()
    }


def _shown(response: dict[str, Any]) -> str:
    """Return a response with each record on a line."""
    result = response["result"]
    records = result["items"] if isinstance(result, dict) else []
    if not records:
        return _compact(response)
    whole = _compact({**response, "result": {**result, "items": []}})
    lines = ",\n".join(f"  {_compact(record)}" for record in records)
    return whole.replace('"items": []', f'"items": [\n{lines}\n]', 1)


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
