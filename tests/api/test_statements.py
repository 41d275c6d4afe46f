"""The number of SQL statements of each call is bounded, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from kimai_remote.storage import tables
from kimai_remote.storage.transactions import refuses_null
from support.remotes import JsonRemote
from support.world import PASSWORD, World

MAX_READING, MAX_WRITING, MAX_LOGIN = 5, 8, 9


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    """Collect the statements sent to the database, but those that begin and end transactions."""
    sent: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            sent.append(statement)

    # The columns are looked at once a process.
    world.database.execute(
        lambda connection: refuses_null(connection, tables.time_entries, "comment"), writes=True
    )
    event.listen(world.database.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(world.database.engine, "before_cursor_execute", note)


Parameters = Callable[[World], list[Any]]


def running(parameters: Parameters) -> Parameters:
    """Return parameters that are used while a recording of alice is running."""

    def with_running(world: World) -> list[Any]:
        world.add_entry(end=0)
        return parameters(world)

    return with_running


READING: dict[str, tuple[str, Parameters]] = {
    "getUsers": ("ben", lambda w: []),
    "getCustomers": ("alice", lambda w: []),
    "getProjects": ("alice", lambda w: []),
    "getProjects with tasks": ("alice", lambda w: [True]),
    "getTasks": ("alice", lambda w: []),
    "getTasks of a project": ("alice", lambda w: [w.shop]),
    "getActiveRecording": ("alice", lambda w: []),
    "getTimesheet": ("alice", lambda w: []),
    "getTimesheet page": ("alice", lambda w: [0, 0, -1, 1, 2]),
    "getTimesheet page of a period": ("alice", lambda w: [w.now - 90_000, w.now, 0, 1, 2]),
    "getTimesheetRecord": ("alice", lambda w: [w.add_entry()]),
    "getTimesheetRecord of another user": ("ben", lambda w: [w.add_entry()]),
    "getExpenses": ("alice", lambda w: []),
    "getExpenses page": ("alice", lambda w: [0, 0, -1, -1, 1, 2]),
    "getExpenseRecord": ("alice", lambda w: [w.add_expense()]),
    "getExpenseRecord of another user": ("ben", lambda w: [w.add_expense()]),
}
SPAN = {"start": "2020-01-01 8:00", "end": "2020-01-01 9:00"}
WRITING: dict[str, tuple[str, Parameters]] = {
    "startRecord": ("alice", lambda w: [w.shop, w.coding]),
    "startRecord while one is running": (
        "alice",
        running(lambda w: [w.shop, w.coding]),
    ),
    "stopRecord": ("alice", running(lambda w: [0])),
    "stopRecord by ID": ("alice", lambda w: [w.add_entry(end=0)]),
    "updateActiveRecording": (
        "alice",
        running(lambda w: [{"projectID": w.portal, "comment": "x"}]),
    ),
    "setTimesheetRecord": (
        "alice",
        lambda w: [{"projectId": w.shop, "taskId": w.coding, "statusId": 2, **SPAN}],
    ),
    "setTimesheetRecord of another user": (
        "ben",
        lambda w: [
            {
                "id": w.add_entry(),
                "projectId": w.portal,
                "taskId": w.meeting,
                "statusId": 2,
                "rate": 60,
                **SPAN,
            },
            True,
        ],
    ),
    "removeTimesheetRecord": ("alice", lambda w: [w.add_entry()]),
    "removeTimesheetRecord of another user": ("ben", lambda w: [w.add_entry()]),
    "setExpenseRecord": ("alice", lambda w: [{"projectId": w.shop, "date": "2020-01-01"}]),
    "setExpenseRecord of another user": (
        "ben",
        lambda w: [{"id": w.add_expense(), "projectId": w.portal, "date": "2020-01-01"}, True],
    ),
    "removeExpenseRecord": ("alice", lambda w: [w.add_expense()]),
}


def count(world: World, name: str, user: str, parameters: Parameters) -> int:
    values = parameters(world)
    remote = JsonRemote(world)
    remote.call("getUsers", world.key("alice"))  # runs the queries that each process runs once
    with statements(world) as sent:
        answer = remote.call(name.split()[0], world.key(user), *values)
    assert answer["success"], answer
    return len(sent)


@pytest.mark.parametrize("name", READING)
def test_reading_takes_few_statements(world: World, name: str) -> None:
    world.add_entry(end=0)
    for _ in range(3):
        world.add_entry()
        world.add_expense()
    few = count(world, name, *READING[name])
    for _ in range(10):
        world.add_entry()
        world.add_expense()
    many = count(world, name, *READING[name])
    assert few == many <= MAX_READING


@pytest.mark.parametrize("name", WRITING)
def test_writing_takes_few_statements(world: World, name: str) -> None:
    assert count(world, name, *WRITING[name]) <= MAX_WRITING


@pytest.mark.parametrize(
    ("user", "password"), [("alice", PASSWORD), ("alice", "wrong"), ("nobody", "wrong")]
)
def test_logging_in_takes_few_statements(world: World, user: str, password: str) -> None:
    remote = JsonRemote(world)
    remote.call("getUsers", world.key("alice"))
    with statements(world) as sent:
        remote.call("authenticate", user, password)
    assert 0 < len(sent) <= MAX_LOGIN


def test_a_failed_login_takes_the_same_statements_whatever_the_name(world: World) -> None:
    remote = JsonRemote(world)
    remote.call("authenticate", "nobody", "wrong")  # which is counted in a row from then on
    numbers = set()
    for name in ("nobody", "alice", "ALICE", "gone", "Acme"):
        with statements(world) as sent:
            remote.call("authenticate", name, "wrong")
        numbers.add((name, len(sent)))
    assert len({number for _, number in numbers}) == 1, numbers
