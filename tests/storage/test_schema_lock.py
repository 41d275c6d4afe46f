"""Several processes that make or change the schema of one database at the same time."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection, event, func, insert, select

from kimai_remote.errors import ConfigurationError
from kimai_remote.storage import schema, schema_lock
from kimai_remote.storage.dialects import mariadb
from kimai_remote.storage.migrations import runner
from kimai_remote.storage.models import Base, Group, Status, schema_version
from kimai_remote.storage.transactions import Database

pytestmark = pytest.mark.each_driver

T = TypeVar("T")
PROCESSES = 4


def at_once(database: Database, work: Callable[[Database], T]) -> list[T]:
    """Do it on connections of their own, as processes have them, all at once."""
    begin = Barrier(PROCESSES)
    url = database.url.render_as_string(hide_password=False)

    def one(_number: int) -> T:
        with closing(Database(url, database.prefix)) as own:
            begin.wait()
            return work(own)

    with ThreadPoolExecutor(PROCESSES) as pool:
        return list(pool.map(one, range(PROCESSES)))


def add_group(connection: Connection) -> None:
    connection.execute(insert(Group), {"name": "first"})


def count(database: Database, model: type[Base]) -> int:
    with database.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(model)) or 0


def test_one_of_several_processes_creates_the_schema(blank: Database) -> None:
    assert sorted(at_once(blank, lambda own: schema.create(own, add_group))) == [
        *[False] * (PROCESSES - 1),
        True,
    ]
    schema.check(blank)
    assert count(blank, Group) == 1
    assert count(blank, Status) == len(schema.STATUSES)


def test_one_of_several_processes_upgrades_it(blank: Database) -> None:
    Base.metadata.create_all(blank.engine)
    schema_version.drop(blank.engine)
    made = at_once(blank, runner.upgrade)
    assert sorted(made) == [*[[]] * (PROCESSES - 1), list(schema.VERSIONS)]
    schema.check(blank)
    assert count(blank, Status) == len(schema.STATUSES)


def test_who_waits_too_long_is_told(blank: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    if blank.dialect.name == "sqlite":
        pytest.skip("SQLite itself lets only one process write, and says so")
    monkeypatch.setattr(mariadb, "LOCK_TIMEOUT", 1)
    with (
        schema_lock.acquire(blank),
        pytest.raises(ConfigurationError, match="Wait until it is done"),
    ):
        schema.create(blank)


def test_a_server_that_ends_idle_connections(
    blank: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock is held for as long as it takes, and the settings are those of its connection."""
    shorten = {
        "mariadb": "SET SESSION wait_timeout=1, idle_transaction_timeout=1",
        "postgresql": "SET idle_in_transaction_session_timeout='500ms'",
    }
    read = {
        "mariadb": "SELECT @@wait_timeout",
        "postgresql": "SHOW idle_in_transaction_session_timeout",
    }
    server = blank.dialect.name
    if server == "sqlite":
        pytest.skip("SQLite has no connections")

    def connected(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(shorten[server])
        connection.commit()

    url = blank.url.render_as_string(hide_password=False)
    with closing(Database(url, blank.prefix)) as own:
        event.listen(own.engine, "connect", connected)
        with own.begin() as connection:
            usual = connection.exec_driver_sql(read[server]).scalar()
        with schema_lock.hold(own):
            time.sleep(1.5)
            monkeypatch.setattr(mariadb, "LOCK_TIMEOUT", 1)
            with pytest.raises(ConfigurationError, match="Wait until it is done"):
                schema.create(blank)
        with own.begin() as connection, own.begin() as another:  # whichever the pool has
            for each in (connection, another):
                assert each.exec_driver_sql(read[server]).scalar() == usual


class Broken(Exception):
    """The process ends here."""


@pytest.mark.parametrize("tables", [1, 9, len(Base.metadata.sorted_tables)])
def test_a_creation_that_broke_off_is_begun_again(blank: Database, tables: int) -> None:
    """As after a crash on MariaDB, whose tables no rollback removes."""
    schema_version.create(blank.engine)
    made = [table for table in Base.metadata.sorted_tables if table is not schema_version]
    Base.metadata.create_all(blank.engine, made[: tables - 1], checkfirst=False)
    assert schema.state(blank).is_empty
    assert schema.create(blank, add_group)
    schema.check(blank)
    assert (count(blank, Group), count(blank, Status)) == (1, len(schema.STATUSES))


def test_what_is_populated_comes_with_the_schema_or_neither(blank: Database) -> None:
    def break_off(connection: Connection) -> None:
        add_group(connection)
        raise Broken

    with pytest.raises(Broken):
        schema.create(blank, break_off)
    assert schema.state(blank).is_empty
    assert schema.create(blank, add_group)
    assert count(blank, Group) == 1
