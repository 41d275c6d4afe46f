"""Counts, schema and migrations when their process is killed between any two statements.

MariaDB commits each change of a table or trigger by itself. Wherever a process ends: if the marker
says that the counts may be used, they are right and stay right; what is recorded then is counted in
the end; and doing the same again completes it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, insert, inspect, select, text, update

from kimai_remote.storage import entry_counts, schema, schema_lock
from kimai_remote.storage import models as m
from kimai_remote.storage.migrations import runner
from kimai_remote.storage.schema import Condition
from kimai_remote.storage.transactions import Database
from support import databases
from support.kill_points import Work, kill_everywhere
from support.remotes import JsonRemote
from support.world import World

# Loaded here, so that not each of the processes does.
assert Operations


def silent(_done: int, _total: int) -> None:
    pass


def record(connection: Connection) -> None:
    """Record time and an expense, as programs of all versions do."""
    common = {"userID": 1, "projectID": 1}
    entry = {"start": 1_500_000_000, "end": 1_500_000_060, "activityID": 1, "statusID": 1}
    connection.execute(insert(m.TimeEntry.__table__), common | entry | {"fixedRate": 0})
    spent = {"timestamp": 1_500_000_000, "designation": "Train"}
    connection.execute(insert(m.Expense.__table__), common | spent)


def check(database: Database, *, changes: bool = True) -> None:
    """Check that counts which may be used are right, and stay so.

    :param changes: whether anybody can record time in this state.
    """
    with database.begin() as connection:
        state = schema.read_state(connection)
        name = m.real_name(m.EntryCount.__tablename__, connection)
        has_counts = inspect(connection).has_table(name)
        if changes and state.condition in (Condition.OLDER, Condition.CURRENT):
            record(connection)
        if not has_counts:
            return
        quote = connection.dialect.identifier_preparer.quote
        counts = f"FROM {quote(name)} WHERE {quote('userID')}"
        if not connection.scalar(text(f"SELECT count(*) {counts} = -1")):
            return
        # The same in all versions.
        kept = connection.scalar(text(f"SELECT coalesce(sum(entries), 0) {counts} <> -1"))
        assert kept == connection.scalar(select(func.count()).select_from(m.TimeEntry))
        if state.condition is Condition.CURRENT:
            assert entry_counts.missing_triggers(connection) == []
            assert entry_counts.mismatches(connection) == []


def check_completed(database: Database) -> None:
    schema.check(database)
    check(database)
    with database.begin() as connection:
        assert entry_counts.enabled(connection)
        assert schema.is_filled(connection)


@pytest.fixture
def used(world: World) -> World:
    """Two users with entries and expenses."""
    for user in ("alice", "ben"):
        for cleared in (0, 1):
            world.add_entry(user, cleared=cleared)
        world.add_expense(user)
    return world


def recount(database: Database) -> None:
    entry_counts.recount(database, silent)


def enable(database: Database) -> None:
    with schema_lock.acquire(database) as connection:
        entry_counts.enable(connection)


def disable(database: Database) -> None:
    with schema_lock.acquire(database) as connection:
        entry_counts.disable(connection)


def spoil(database: Database) -> None:
    """As after rows were restored without the triggers: but nothing says any more that they are
    right."""
    with database.begin() as connection:
        entry_counts.disable(connection)
        record(connection)
        if not entry_counts.install(connection):
            raise AssertionError
        counts = m.EntryCount.__table__
        connection.execute(update(counts).values(entries=counts.c.entries + 5))


def nothing(_database: Database) -> None:
    pass


@pytest.fixture
def enabled_afterwards(database: Database) -> Iterator[None]:
    yield
    enable(database)


@pytest.mark.slow
@pytest.mark.usefixtures("enabled_afterwards")
@pytest.mark.parametrize(
    ("before", "work"),
    [
        pytest.param(nothing, recount, id="recount"),
        pytest.param(spoil, recount, id="recount of wrong counts"),
        pytest.param(nothing, enable, id="enable again"),
        pytest.param(disable, enable, id="enable"),
        pytest.param(nothing, disable, id="disable"),
    ],
)
def test_counts(used: World, database: Database, before: Work, work: Work) -> None:
    """Lists say the truth, from a process too that found the counts enabled before."""
    remote, key = JsonRemote(used), used.key("alice")

    def begin() -> None:
        enable(database)
        lists_are_complete()
        before(database)

    def lists_are_complete() -> None:
        mine = m.TimeEntry.userID == used.alice
        with database.begin() as connection:
            entries = connection.scalar(select(func.count()).select_from(m.TimeEntry).where(mine))
        answer = remote.call("getTimesheet", key, 0, 0, -1, 0, 1)
        assert (answer["total"], len(answer["items"])) == (entries, 1)
        last = remote.call("getTimesheet", key, 0, 0, -1, entries - 1, 1000)
        assert (last["total"], len(last["items"])) == (entries, 1)

    def examine() -> None:
        used.add_entry()
        check(database)
        lists_are_complete()

    def completed() -> None:
        check(database)
        lists_are_complete()
        with database.begin() as connection:
            assert entry_counts.enabled(connection) == (work is not disable)

    assert kill_everywhere(database, work, begin, examine, completed) >= 1


def empty(blank: Database) -> None:
    blank.close()
    if blank.file is None:
        databases.drop(blank)
        return
    for end in ("", "-wal", "-shm"):
        blank.file.with_name(blank.file.name + end).unlink(missing_ok=True)


def create_half(blank: Database) -> None:
    """Leave all tables, but no version, as on MariaDB."""
    empty(blank)
    m.Base.metadata.create_all(blank.engine)


@pytest.mark.slow
@pytest.mark.parametrize("before", [empty, create_half], ids=["none", "half made"])
@pytest.mark.parametrize("work", [schema.create, runner.upgrade], ids=["create", "upgrade"])
def test_a_new_schema(blank: Database, before: Work, work: Work, is_deep: bool) -> None:
    is_longest = blank.dialect.name == "mariadb" and (before, work) != (create_half, runner.upgrade)
    if is_longest and not is_deep:
        pytest.skip("takes long on MariaDB, see --deep")
    kill_everywhere(
        blank,
        work,
        lambda: before(blank),
        lambda: check(blank, changes=work is not schema.create),
        lambda: check_completed(blank),
    )


#: What entries were counted by, beside being cleared.
KEYS = {
    "0003": ("userID",),
    "0005": ("userID", "projectID", "activityID", "statusID"),
}


def count_as(database: Database, version: str) -> None:
    """Keep counts by triggers that a program of an earlier version created."""
    keys = KEYS[version]
    with database.begin() as connection:
        quote = connection.dialect.identifier_preparer.quote
        counts = quote(m.real_name(m.EntryCount.__tablename__, connection))
        entries = quote(m.real_name(m.TimeEntry.__tablename__, connection))
        names = ", ".join(map(quote, (*keys, "cleared")))
        server = database.dialect.name
        if server == "mariadb":
            add = f"ON DUPLICATE KEY UPDATE entries = {counts}.entries + VALUES(entries)"
        else:
            add = f"ON CONFLICT ({names}) DO UPDATE SET entries = {counts}.entries"
            add += " + excluded.entries"
        for event, steps in {
            "insert": [("NEW", 1)],
            "delete": [("OLD", -1)],
            "update": [("OLD", -1), ("NEW", 1)],
        }.items():
            body = " ".join(
                f"INSERT INTO {counts} ({names}, entries) VALUES "
                f"({', '.join(f'{row}.{quote(key)}' for key in keys)}, "
                f"CASE WHEN {row}.cleared <> 0 THEN 1 ELSE 0 END, {step}) {add};"
                for row, step in steps
            )
            name = quote(m.real_name(f"{m.EntryCount.__tablename__}_{event}", connection))
            head = f"CREATE TRIGGER {name} AFTER {event.upper()} ON {entries} FOR EACH ROW "
            if server == "postgresql":
                connection.exec_driver_sql(
                    f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
                    f"$body$ BEGIN {body} RETURN NULL; END $body$"
                )
                connection.exec_driver_sql(f"{head} EXECUTE FUNCTION {name}()")
            else:
                connection.exec_driver_sql(f"{head} BEGIN {body} END")
        marker = ", ".join(["-1", *["0"] * len(keys)])
        connection.exec_driver_sql(f"INSERT INTO {counts} ({names}, entries) VALUES ({marker}, 0)")
    with database.begin() as connection:
        record(connection)


@pytest.mark.slow
@pytest.mark.parametrize("version", list(KEYS))
def test_an_upgrade(blank: Database, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From each version that counted otherwise."""
    upgraded = ScriptDirectory._upgrade_revs

    def begin() -> None:
        empty(blank)
        with monkeypatch.context() as patch:
            patch.setattr(
                ScriptDirectory,
                "_upgrade_revs",
                lambda self, _, current: upgraded(self, version, current),
            )
            patch.setattr(runner.entry_counts, "enabled", lambda _: True)
            runner.upgrade(blank)
        count_as(blank, version)
        check(blank)

    steps = kill_everywhere(
        blank, runner.upgrade, begin, lambda: check(blank), lambda: check_completed(blank)
    )
    assert steps > (20 if blank.dialect.name == "mariadb" else 0)
