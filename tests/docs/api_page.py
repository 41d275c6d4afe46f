"""The API reference, ``docs/reference/api.md``.

What it says of methods and records is what the service says; its examples are real calls in the
known world of the tests.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spyne.model import primitive
from spyne.model.complex import Array, ComplexModelBase
from werkzeug.test import Client

from kimai_remote.api.fields import DateText
from kimai_remote.app import create_app
from kimai_remote.protocols.discovery import Method, Parameter, documentation, methods
from kimai_remote.storage import schema
from kimai_remote.storage.transactions import Database
from support import world as worlds
from support.server import ROOT
from support.world import World

PAGE = ROOT / "docs" / "reference" / "api.md"


def page() -> str:
    """The whole page."""
    described = list(methods())
    examples = _examples([method.name for method in described])
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

#: The parameters after the key, in the order in which the calls are made.
Calls = dict[str, Callable[[World, dict[str, int]], dict[str, Any]]]
_CALLS: Calls = {
    "authenticate": lambda w, _: {"username": "alice", "password": worlds.PASSWORD},
    "getVersion": lambda w, _: {},
    "getUsers": lambda w, _: {},
    "getCustomers": lambda w, _: {},
    "getProjects": lambda w, _: {"includeTasks": True},
    "getTasks": lambda w, _: {"projectId": w.shop},
    "startRecord": lambda w, _: {"projectId": w.shop, "activityId": w.coding},
    "getActiveRecording": lambda w, _: {},
    "updateActiveRecording": lambda w, _: {"record": {"description": "The basket forgets"}},
    "stopRecord": lambda w, seen: {"entryId": seen["startRecord"]},
    "setTimesheetRecord": lambda w, _: {
        "record": {
            "projectId": w.shop,
            "taskId": w.design,
            "start": "2026-03-02 07:00",
            "end": "2026-03-02 08:30",
        },
    },
    "getTimesheet": lambda w, _: {"from": "2026-03-02", "to": "2026-03-03"},
    "getTimesheetRecord": lambda w, seen: {"id": seen["setTimesheetRecord"]},
    "removeTimesheetRecord": lambda w, seen: {"id": seen["setTimesheetRecord"]},
    "setExpenseRecord": lambda w, _: {
        "record": {
            "projectId": w.shop,
            "date": "2026-03-02",
            "designation": "Train",
            "value": "48.50",
            "refundable": True,
        },
    },
    "getExpenses": lambda w, _: {"limit": 1},
    "getExpenseRecord": lambda w, seen: {"id": seen["setExpenseRecord"]},
    "removeExpenseRecord": lambda w, seen: {"id": seen["setExpenseRecord"]},
}


def _examples(names: list[str]) -> dict[str, tuple[str, str]]:
    """Return a request and its response by method.

    :raises LookupError: a method has no example.
    """
    missing = set(names) - set(_CALLS)
    if missing:
        raise LookupError(f"{', '.join(missing)}: put an example into {Path(__file__).name}")
    examples: dict[str, tuple[str, str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/world.sqlite3")
        schema.create(database)
        world = worlds.build(database)
        client, seen = Client(create_app(world.service)), dict[str, int]()
        for name, make in _CALLS.items():
            parameters = make(world, seen)
            if name not in ("authenticate", "getVersion"):
                parameters = {"apiKey": world.key("alice"), **parameters}
            request = {"jsonrpc": "2.0", "id": 1, "method": name, "params": parameters}
            response = json.loads(client.post("/core/json.php", json=request).get_data())
            result = response["result"]
            if isinstance(result, dict):
                if not result["success"]:
                    raise LookupError(f"the example for {name} is refused: {result}")
                first = next(iter(result["items"]), {})
                seen[name] = int(first.get("timeEntryID") or first.get("id") or 0)
            examples[name] = (_compact(request), _shown(response))
            world.now += 1800
        database.close()
    return examples


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
