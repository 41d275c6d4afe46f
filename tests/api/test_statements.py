"""The number of SQL statements of each call is bounded, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy.sql import compiler, dml, elements, functions, selectable
from sqlalchemy.sql.base import Generative

from support.remotes import JsonRemote
from support.statements import statements
from support.world import PASSWORD, World

#: The usual reads take the first; those that check something else, skip a page or list tasks by
#: project the second.
FEW_READING, MAX_READING = 2, 3
MAX_WRITING, MAX_LOGIN = 6, 9
#: Where times aren't rounded.
MAX_TIMER = 5


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


@contextmanager
def constructions(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Collect the SQL expressions that are built or changed, and the statements compiled."""
    built: list[str] = []

    def watch(owner: type, name: str) -> None:
        original = getattr(owner, name)

        def noting(self: Any, *arguments: Any, **named: Any) -> Any:
            built.append(f"{type(self).__name__}.{name}")
            return original(self, *arguments, **named)

        patch.setattr(owner, name, noting)

    with monkeypatch.context() as patch:
        for expression in (
            dml.Delete,
            dml.Insert,
            dml.Update,
            elements.BinaryExpression,
            elements.BindParameter,
            elements.TextClause,
            functions.FunctionElement,
            selectable.Alias,
            selectable.Join,
            selectable.Select,
        ):
            watch(expression, "__init__")
        watch(Generative, "_generate")  # where(), limit(), …
        watch(compiler.SQLCompiler, "__init__")
        yield built


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
    is_longer = "another user" in name or "page" in name or "with tasks" in name
    assert few == many <= (MAX_READING if is_longer else FEW_READING)


@pytest.mark.parametrize("name", WRITING)
def test_writing_takes_few_statements(world: World, name: str) -> None:
    assert count(world, name, *WRITING[name]) <= MAX_WRITING


@pytest.mark.parametrize("name", [name for name in WRITING if name.startswith(("start", "stop"))])
def test_the_timer_takes_few_statements(world: World, name: str) -> None:
    world.set_option("roundPrecision", 0)
    assert count(world, name, *WRITING[name]) <= MAX_TIMER


@pytest.mark.parametrize("name", [*READING, *WRITING])
def test_a_warm_process_builds_no_statement(
    world: World, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, parameters = (READING | WRITING)[name]
    remote = JsonRemote(world)
    world.add_entry(end=0)
    for _ in range(2):  # the second time, all has been built
        values = parameters(world)
        with constructions(monkeypatch) as built:
            answer = remote.call(name.split()[0], world.key(user), *values)
        assert answer["success"], answer
    assert built == []


def test_a_warm_process_builds_no_statement_to_log_in(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote = JsonRemote(world)
    for _ in range(3):  # failures are counted in a row of their own, added by the first
        with constructions(monkeypatch) as built:
            assert remote.call("authenticate", "alice", PASSWORD)["success"]
            assert not remote.call("authenticate", "alice", "wrong")["success"]
            assert not remote.call("authenticate", "nobody", "wrong")["success"]
    assert built == []


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
