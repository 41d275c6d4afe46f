"""IDs that a caller may not know of: the response is that to a missing ID, byte for byte.

Each cell of :mod:`matrix` that hides an object is compared with the same call and a missing ID,
in each dialect, with every other field that can be wrong, and in every state of the object; and so
are the statements sent. Locks of other calls tell nothing either.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import product
from typing import Any
from xml.sax.saxutils import escape

import pytest
from accounts import key_of
from sqlalchemy import event, select
from sqlalchemy.exc import DBAPIError
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
    refusal,
)
from werkzeug.test import Client

from kimai_remote.api.service import RemoteApi
from kimai_remote.app import create_app
from kimai_remote.config import Settings
from kimai_remote.storage import models as m
from kimai_remote.storage.transactions import Database
from support.processes import DEADLINE
from support.remotes import BASE, JsonRemote
from support.statements import statements
from support.world import World

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
RPC = (
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:ns2="http://xml.apache.org/xml-soap"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)
#: More than any ID in the test data.
MISSING = 987_654
CALLERS = ("alice", "ben", "gina", "root", "acme", "oscar", "vera")
#: Groups decide on projects, whatever a member's role.
OF_PROJECTS = [row for row in PROJECTS if row[1] in ("alice", "root", "acme", "oscar")]
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

    def __init__(self, client: Client, world: World, who: str) -> None:
        self.client, self.world, self.key = client, world, key_of(world, who)
        self.ask("getUsers")  # runs the queries that each process runs once

    def ask(self, method: str, *params: Any, dialects: Iterable[str] = DIALECTS) -> list[Any]:
        return [self._send(*DIALECTS[each](method, [self.key, *params])) for each in dialects]

    def ask_about(
        self, method: str, record_id: int, dialects: Iterable[str] = ("json",), **fields: Any
    ) -> list[Any]:
        """Ask for a record, with further fields where the method takes any."""
        record, *flag = change_of(method, record_id)
        return self.ask(
            method, {**record, **fields} if fields else record, *flag, dialects=dialects
        )

    def _send(self, path: str, body: str) -> tuple[int, bytes, list[str]]:
        headers = {"Content-Type": "text/xml; charset=utf-8"}
        with statements(self.world) as sent:
            response = self.client.post(path, data=body, headers=headers, base_url=BASE)
        return response.status_code, response.get_data(), sent


@pytest.fixture(scope="session")
def client(database: Database) -> Client:
    """A client of one application for all tests, since creating one takes as long as 10 calls."""
    return Client(create_app(World(database, Settings()).service))


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
def test_records(full_world: World, client: Client, change_role: Any, row: Any, role: str) -> None:
    world, (method, who, _) = full_world, row
    world.set_option("editLimit", LIMIT)
    if ROLES[role]:
        change_role(dict.fromkeys(ROLES[role], 0))
    model = m.Expense if "Expense" in method else m.TimeEntry
    asker = Asker(client, world, who)
    dialects = DIALECTS if role == "usual" else ("json",)  # they take no part in checking rights
    in_dialects = asker.ask_about(method, MISSING, dialects)
    missing = in_dialects[:1]
    changes_nothing = who == "acme" and not method.startswith("get")
    expected = "no" if role == "no access" or changes_nothing else "id"
    assert json.loads(missing[0][1])["result"] == refusal(method, expected)
    wrong = WRONG.get(method, ())
    for fields in wrong:
        assert asker.ask_about(method, MISSING, **fields) == missing, fields
    hidden = [
        (make(world, who, model, column, **state), column, state)
        for column, state in product(hides(row), STATES)
        if state.get("end") != 0 or model is m.TimeEntry
    ]
    before = world.snapshot()
    for record_id, _, _ in hidden[:1]:
        assert asker.ask_about(method, record_id, dialects) == in_dialects
    for record_id, column, state in hidden:
        assert asker.ask_about(method, record_id) == missing, (column, state)
        for fields in () if state else wrong:
            assert asker.ask_about(method, record_id, **fields) == missing, (column, fields)
    assert world.snapshot() == before


@pytest.mark.one_database
@pytest.mark.parametrize(("row", "role"), cases(OF_PROJECTS))
def test_projects_and_tasks(full_world: World, client: Client, row: Any, role: str) -> None:
    """Projects and tasks of others, trashed ones and missing ones."""
    world, (what, who, cells) = full_world, row
    asker = Asker(client, world, who)
    fields: list[dict[str, Any]] = [{}]
    if METHODS.get(what) == "setTimesheetRecord" or what == "moveEntry":
        fields += [{"start": "no date"}, {"statusId": MISSING}]
    dialects: Iterable[str] = DIALECTS
    missing: dict[tuple[tuple[int, int], int], Any] = {}
    for column, expected in cells.items():
        if expected not in ("pid", "work"):
            continue
        project, task = (world.ids[name] for name in WORK[column])
        absent = (project, MISSING) if column.endswith("task") else (MISSING, task)
        for index, each in enumerate(fields):
            if (absent, index) not in missing:
                missing[absent, index] = ask_on(asker, who, what, absent, dialects, **each)
            response = ask_on(asker, who, what, (project, task), dialects, **each)
            # In each dialect once, since they don't depend on the rest.
            assert response == missing[absent, index][: len(response)], (column, each)
            dialects = ("json",)


def ask_on(
    asker: Asker,
    who: str,
    what: str,
    pair: tuple[int, int],
    dialects: Iterable[str] = ("json",),
    **fields: Any,
) -> list[Any]:
    """Call on a project and task, with further fields of the record."""
    method, *params = call_on(asker.world, who, what, *pair)
    if fields:
        params[0] = {**params[0], **fields}
    return asker.ask(method, *params, dialects=dialects)


@contextmanager
def locked(world: World, model: Any, record_id: int) -> Iterator[None]:
    """Context in which another transaction holds a record; it fails if one does already."""
    (key,) = model.__table__.primary_key
    with world.database.begin() as connection:
        lock = select(key).where(key == record_id).with_for_update(nowait=True)
        assert connection.scalar(lock) == record_id
        yield


@contextmanager
def at_rollback(world: World, work: Callable[[], None]) -> Iterator[list[str]]:
    """Context in which work is done before each rollback; collects its errors, or "" for none."""
    outcomes: list[str] = []

    def do(_connection: Any) -> None:
        if not running:
            running.append(True)
            try:
                work()
                outcomes.append("")
            except DBAPIError as error:
                outcomes.append(str(error.orig))
            running.clear()

    running: list[bool] = []  # the work may be rolled back itself
    event.listen(world.database.engine, "rollback", do)
    try:
        yield outcomes
    finally:
        event.remove(world.database.engine, "rollback", do)


@pytest.mark.parametrize(
    "method", sorted({row[0] for row in (*ENTRIES, *RUNNING) if not row[0].startswith("get")})
)
def test_nobody_waits_for_or_locks_what_it_may_not_change(full_world: World, method: str) -> None:
    world = full_world
    if world.database.dialect.name == "sqlite":
        pytest.skip("SQLite locks no rows")
    model = m.Expense if "Expense" in method else m.TimeEntry
    remote = JsonRemote(world)
    compared = 0
    for name, who, cells in (*ENTRIES, *RUNNING):
        for column in ("blue", "red"):
            if name != method or who not in ("alice", "ben", "vera") or cells[column] == "ok":
                continue
            record_id = make(world, who, model, column)
            call = (method, key_of(world, who), *change_of(method, record_id))
            with at_rollback(world, partial(lock, world, model, record_id)) as outcomes:
                response = remote.call(*call)
            assert outcomes == [""]
            assert response == refusal(method, cells[column])
            with locked(world, model, record_id):
                assert remote.call(*call) == response
            compared += 1
    assert compared == 5


def lock(world: World, model: Any, record_id: int) -> None:
    with locked(world, model, record_id):
        pass


@pytest.mark.parametrize("who", ["alice", "ben"])
@pytest.mark.parametrize("change", ["given away", "removed"])
def test_an_entry_changes_while_a_call_waits_for_it(
    full_world: World, who: str, change: str
) -> None:
    world, entries = full_world, m.TimeEntry.__table__
    if world.database.dialect.name == "sqlite":
        pytest.skip("SQLite locks no rows")
    remote, key = JsonRemote(world), key_of(world, who)
    record_id = world.add_entry("alice")
    to_olga = entries.update().values(userID=world.olga)
    statement = to_olga if change == "given away" else entries.delete()
    with ThreadPoolExecutor(1) as pool:
        with world.database.begin() as connection:
            connection.execute(statement.where(entries.c.timeEntryID == record_id))
            waiting = pool.submit(remote.call, "removeTimesheetRecord", key, record_id)
            with pytest.raises(TimeoutError):
                waiting.result(0.5)
        assert waiting.result(DEADLINE) == refusal("removeTimesheetRecord", "id")
    assert world.exists(m.TimeEntry, record_id) == (change == "given away")


def test_every_method_with_an_id_is_compared() -> None:
    tables = (*ENTRIES, *RUNNING, *PROJECTS)
    compared = {METHODS.get(row[0], row[0]) for row in tables}
    with_id = {
        name
        for name in RemoteApi.public_methods
        if {"id", "entryId", "projectId", "record"} & set(parameter_types(name))
    }
    assert with_id <= compared
