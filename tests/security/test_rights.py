"""The rights matrix: each cell of :mod:`matrix` against the service, over both protocols."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import matrix
import pytest
from accounts import DENIED, key_of

from kimai_remote.storage import models as m
from support.remotes import REMOTES
from support.world import PASSWORD, World

LIMIT = 86_400
REFUSALS = {
    "no": DENIED,
    "lock": f"The entry is locked: it ended more than {LIMIT} seconds ago (option editLimit).",
    "pid": "Invalid projectId.",
    "work": "Invalid project or task",
}
ENTRIES = matrix.rows(matrix.ENTRIES)
RUNNING = matrix.rows(matrix.RUNNING)
PROJECTS = matrix.rows(matrix.PROJECTS)
LISTS = matrix.lists()
DOORS = matrix.rows(matrix.DOORS)
#: Tables whose cells create and change things: a few people on the other databases too.
EVERYWHERE = ("alice", "ben", "acme")
OBJECTS: dict[str, dict[str, Any]] = {
    "own": {},
    "blue": {"user": "carl"},
    "red": {"user": "olga", "project": "red_project"},
    "trashed": {"project": "trashed"},
    "invisible": {"project": "invisible"},
    "internal": {"project": "internal"},
    "cleared": {"cleared": 1},
    "locked": {"age": LIMIT + 9},
}
#: Project and task of each column.
PLACES = {
    "blue": ("shop", "coding"),
    "red": ("red_project", "coding"),
    "trashed": ("trashed", "coding"),
    "invisible": ("invisible", "coding"),
    "internal": ("internal", "coding"),
    "redtask": ("shop", "red_task"),
    "deadtask": ("shop", "trashed_task"),
    "hiddentask": ("shop", "invisible_task"),
    "othertask": ("portal", "design"),
}


def by_row(rows: list[Any]) -> Any:
    """Each row over both protocols. Rights don't depend on the protocol, so over SOAP only the
    rows of alice are not slow."""
    cases = [
        pytest.param(
            protocol,
            row,
            id=f"{protocol}-{row[0]}-{row[1]}",
            marks=pytest.mark.slow if protocol == "soap" and row[1] != "alice" else (),
        )
        for protocol in REMOTES
        for row in rows
    ]
    return pytest.mark.parametrize(("remote", "row"), cases, indirect=["remote"])


def some(rows: list[Any]) -> list[Any]:
    return [row for row in rows if row[1] in EVERYWHERE]


def owner(who: str) -> str:
    """Whose entries are a caller's own: those of callers without a user are alice's."""
    return "alice" if who in ("nokey", "wrong", "acme") else who


def check(world: World, remote: Any, expected: str, method: str, *params: Any) -> None:
    """One cell: the call does what the matrix says, and a refused one changes nothing."""
    reads = method.startswith("get")
    before = None if expected == "ok" and reads else world.snapshot()
    answer = remote.call(method, *params)
    if expected == "ok":
        assert answer["success"] is True, answer
        assert reads or world.snapshot() != before
    else:
        assert answer == {"success": False, "error": {"msg": REFUSALS[expected]}}
        assert world.snapshot() == before


def make(world: World, who: str, kind: str, column: str, *, running: bool = False) -> int:
    """The object of a column, as a time entry or an expense."""
    given = dict(OBJECTS[column])
    user = given.pop("user", owner(who))
    project = world.ids[given.pop("project", "shop")]
    time = world.now - given.pop("age", 3600)
    if kind == "expense":
        return world.add_expense(user, projectID=project, timestamp=time, **given)
    end = 0 if running else time
    return world.add_entry(user, projectID=project, start=time - 3600, end=end, **given)


def change_of(method: str, number: int) -> tuple[Any, ...]:
    """The parameters that do a method's work on an entry."""
    if method == "updateActiveRecording":
        return ({"timeEntryID": number, "comment": "changed"},)
    if method.startswith("set"):
        return ({"id": number, "comment": "changed"}, True)
    return (number,)


def entry_row(world: World, remote: Any, row: Any) -> None:
    method, who, cells = row
    world.set_option("editLimit", LIMIT)
    kind = "expense" if "Expense" in method else "entry"
    for column, expected in cells.items():
        number = make(world, who, kind, column)
        check(world, remote, expected, method, key_of(world, who), *change_of(method, number))


@pytest.mark.one_database
@by_row(ENTRIES)
def test_entries(full_world: World, remote: Any, row: Any) -> None:
    entry_row(full_world, remote, row)


@by_row(some(ENTRIES))
def test_entries_on_each_database(full_world: World, remote: Any, row: Any) -> None:
    entry_row(full_world, remote, row)


@pytest.mark.one_database
@by_row(RUNNING)
def test_running_entries(full_world: World, remote: Any, row: Any) -> None:
    method, who, cells = row
    full_world.set_option("editLimit", LIMIT)
    for column, expected in cells.items():
        number = make(full_world, who, "entry", column, running=True)
        check(full_world, remote, expected, method, key_of(full_world, who), number)
        full_world.execute(m.TimeEntry.__table__.delete())


def project_row(world: World, remote: Any, row: Any) -> None:
    what, who, cells = row
    for column, expected in cells.items():
        if expected == "-":
            continue
        project, task = (world.ids[name] for name in PLACES[column])
        method, *params = call_on(world, who, what, project, task)
        check(world, remote, expected, method, key_of(world, who), *params)


def call_on(world: World, who: str, what: str, project: int, task: int) -> tuple[Any, ...]:
    """The method and parameters that do something on a project and task."""
    times = {"start": world.now - 7200, "end": world.now - 3600}
    own = {"user": owner(who), "projectID": world.ids["of_hidden"]}
    if what == "start":
        return "startRecord", project, task
    if what == "entry":
        return "setTimesheetRecord", {"projectId": project, "taskId": task, **times}, False
    if what == "expense":
        return "setExpenseRecord", {"projectId": project, "date": world.now}, False
    if what == "moveActive":
        number = world.add_entry(**own)
        change = {"timeEntryID": number, "projectID": project, "activityID": task}
        return "updateActiveRecording", change
    if what == "moveEntry":
        number = world.add_entry(**own)
        return "setTimesheetRecord", {"id": number, "projectId": project, "taskId": task}, True
    if what == "moveExpense":
        number = world.add_expense(**own)
        return "setExpenseRecord", {"id": number, "projectId": project}, True
    return what, project


@pytest.mark.one_database
@by_row(PROJECTS)
def test_projects(full_world: World, remote: Any, row: Any) -> None:
    project_row(full_world, remote, row)


@by_row(some(PROJECTS))
def test_projects_on_each_database(full_world: World, remote: Any, row: Any) -> None:
    project_row(full_world, remote, row)


def seen(method: str, items: list[dict[str, Any]]) -> list[str]:
    """What a list shows, in the words of the matrix."""
    if method in ("getTimesheet", "getExpenses"):
        return sorted({f"{item['userName']}:{item['projectName']}" for item in items})
    return [item["name"] for item in items]


@by_row(LISTS)
def test_lists(full_world: World, remote: Any, row: Any) -> None:
    method, who, words = row
    for user, project in (
        ("alice", "shop"),
        ("carl", "shop"),
        ("ben", "shop"),
        ("oscar", "shop"),
        ("alice", "internal"),
        ("ben", "internal"),
        ("oscar", "internal"),
        ("olga", "red_project"),
        ("olga", "trashed"),
    ):
        full_world.add_entry(user, projectID=full_world.ids[project])
        full_world.add_expense(user, projectID=full_world.ids[project])
    if method == "getActiveRecording":
        full_world.add_entry("alice", end=0)
        full_world.add(
            m.TimeEntry(
                userID=0,
                projectID=full_world.shop,
                activityID=full_world.coding,
                start=full_world.now - 60,
                statusID=1,
            )
        )
    answer = remote.call(method, key_of(full_world, who))
    if words == ["no"]:
        assert answer["error"]["msg"] == DENIED
    elif words == ["none"]:
        assert answer["error"]["msg"] == "No active recording."
    elif method == "getActiveRecording":
        assert [item["projectName"] for item in answer["items"]] == ["Shop"]
    else:
        assert seen(method, answer["items"]) == ([] if words == ["nothing"] else words)


@pytest.mark.one_database
@by_row(DOORS)
def test_doors(full_world: World, remote: Any, row: Any) -> None:
    method, who, cells = row
    if method == "getVersion":
        assert "-" in remote.call(method)
        return
    name = {"nokey": "", "wrong": "nobody", "acme": "Acme"}.get(who, who)
    answer = remote.call("authenticate", name, PASSWORD)
    if cells["outcome"] == "ok":
        assert answer["items"] == [{"apiKey": key_of(full_world, who)}]
    else:
        assert answer == {"success": False, "error": {"msg": DENIED}}


def test_the_matrix_is_whole() -> None:
    """Each method, with each of the eleven kinds of callers, is in a table."""
    from kimai_remote.api.service import RemoteApi

    by_word = {"start": "startRecord", "entry": "setTimesheetRecord", "expense": "setExpenseRecord"}
    rows = [
        (by_word.get(row[0], row[0]), row[1])
        for table in (ENTRIES, RUNNING, PROJECTS, LISTS, DOORS)
        for row in table
    ]
    assert len({row for row in rows if not row[0].startswith("move")}) == 18 * 11
    assert {method for method, _ in rows} >= set(RemoteApi.public_methods)
    assert len(rows) == len(ENTRIES) + 11 * (1 + 7 + 7 + 2)


@pytest.mark.one_database
@pytest.mark.parametrize("shown", [False, True])
@pytest.mark.parametrize("edits", [False, True])
def test_rates_need_rights_of_their_own(
    full_world: World, remote: Any, change_role: Any, shown: bool, edits: bool
) -> None:
    rights = {"ki_timesheets-showRates": int(shown), "ki_timesheets-editRates": int(edits)}
    change_role(rights)
    key, number = key_of(full_world, "alice"), full_world.add_entry()
    (listed,) = remote.call("getTimesheet", key)["items"]
    (record,) = remote.call("getTimesheetRecord", key, number)["items"]
    rate = Decimal("60.00") if shown else None
    assert (listed["rate"], listed["wage"] is not None, record["rate"]) == (rate, shown, rate)
    for field in ("rate", "fixedRate"):
        change = {"id": number, field: 99}
        check(full_world, remote, "ok" if edits else "no", "setTimesheetRecord", key, change, True)


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("right", "method", "params"),
    [
        ("ki_timesheet-access", "getTimesheet", ()),
        ("ki_timesheet-access", "getActiveRecording", ()),
        ("ki_timesheet-access", "startRecord", (1, 1)),
        ("ki_timesheet-access", "stopRecord", ()),
        ("ki_timesheets-ownEntry-add", "startRecord", (1, 1)),
        ("ki_timesheets-ownEntry-edit", "stopRecord", ()),
        ("ki_timesheets-ownEntry-add", "setTimesheetRecord", ({"projectId": 1}, False)),
        ("ki_expenses-access", "getExpenses", ()),
        ("ki_expenses-ownEntry-add", "setExpenseRecord", ({"projectId": 1}, False)),
    ],
)
def test_a_right_taken_from_the_role(
    full_world: World,
    remote: Any,
    change_role: Any,
    right: str,
    method: str,
    params: tuple[Any, ...],
) -> None:
    change_role({right: 0})
    check(full_world, remote, "no", method, key_of(full_world, "alice"), *params)
