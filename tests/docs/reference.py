"""The API reference, ``docs/api.md``: ``python tests/docs/reference.py`` writes it.

What it says of methods and records is what the service says; its examples are real calls in the
known world of the tests.
"""

from __future__ import annotations

import ast
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from spyne.model import primitive
from spyne.model.complex import Array, ComplexModelBase
from werkzeug.test import Client

import kimai_remote
from kimai_remote.api.fields import Moment
from kimai_remote.protocols import jsonrpc
from kimai_remote.protocols.discovery import Method, Parameter, documentation, methods
from kimai_remote.storage import schema
from kimai_remote.storage.transactions import Database
from kimai_remote.web.routes import wsgi_application
from support import world as worlds
from support.server import ROOT
from support.world import World

_SOURCE = Path(kimai_remote.__file__).parent
PAGE = ROOT / "docs" / "api.md"
COMMAND = "python tests/docs/reference.py"


def page() -> str:
    """The whole page."""
    described = list(methods())
    examples = _examples([method.name for method in described])
    parts = [_HEAD.format(command=COMMAND), "## Methods\n", _index(described)]
    parts += [_method(method, examples[method.name]) for method in described]
    parts += ["## Records\n", _RECORDS, *map(_record, _records(described))]
    parts += ["## Errors\n", _ERRORS, _codes(), _REFUSALS, _refusals()]
    return "\n".join(parts)


_HEAD = """\
# API reference

Every method and record, as the service describes itself; the examples are real calls. Written by
`{command}` and held to the service by a test. For what all methods have in common
(envelope, dates, values, batches, keys) and for the languages see
[For integrators](integrators.md).

Parameters can be given by position, in the order of the tables, or by name. Types: *integer* has 32
bits; *decimal* is exact; *date* is any form that [dates](integrators.md#dates) can have; *text* is
Unicode. JSON answers have every value from the database as a string; with `?types=native` they have
true numbers and booleans. The records of SOAP are in an element that is named after their type.
"""
_RECORDS = """\
Fields in the order in which they are sent. *null* means that the field is always there and may be
null, *may be missing* that some answers don't have it (of what is sent: that it can be left out).
"""
_ERRORS = """\
A call that was understood and is refused gets an ordinary answer, with `success` false and
`error.msg`; nothing was changed. What can't be understood is an error of the protocol: in JSON-RPC
an `error` with one of these codes, in SOAP a fault whose `faultcode` is `Client` (the request is
wrong), `Server` (it isn't), `VersionMismatch` or `MustUnderstand`.
"""
_REFUSALS = """\
The texts of `error.msg`, an ellipsis standing for a value or name:
"""


# Methods -----------------------------------------------------------------------------------------


def _index(described: list[Method]) -> str:
    rows = [f"| [`{one.name}`](#{one.name.lower()}) | {one.doc} |" for one in described]
    return "\n".join(["| method | |", "|---|---|", *rows, ""])


def _method(method: Method, example: tuple[str, str]) -> str:
    lines = [f"### {method.name}", "", method.doc, ""]
    if method.parameters:
        lines += ["| parameter | type | default | |", "|---|---|---|---|"]
        lines += [_parameter(parameter) for parameter in method.parameters]
    else:
        lines.append("It has no parameters.")
    lines += ["", f"Answer: {_answer(method.result)}", ""]
    request, answer = example
    lines += ["```json", request, "```", "", "```json", answer, "```", ""]
    return "\n".join(lines)


def _parameter(parameter: Parameter) -> str:
    default = "required"
    if parameter.is_optional:
        default = "null" if parameter.default is None else f"`{json.dumps(parameter.default)}`"
    kind, doc = parameter.kind, documentation(parameter.kind)
    return f"| `{parameter.name}` | {_type(kind)} | {default} | {doc} |"


def _answer(result: Any) -> str:
    if not issubclass(result, ComplexModelBase):
        return f"a plain {_type(result)}, without an envelope."
    (item,) = result.get_flat_type_info(result)["items"]._type_info.values()
    return f"the envelope with a list of {_type(item)}."


def _type(kind: Any) -> str:
    if issubclass(kind, Array):
        (item,) = kind._type_info.values()
        return f"list of {_type(item)}"
    if issubclass(kind, ComplexModelBase):
        name = kind.get_type_name()
        return f"[{name}](#{name.lower()})"
    names = {
        Moment: "date",
        primitive.Boolean: "boolean",
        primitive.Integer: "integer",
        primitive.Decimal: "decimal",
    }
    return next((name for base, name in names.items() if issubclass(kind, base)), "text")


# Records -----------------------------------------------------------------------------------------


def _records(described: list[Method]) -> list[Any]:
    """Each record that a parameter or an answer has, by name."""
    found: dict[str, Any] = {}

    def add(kind: Any) -> None:
        if issubclass(kind, Array):
            add(next(iter(kind._type_info.values())))
        elif issubclass(kind, ComplexModelBase) and kind.get_type_name() not in found:
            found[kind.get_type_name()] = kind
            for member in kind.get_flat_type_info(kind).values():
                add(member)

    for method in described:
        for parameter in method.parameters:
            add(parameter.kind)
        if issubclass(method.result, ComplexModelBase):  # its own type is the envelope
            for member in method.result.get_flat_type_info(method.result).values():
                add(member)
    return [found[name] for name in sorted(found)]


def _record(kind: Any) -> str:
    rows = []
    for name, member in kind.get_flat_type_info(kind).items():
        presence = "may be missing" if not member.Attributes.min_occurs else ""
        if not presence and member.Attributes.nillable:
            presence = "null"
        rows.append(f"| `{name}` | {_type(member)} | {presence} | {documentation(member)} |")
    head = [f"### {kind.get_type_name()}", "", documentation(kind), ""]
    return "\n".join([*head, "| field | type | | |", "|---|---|---|---|", *rows, ""])


# Errors ------------------------------------------------------------------------------------------


def _codes() -> str:
    codes = {
        name: number
        for name, number in vars(jsonrpc).items()
        if name.isupper() and isinstance(number, int) and number < 0
    }
    rows = [f"| {codes[name]} | {name.replace('_', ' ').lower()} |" for name in codes]
    return "\n".join(["| code | meaning |", "|---|---|", *rows, ""])


def _refusals() -> str:
    """What the code refuses calls with, read from its source."""
    texts: set[str] = set()
    for path in _behind(_SOURCE / "api" / "service.py"):
        texts.update(_texts(ast.parse(path.read_text(encoding="utf-8"))))
    return "\n".join([*(f"* `{text}`" for text in sorted(texts)), ""])


def _behind(start: Path) -> list[Path]:
    """A module of ours and all that it imports, itself or by others."""
    found, ahead = set[Path](), [start]
    while ahead:
        path = ahead.pop()
        if path in found or not path.exists():
            continue
        found.add(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                folder = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
                ahead.append(folder.with_suffix(".py"))
                ahead += [folder / f"{alias.name}.py" for alias in node.names]
    return sorted(found)


def _texts(tree: ast.Module) -> Iterator[str]:
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            if ast.unparse(node.func) in ("Refused", "Envelope.failure"):
                yield from _text(node.args[0], constants)
        elif isinstance(node, ast.ClassDef) and "Refused" in map(ast.unparse, node.bases):
            for call in ast.walk(node):
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "super().__init__":
                    yield from _text(call.args[0], constants)


def _text(node: ast.expr, constants: dict[str, Any]) -> Iterator[str]:
    if isinstance(node, ast.JoinedStr):
        yield "".join(
            str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values
        )
    elif isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.Name) and node.id in constants:
        yield str(constants[node.id])


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
    """By method, a request and its answer; each on a few lines.

    :raises LookupError: a method has no example.
    """
    missing = set(names) - set(_CALLS)
    if missing:
        raise LookupError(f"{', '.join(missing)}: put an example into {Path(__file__).name}")
    found: dict[str, tuple[str, str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/world.sqlite3")
        schema.create(database)
        world = worlds.build(database)
        client, seen = Client(wsgi_application(world.service)), dict[str, int]()
        for name, make in _CALLS.items():
            given = make(world, seen)
            if name not in ("authenticate", "getVersion"):
                given = {"apiKey": world.key("alice"), **given}
            request = {"jsonrpc": "2.0", "id": 1, "method": name, "params": given}
            answer = json.loads(client.post("/core/json.php", json=request).get_data())
            result = answer["result"]
            if isinstance(result, dict):
                if not result["success"]:
                    raise LookupError(f"the example for {name} is refused: {result}")
                first = next(iter(result["items"]), {})
                seen[name] = int(first.get("timeEntryID") or first.get("id") or 0)
            found[name] = (_compact(request), _shown(answer))
            world.now += 1800
        database.close()
    return found


def _shown(answer: dict[str, Any]) -> str:
    """An answer with each of its records on a line."""
    result = answer["result"]
    records = result["items"] if isinstance(result, dict) else []
    if not records:
        return _compact(answer)
    whole = _compact({**answer, "result": {**result, "items": []}})
    lines = ",\n".join(f"  {_compact(record)}" for record in records)
    return whole.replace('"items": []', f'"items": [\n{lines}\n]', 1)


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE)
