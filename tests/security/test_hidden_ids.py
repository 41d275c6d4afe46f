"""IDs that a caller may not know of: the response is that to a missing ID, byte for byte.

Each cell of :mod:`matrix` that hides an object is compared with the same call and a missing ID,
with every other field that can be wrong, in each dialect; and so are the statements sent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import product
from typing import Any
from xml.sax.saxutils import escape

import pytest
from accounts import key_of
from test_rights import (
    ENTRIES,
    LIMIT,
    METHODS,
    PROJECTS,
    RUNNING,
    WORK,
    call_on,
    change_of,
    make,
)
from werkzeug.test import Client

from kimai_remote.api.service import RemoteApi
from kimai_remote.app import create_app
from kimai_remote.storage import models as m
from support.remotes import BASE
from support.statements import statements
from support.world import World

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
RPC = (
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:ns2="http://xml.apache.org/xml-soap"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)
#: More than any ID in the test data.
MISSING = 987_654
CALLERS = ("alice", "ben", "gina", "root", "acme", "oscar")
#: Rights taken from the role of plain users.
ROLES: dict[str, tuple[str, ...]] = {
    "usual": (),
    "no access": ("ki_timesheet-access", "ki_expenses-access"),
    "no change": tuple(
        f"{subject}-ownEntry-{action}"
        for subject in ("ki_timesheets", "ki_expenses")
        for action in ("add", "edit", "delete")
    ),
}
#: Other fields that are wrong, by method.
WRONG: dict[str, tuple[dict[str, Any], ...]] = {
    "updateActiveRecording": (
        {"start": "no date"},
        {"end": "1"},
        {"projectID": MISSING},
        {"activityID": MISSING},
        {"comment": "x" * 70_000},
    ),
    "setTimesheetRecord": (
        {"start": "no date"},
        {"start": "2020-01-02", "end": "2020-01-01"},
        {"projectId": MISSING},
        {"taskId": MISSING},
        {"statusId": MISSING},
        {"location": "x" * 51},
        {"rate": -1},
        {"commentType": 9},
    ),
    "setExpenseRecord": (
        {"date": "no date"},
        {"projectId": MISSING},
        {"commentType": 9},
        {"comment": "x" * 70_000},
        {"value": 10**9},
    ),
}
#: What somebody else's record may be besides.
STATES: tuple[dict[str, Any], ...] = (
    {},
    {"end": 0},
    {"cleared": 1},
    {"age": LIMIT + 9},
    {"project": "trashed"},
)


def json_request(method: str, params: list[Any]) -> tuple[str, str]:
    call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return "/core/json.php", json.dumps(call)


def document_request(method: str, params: list[Any]) -> tuple[str, str]:
    types = parameter_types(method)
    content = "".join(
        document_element(name, of_type, value)
        for (name, of_type), value in zip(types.items(), params, strict=False)
    )
    body = f'<u:{method} xmlns:u="urn:kimai-remote">{content}</u:{method}>'
    return "/core/soap.php", f'<e:Envelope xmlns:e="{SOAP}"><e:Body>{body}</e:Body></e:Envelope>'


def document_element(name: str, of_type: Any, value: Any) -> str:
    if isinstance(value, dict):  # the schema has an order
        members = of_type.get_flat_type_info(of_type)
        value = "".join(
            document_element(member, members[member], value[member])
            for member in members
            if member in value
        )
        return f"<u:{name}>{value}</u:{name}>"
    return f"<u:{name}>{text_of(value)}</u:{name}>"


def rpc_request(method: str, params: list[Any]) -> tuple[str, str]:
    names = parameter_types(method)
    content = "".join(map(rpc_element, names, params))
    body = f'<m:{method} xmlns:m="{BASE}/core/soap.php">{content}</m:{method}>'
    envelope = f'<e:Envelope xmlns:e="{SOAP}"{RPC}><e:Body>{body}</e:Body></e:Envelope>'
    return "/core/soap.php", envelope


def rpc_element(name: str, value: Any) -> str:
    if isinstance(value, dict):
        items = "".join(
            f"<item>{rpc_element('key', key)}{rpc_element('value', each)}</item>"
            for key, each in value.items()
        )
        return f'<{name} xsi:type="ns2:Map">{items}</{name}>'
    of_type = {bool: "boolean", int: "int"}.get(type(value), "string")
    return f'<{name} xsi:type="xsd:{of_type}">{text_of(value)}</{name}>'


def text_of(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else escape(str(value))


def parameter_types(method: str) -> Any:
    message = RemoteApi.public_methods[method].in_message
    return message.get_flat_type_info(message)


DIALECTS: dict[str, Callable[[str, list[Any]], tuple[str, str]]] = {
    "json": json_request,
    "document": document_request,
    "rpc": rpc_request,
}


class Asker:
    """Sends a call in each dialect, and returns all that its client and the database see of it."""

    def __init__(self, world: World, who: str) -> None:
        self.world, self.key = world, key_of(world, who)
        self.client = Client(create_app(world.service))
        self.ask("getUsers")  # runs the queries that each process runs once

    def ask(self, method: str, *params: Any, dialects: Iterable[str] = DIALECTS) -> list[Any]:
        return [self._send(*DIALECTS[each](method, [self.key, *params])) for each in dialects]

    def ask_about(self, method: str, record_id: int) -> list[list[Any]]:
        """Ask for a record with right fields in each dialect, and with wrong ones in JSON."""
        record, *flag = change_of(method, record_id)
        wrong = ({**record, **each} for each in WRONG.get(method, ()))
        asked = [self.ask(method, each, *flag, dialects=["json"]) for each in wrong]
        return [self.ask(method, record, *flag), *asked]

    def _send(self, path: str, body: str) -> tuple[int, bytes, list[str]]:
        headers = {"Content-Type": "text/xml; charset=utf-8"}
        with statements(self.world) as sent:
            response = self.client.post(path, data=body, headers=headers, base_url=BASE)
        return response.status_code, response.get_data(), sent


def hides(row: Any) -> set[str]:
    """Return the columns of a row of entries whose objects the caller may not know of."""
    method, who, _ = row
    reading = "getExpenseRecord" if "Expense" in method else "getTimesheetRecord"
    cells = next(cells for name, reader, cells in ENTRIES if (name, reader) == (reading, who))
    return {column for column, expected in cells.items() if expected == "id"}


def cases(rows: list[Any], roles: Iterable[str] = ("usual",)) -> list[Any]:
    """Return a parameter set for each known caller; only plain users have other roles."""
    return [
        pytest.param(row, role, id=f"{row[0]}-{row[1]}-{role}")
        for row in rows
        if row[1] in CALLERS
        for role in roles
        if role == "usual" or row[1] in ("alice", "ben")
    ]


@pytest.mark.one_database
@pytest.mark.parametrize(("row", "role"), cases([*ENTRIES, *RUNNING], ROLES))
def test_records(full_world: World, change_role: Any, row: Any, role: str) -> None:
    world, (method, who, _) = full_world, row
    world.set_option("editLimit", LIMIT)
    if ROLES[role]:
        change_role(dict.fromkeys(ROLES[role], 0))
    model = m.Expense if "Expense" in method else m.TimeEntry
    asker = Asker(world, who)
    missing = asker.ask_about(method, MISSING)
    json_response, *_ = missing[0]
    assert all(other == [json_response] for other in missing[1:])  # whatever else is wrong
    for column, state in product(hides(row), STATES):
        if state.get("end") == 0 and model is m.Expense:
            continue
        record_id = make(world, who, model, column, **state)
        before = world.snapshot()
        assert asker.ask_about(method, record_id) == missing, (column, state)
        assert world.snapshot() == before


@pytest.mark.one_database
@pytest.mark.parametrize(("row", "role"), cases(PROJECTS))
def test_projects_and_tasks(full_world: World, row: Any, role: str) -> None:
    """Projects and tasks of others, trashed ones and missing ones."""
    world, (what, who, cells) = full_world, row
    asker = Asker(world, who)
    for column, expected in cells.items():
        if expected not in ("pid", "work"):
            continue
        project, task = (world.ids[name] for name in WORK[column])
        hidden = (project, task)
        missing = (project, MISSING) if column.endswith("task") else (MISSING, task)
        for wrong in ({}, {"start": "no date"}, {"statusId": MISSING}):
            assert ask_on(asker, who, what, hidden, wrong) == ask_on(
                asker, who, what, missing, wrong
            ), (column, wrong)


def ask_on(
    asker: Asker, who: str, what: str, pair: tuple[int, int], fields: dict[str, Any]
) -> list[Any]:
    """Call on a project and task, with further fields where the method takes any."""
    method, *params = call_on(asker.world, who, what, *pair)
    if method == "setTimesheetRecord":
        params[0] = {**params[0], **fields}
    return asker.ask(method, *params)


def test_every_method_with_an_id_is_compared() -> None:
    tables = (*ENTRIES, *RUNNING, *PROJECTS)
    compared = {METHODS.get(row[0], row[0]) for row in tables}
    with_id = {
        name
        for name in RemoteApi.public_methods
        if {"id", "entryId", "projectId", "record"} & set(parameter_types(name))
    }
    assert with_id <= compared
