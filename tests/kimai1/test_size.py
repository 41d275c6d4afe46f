"""Checks and imports of large databases: their memory, and what others write meanwhile."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert, select, update

from kimai_remote.cli.doctor import database as doctor
from kimai_remote.config import Settings
from kimai_remote.kimai1 import control_totals, importer, inspection
from kimai_remote.storage import models as m
from kimai_remote.storage.transactions import Database
from support import databases
from support.world import World

#: Entries of the smaller and of the larger database; both have more than are read at a time.
FEW, MANY = 500, 5_000
BATCH = 100


def create(directory: Path, entries: int) -> Database:
    directory.mkdir()
    database = databases.create_file(directory / "source.sqlite3")
    row = {"projectID": 1, "activityID": 1, "statusID": 1, "description": "Ünïcode " * 10}
    with database.begin() as connection:
        connection.execute(
            insert(m.TimeEntry.__table__),
            [
                {**row, "userID": number % 7 + 1, "start": number, "end": number + 60}
                for number in range(entries)
            ],
        )
    return database


def peak(work: Callable[[], Any]) -> int:
    """Return the bytes of Python objects that some work needs."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importer, "BATCH", BATCH)
    monkeypatch.setitem(control_totals.STREAMED, "yield_per", BATCH)


@pytest.mark.parametrize("command", ["check", "import", "doctor"])
@pytest.mark.usefixtures("small_batches")
def test_memory_does_not_grow_with_the_entries(tmp_path: Path, command: str) -> None:
    peaks = []
    for entries in (FEW, FEW, MANY):  # the first one also loads modules and fills caches
        directory = tmp_path / f"{len(peaks)}"
        source = create(directory, entries)
        target = Database(f"sqlite:///{directory / 'target.sqlite3'}")
        work: dict[str, Callable[[], Any]] = {
            "check": lambda source=source: inspection.inspect(source),
            "import": lambda source=source, target=target: importer.run(
                source, target, lambda *_: None, repair_text=True
            ),
            "doctor": lambda source=source: list(
                doctor.check(Settings(database_url=str(source.url)))
            ),
        }
        peaks.append(peak(work[command]))
        source.close()
        target.close()
    assert peaks[2] < peaks[1] * 1.1 + 50_000, peaks


@pytest.mark.parametrize(("command", "reads"), [("check", 3), ("import", 3)])
def test_entries_are_read_rarely(tmp_path: Path, command: str, reads: int) -> None:
    """Beside index scans: to sum them up, and to read their texts or all of them."""
    source = create(tmp_path / "source", 10)
    statements: list[str] = []

    def record(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "timeSheet" in statement and statement.startswith("SELECT"):
            statements.append(statement)

    event.listen(source.engine, "before_cursor_execute", record)
    if command == "check":
        inspection.inspect(source)
    else:
        target = Database(f"sqlite:///{tmp_path / 'target.sqlite3'}")
        importer.run(source, target, lambda *_: None)
        target.close()
    scans = []
    with source.engine.connect() as connection:
        for statement in statements:
            parameters = (1,) * statement.count("?")
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            scans += [
                row.detail
                for row in plan
                if row.detail.startswith("SCAN")
                and "timeSheet" in row.detail
                and "COVERING" not in row.detail
            ]
    source.close()
    assert len(scans) == reads - 1, scans


def test_an_import_sees_one_state_of_the_source(world: World, tmp_path: Path) -> None:
    """Whatever others write while it reads."""
    source = world.database
    entry, customer = m.TimeEntry.__table__, m.Customer.__table__

    def state(database: Database) -> list[Any]:
        with database.engine.connect() as connection:
            return [
                connection.execute(select(table).order_by(*table.primary_key)).all()
                for table in (entry, customer)
            ]

    steps = []

    def write(step: str, _done: int, _total: int | None) -> None:
        """Add an entry before each step, and change what is read later."""
        steps.append(step)
        new = {"userID": 1, "projectID": 1, "activityID": 1, "statusID": 1, "start": 1, "end": 2}
        if step not in ("Comparing", "Counting", "Reading the source"):
            with source.begin() as connection:
                connection.execute(insert(entry), new)
                connection.execute(update(entry).values(duration=entry.c.duration + 1))
                connection.execute(update(customer).values(name=customer.c.name + "x"))

    world.add_entry()
    before = state(source)
    target = Database(f"sqlite:///{tmp_path / 'target.sqlite3'}")
    try:
        report = importer.run(source, target, write)
        assert report.differences == []
        assert state(target) == before
        assert state(source) != before
    finally:
        target.close()
    assert steps.index("customers") < steps.index("timeSheet")
