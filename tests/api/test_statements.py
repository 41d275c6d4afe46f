"""The number of SQL statements of each call is fixed: no query a row, whatever there is to list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from support.remotes import JsonRemote
from support.world import PASSWORD, World

MOST_READING, MOST_WRITING = 4, 8


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    """Collects what is sent to the database, without what begins and ends transactions."""
    found: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            found.append(statement)

    event.listen(world.database.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(world.database.engine, "before_cursor_execute", note)


Parameters = Callable[[World], list[Any]]

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
        lambda w: w.add_entry(end=0) and [w.shop, w.coding],
    ),
    "stopRecord": ("alice", lambda w: w.add_entry(end=0) and [0]),
    "stopRecord by number": ("alice", lambda w: [w.add_entry(end=0)]),
    "updateActiveRecording": (
        "alice",
        lambda w: w.add_entry(end=0) and [{"projectID": w.portal, "comment": "x"}],
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
    given = parameters(world)
    remote = JsonRemote(world)
    remote.call("getUsers", world.key("alice"))  # what is asked once a process is asked then
    with statements(world) as found:
        answer = remote.call(name.split()[0], world.key(user), *given)
    assert answer["success"], answer
    return len(found)


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
    assert few == many <= MOST_READING


@pytest.mark.parametrize("name", WRITING)
def test_writing_takes_few_statements(world: World, name: str) -> None:
    assert count(world, name, *WRITING[name]) <= MOST_WRITING


@pytest.mark.parametrize(
    ("user", "password"), [("alice", PASSWORD), ("alice", "wrong"), ("nobody", "wrong")]
)
def test_logging_in_takes_few_statements(world: World, user: str, password: str) -> None:
    remote = JsonRemote(world)
    remote.call("getUsers", world.key("alice"))
    with statements(world) as found:
        remote.call("authenticate", user, password)
    assert 0 < len(found) <= MOST_WRITING
