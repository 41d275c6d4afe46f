"""The rights matrix: each cell of :mod:`matrix` against the service, over both protocols."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from typing import Any

import matrix
import pytest
from accounts import DENIED, key_of

from kimai_remote.api.service import RemoteApi
from kimai_remote.storage import models as m
from support.remotes import REMOTES
from support.world import PASSWORD, World

LIMIT = 86_400
REFUSALS = {
    "no": DENIED,
    "lock": f"The entry is locked: it ended more than {LIMIT} seconds ago (option editLimit).",
    "id": "Invalid ID",
    "pid": "Invalid projectId.",
    "work": "Invalid project or task",
}
NOT_RUNNING = "Unable to stop, not recording?"
ENTRIES = matrix.rows(matrix.ENTRIES)
RUNNING = matrix.rows(matrix.RUNNING)
PROJECTS = matrix.rows(matrix.PROJECTS)
LISTS = matrix.lists()
UNAUTHENTICATED = matrix.rows(matrix.UNAUTHENTICATED)
#: The methods that short names in the table of projects stand for.
METHODS = {"start": "startRecord", "entry": "setTimesheetRecord", "expense": "setExpenseRecord"}
#: Callers whose rows run on the other databases too.
ON_EACH_DATABASE = ("alice", "ben", "acme")
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
WORK = {
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
    """Parametrize by row and protocol.

    Rights don't depend on the protocol, so the rows of all but alice are slow tests over SOAP.
    """
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


def on_each_database(rows: list[Any]) -> list[Any]:
    return [row for row in rows if row[1] in ON_EACH_DATABASE]


def owner(who: str) -> str:
    """Return the user whose entries are a caller's own: alice for a caller who is no user."""
    return "alice" if who in ("nokey", "wrong", "acme") else who


def check(world: World, remote: Any, expected: str, method: str, *params: Any) -> None:
    """Check one cell: the call does what the matrix says, and changes nothing if it is refused."""
    reads = method.startswith("get")
    before = None if expected == "ok" and reads else world.snapshot()
    response = remote.call(method, *params)
    if expected == "ok":
        assert response["success"] is True, response
        assert reads or world.snapshot() != before
    else:
        assert response == refusal(method, expected)
        assert world.snapshot() == before


def refusal(method: str, expected: str) -> dict[str, Any]:
    """Return the response that a cell of the matrix stands for."""
    is_stop = (method, expected) == ("stopRecord", "id")
    return {"success": False, "error": {"msg": NOT_RUNNING if is_stop else REFUSALS[expected]}}


def make(
    world: World, who: str, model: type, column: str, *, running: bool = False, **other: Any
) -> int:
    """Store a time entry or an expense as a column describes it; return its ID.

    :param other: what is different from the description.
    """
    fields = OBJECTS[column] | other
    user = fields.pop("user", owner(who))
    project = world.ids[fields.pop("project", "shop")]
    time = world.now - fields.pop("age", 3600)
    if model is m.Expense:
        return world.add_expense(user, projectID=project, timestamp=time, **fields)
    fields = {"end": 0 if running else time} | fields
    return world.add_entry(user, projectID=project, start=time - 3600, **fields)


def change_of(method: str, record_id: int) -> tuple[Any, ...]:
    """Return the parameters of a call that reads or changes a record."""
    if method == "updateActiveRecording":
        return ({"timeEntryID": record_id, "comment": "changed"},)
    if method.startswith("set"):
        return ({"id": record_id, "comment": "changed"}, True)
    return (record_id,)


def entry_row(world: World, remote: Any, row: Any) -> None:
    method, who, cells = row
    world.set_option("editLimit", LIMIT)
    model = m.Expense if "Expense" in method else m.TimeEntry
    for column, expected in cells.items():
        record_id = make(world, who, model, column)
        check(world, remote, expected, method, key_of(world, who), *change_of(method, record_id))


@pytest.mark.one_database
@by_row(ENTRIES)
def test_entries(full_world: World, remote: Any, row: Any) -> None:
    entry_row(full_world, remote, row)


@by_row(on_each_database(ENTRIES))
def test_entries_on_each_database(full_world: World, remote: Any, row: Any) -> None:
    entry_row(full_world, remote, row)


@pytest.mark.one_database
@by_row(RUNNING)
def test_running_entries(full_world: World, remote: Any, row: Any) -> None:
    method, who, cells = row
    full_world.set_option("editLimit", LIMIT)
    for column, expected in cells.items():
        record_id = make(full_world, who, m.TimeEntry, column, running=True)
        check(full_world, remote, expected, method, key_of(full_world, who), record_id)
        full_world.execute(m.TimeEntry.__table__.delete())


def project_row(world: World, remote: Any, row: Any) -> None:
    what, who, cells = row
    for column, expected in cells.items():
        if expected == "-":
            continue
        project, task = (world.ids[name] for name in WORK[column])
        method, *params = call_on(world, who, what, project, task)
        check(world, remote, expected, method, key_of(world, who), *params)


def call_on(world: World, who: str, what: str, project: int, task: int) -> tuple[Any, ...]:
    """Return the method and parameters of a call that uses a project and task."""
    times = {"start": world.now - 7200, "end": world.now - 3600}
    own = {"user": owner(who), "projectID": world.ids["of_hidden"]}
    if what == "start":
        return "startRecord", project, task
    if what == "entry":
        return "setTimesheetRecord", {"projectId": project, "taskId": task, **times}, False
    if what == "expense":
        return "setExpenseRecord", {"projectId": project, "date": world.now}, False
    if what == "moveActive":
        record_id = world.add_entry(**own)
        change = {"timeEntryID": record_id, "projectID": project, "activityID": task}
        return "updateActiveRecording", change
    if what == "moveEntry":
        record_id = world.add_entry(**own)
        return "setTimesheetRecord", {"id": record_id, "projectId": project, "taskId": task}, True
    if what == "moveExpense":
        record_id = world.add_expense(**own)
        return "setExpenseRecord", {"id": record_id, "projectId": project}, True
    return what, project


@pytest.mark.one_database
@by_row(PROJECTS)
def test_projects(full_world: World, remote: Any, row: Any) -> None:
    project_row(full_world, remote, row)


@by_row(on_each_database(PROJECTS))
def test_projects_on_each_database(full_world: World, remote: Any, row: Any) -> None:
    project_row(full_world, remote, row)


def seen(method: str, items: list[dict[str, Any]]) -> list[str]:
    """Return the items of a list in the notation of the matrix."""
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
    response = remote.call(method, key_of(full_world, who))
    if words == ["no"]:
        assert response["error"]["msg"] == DENIED
    elif words == ["none"]:
        assert response["error"]["msg"] == "No active recording."
    elif method == "getActiveRecording":
        assert [item["projectName"] for item in response["items"]] == ["Shop"]
    else:
        assert seen(method, response["items"]) == ([] if words == ["nothing"] else words)


@pytest.mark.one_database
@by_row(UNAUTHENTICATED)
def test_unauthenticated_methods(full_world: World, remote: Any, row: Any) -> None:
    method, who, cells = row
    if method == "getVersion":
        assert "-" in remote.call(method)
        return
    name = {"nokey": "", "wrong": "nobody", "acme": "Acme"}.get(who, who)
    response = remote.call("authenticate", name, PASSWORD)
    if cells["outcome"] == "ok":
        assert response["items"] == [{"apiKey": key_of(full_world, who)}]
    else:
        assert response == {"success": False, "error": {"msg": DENIED}}


def test_the_matrix_is_complete() -> None:
    """All methods are in it, and each row of a table has each caller once."""
    tables = (ENTRIES, RUNNING, PROJECTS, LISTS, UNAUTHENTICATED)
    methods = {METHODS.get(row[0], row[0]) for table in tables for row in table}
    assert methods >= set(RemoteApi.public_methods)
    callers = {row[1] for row in ENTRIES}
    assert len(callers) == 12
    for table in tables:
        cases = [(what, who) for what, who, _ in table]
        assert sorted(cases) == sorted(product({what for what, _ in cases}, callers))


@pytest.mark.one_database
@pytest.mark.parametrize("shown", [False, True])
@pytest.mark.parametrize("edits", [False, True])
def test_rates_take_rights_of_their_own(
    full_world: World, remote: Any, change_role: Any, shown: bool, edits: bool
) -> None:
    rights = {"ki_timesheets-showRates": int(shown), "ki_timesheets-editRates": int(edits)}
    change_role(rights)
    key, record_id = key_of(full_world, "alice"), full_world.add_entry()
    (listed,) = remote.call("getTimesheet", key)["items"]
    (record,) = remote.call("getTimesheetRecord", key, record_id)["items"]
    rate = Decimal("60.00") if shown else None
    assert (listed["rate"], listed["wage"] is not None, record["rate"]) == (rate, shown, rate)
    for field in ("rate", "fixedRate"):
        before = getattr(full_world.entry(record_id), field)
        change = {"id": record_id, field: 99}
        assert remote.call("setTimesheetRecord", key, change, True)["success"]
        after = getattr(full_world.entry(record_id), field)
        assert after == (99 if edits else before)


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
