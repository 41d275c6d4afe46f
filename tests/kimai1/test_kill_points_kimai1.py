"""Adoption, its undoing, and import, when their process is killed between any two statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from kimai_remote.kimai1 import importer, uninstall
from kimai_remote.storage import entry_counts, schema
from kimai_remote.storage import models as m
from kimai_remote.storage.migrations import runner
from kimai_remote.storage.schema import Condition
from kimai_remote.storage.transactions import Database
from support import databases, kimai1
from support.kill_points import kill_everywhere

pytestmark = [pytest.mark.servers, pytest.mark.slow]


def silent(_table: str, _done: int, _total: int) -> None:
    pass


def record(database: Database) -> None:
    values = {"userID": kimai1.ANNA, "projectID": 1, "activityID": 1, "statusID": 1, "fixedRate": 0}
    with database.begin() as connection:
        connection.execute(insert(m.TimeEntry.__table__), values)


def entries(database: Database) -> int:
    with database.begin() as connection:
        return connection.scalar(select(func.count()).select_from(m.TimeEntry)) or 0


def tables(database: Database) -> dict[str, list[str]]:
    """Names of tables, each with those of its indexes."""
    return {name: sorted(indexes) for name, (_, indexes) in kimai1.structure(database).items()}


def remove(database: Database) -> None:
    uninstall.remove(database, uninstall.find_additions(database))


def check_no_counts(database: Database) -> None:
    with database.begin() as connection:
        assert not entry_counts.enabled(connection)


def test_adoption(kimai: Database) -> None:
    def completed() -> None:
        schema.check(kimai)
        check_no_counts(kimai)
        record(kimai)

    def examine() -> None:
        record(kimai)
        assert schema.state(kimai).condition in (
            Condition.FOREIGN,
            Condition.OLDER,
            Condition.CURRENT,
        )

    steps = kill_everywhere(kimai, runner.upgrade, lambda: kimai1.reset(kimai), examine, completed)
    assert steps > 20


@pytest.mark.parametrize("again", [remove, runner.upgrade], ids=["removed", "adopted again"])
def test_uninstalling(kimai: Database, again: object, is_deep: bool) -> None:
    """What is left can be removed, or adopted again, and isn't served until then."""
    if again is not remove and not is_deep:
        pytest.skip("takes long, see --deep")
    before = tables(kimai)

    def begin() -> None:
        kimai1.reset(kimai)
        runner.upgrade(kimai)

    def examine() -> None:
        record(kimai)
        version = schema.state(kimai).condition
        assert version is Condition.FOREIGN or uninstall.find_additions(kimai) == whole

    def completed() -> None:
        record(kimai)
        if again is remove:
            assert tables(kimai) == before
        else:
            schema.check(kimai)

    begin()
    whole = uninstall.find_additions(kimai)
    steps = kill_everywhere(kimai, remove, begin, examine, completed, again=again)
    assert steps > 10


@pytest.fixture
def target(database: Database, tmp_path: Path) -> Iterator[Database]:
    """A database without tables, on each database."""
    with databases.without_tables(database, tmp_path, f"Target{kimai1.PREFIX}") as made:
        yield made


def test_import(kimai: Database, target: Database) -> None:
    source = kimai.url.render_as_string(hide_password=False)

    def run(database: Database) -> None:
        with closing(Database(source, kimai.prefix)) as reading:
            importer.run(reading, database, silent)

    def begin() -> None:
        schema.create(target)
        databases.empty(target)
        with target.begin() as connection:
            schema.clear(connection)
            schema.fill(connection)

    def check(*, is_complete: bool) -> None:
        with target.begin() as connection:
            if is_complete:
                assert entry_counts.enabled(connection)
            if entry_counts.enabled(connection):
                assert entry_counts.missing_triggers(connection) == []
                assert entry_counts.mismatches(connection) == []

    def completed() -> None:
        assert entries(target) == entries(kimai)
        check(is_complete=True)

    steps = kill_everywhere(target, run, begin, lambda: check(is_complete=False), completed)
    assert steps >= 4
    record(target)
    check(is_complete=True)
