"""How each database finds the rows of the main queries: by index, however many there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event, insert

from kimai_remote.storage import models as m
from kimai_remote.storage.transactions import Database
from support.remotes import JsonRemote
from support.world import Template, World

pytestmark = pytest.mark.slow

#: Enough that no database prefers to read the whole table.
ENTRIES = 20_000
CALLS = {
    "first page": ("getTimesheet", 0, 0, -1, 0, 50),
    "deep page": ("getTimesheet", 0, 0, -1, 400, 50),
    "open entries": ("getTimesheet", 0, 0, 0, 0, 50),
    "period": ("getTimesheet", 1_000_000, 1_100_000, -1, 0, 50),
    "since a date": ("getTimesheet", 1_019_900, 0, -1, 0, 50),
    "running": ("getActiveRecording",),
    "one entry": ("getTimesheetRecord", 1),
    "expenses": ("getExpenses", 0, 0, -1, -1, 0, 50),
}


@pytest.fixture(scope="module")
def grown(database: Database, world_template: Template) -> World:
    """The world with entries of twenty users, every twentieth of alice's."""
    world = world_template.restore(database)
    many = [
        {
            "userID": world.alice + number % 20,
            "projectID": 1,
            "activityID": 1,
            "start": 1_000_000 + number,
            "end": 1_000_001 + number,
            "duration": 1,
            "statusID": 1,
        }
        for number in range(ENTRIES)
    ]
    expenses = [
        {"userID": entry["userID"], "projectID": 1, "designation": "x", "timestamp": entry["start"]}
        for entry in many
    ]
    with world.database.engine.begin() as connection:
        connection.execute(insert(m.TimeEntry), many)
        connection.execute(insert(m.Expense), expenses)
    for name in ("timeSheet", "expenses"):
        with world.database.engine.connect() as connection:
            autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
            table = f"{world.database.prefix}{name}"
            quote = world.database.engine.dialect.identifier_preparer.initial_quote
            command = "ANALYZE TABLE" if world.database.dialect.name == "mariadb" else "ANALYZE"
            autocommit.exec_driver_sql(f"{command} {quote}{table}{quote}").close()
    return world


def plans(world: World, call: tuple[Any, ...]) -> Iterator[str]:
    """The plan of each statement of a call that touches entries or expenses."""
    seen: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT") and ("timeSheet" in statement or "expenses" in statement):
            seen.append((statement, parameters))

    event.listen(world.database.engine, "before_cursor_execute", note)
    try:
        answer = JsonRemote(world).call(call[0], world.key("alice"), *call[1:])
    finally:
        event.remove(world.database.engine, "before_cursor_execute", note)
    if call[0] == "getTimesheet":
        assert answer["items"]  # or the page would not have been asked for
    explain = "EXPLAIN QUERY PLAN" if world.database.dialect.name == "sqlite" else "EXPLAIN"
    with world.database.engine.connect() as connection:
        for statement, parameters in seen:
            rows = connection.exec_driver_sql(f"{explain} {statement}", parameters)
            yield "\n".join(" ".join(map(str, row)) for row in rows)


@pytest.mark.parametrize("name", CALLS)
def test_no_query_reads_the_whole_table(grown: World, name: str) -> None:
    call_plans = list(plans(grown, CALLS[name]))
    assert call_plans
    for plan in call_plans:
        for line in plan.splitlines():
            for table in ("timeSheet", "expenses"):
                if f"{grown.database.prefix}{table}" not in line:
                    continue
                # SQLite: SCAN; PostgreSQL: Seq Scan; MariaDB: access type ALL.
                scan = line.startswith("SCAN") or " SCAN " in f" {line}" or "Seq Scan" in line
                whole = " ALL " in line and grown.database.dialect.name == "mariadb"
                assert not scan and not whole, plan


def test_entries_since_a_date_are_found_by_it(grown: World) -> None:
    # The total, calculated from counts, and the page; in one statement.
    plan = "\n".join(plans(grown, CALLS["since a date"]))
    assert "timeSheet_end" in plan
    assert "remote_period_counts" in plan
    if grown.database.dialect.name == "sqlite":
        # Of the index, SQLite would read all of a user's entries for those that ended or still run.
        searches = [
            line for line in plan.splitlines() if f"{grown.database.prefix}timeSheet" in line
        ]
        assert all(" AND " in line or "(rowid=?)" in line for line in searches), plan


def test_the_test_sees_a_whole_read(grown: World) -> None:
    """Without the index, the databases do read the whole table, and the test would say so."""
    with grown.database.engine.connect() as connection:
        explain = "EXPLAIN QUERY PLAN" if grown.database.dialect.name == "sqlite" else "EXPLAIN"
        table = f"{grown.database.prefix}timeSheet"
        quote = grown.database.engine.dialect.identifier_preparer.initial_quote
        statement = f"{explain} SELECT * FROM {quote}{table}{quote} WHERE duration = 7"
        plan = "\n".join(" ".join(map(str, row)) for row in connection.exec_driver_sql(statement))
    assert "SCAN" in plan or "Seq Scan" in plan or " ALL " in plan
