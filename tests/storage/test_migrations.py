"""The schema's versions: what migrations make is what a fresh database has."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kimai_remote.errors import ConfigurationError
from kimai_remote.storage import entry_counts, schema, shared_values
from kimai_remote.storage.migrations import runner
from kimai_remote.storage.models import (
    Activity,
    Base,
    Configuration,
    Customer,
    EntryCount,
    Expense,
    Group,
    GroupUser,
    PeriodCount,
    Project,
    SharedValue,
    Status,
    TimeEntry,
    User,
    rates,
    schema_version,
)
from kimai_remote.storage.transactions import Database
from support import databases


def describe(database: Database) -> dict[str, Any]:
    """Everything that makes up the tables of a database, with names free of its prefix."""
    inspector = inspect(database.engine)

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: plain(item) for key, item in sorted(value.items()) if key != "dialect_options"
            }
        if isinstance(value, (list, tuple)):
            return [plain(item) for item in value]
        return str(value).replace(database.prefix, "")

    described = {}
    for table in Base.metadata.sorted_tables:
        name = schema.real_name(database, table)
        if not inspector.has_table(name):  # of a later version
            continue
        parts = {
            "columns": inspector.get_columns(name),
            "key": inspector.get_pk_constraint(name)["constrained_columns"],
            "foreign keys": inspector.get_foreign_keys(name),
            "indexes": inspector.get_indexes(name),
            "unique": inspector.get_unique_constraints(name),
        }
        described[plain(name)] = {
            part: sorted(map(repr, plain(value))) for part, value in parts.items()
        }
    return described


def contents(database: Database) -> list[list[Any]]:
    tables = [schema_version, Configuration.__table__, Status.__table__, SharedValue.__table__]
    with database.engine.connect() as connection:
        return [sorted(map(tuple, connection.execute(select(table)))) for table in tables]


def test_an_upgrade_that_broke_off_before_the_counts_is_completed(blank: Database) -> None:
    """MariaDB can't roll back: the last version is stored by then."""
    runner.upgrade(blank)
    with blank.begin() as connection:
        entry_counts.disable(connection)
    assert runner.upgrade(blank) == []
    with blank.engine.connect() as connection:
        assert entry_counts.enabled(connection)
        assert entry_counts.missing_triggers(connection) == []


def test_migrations_make_what_a_fresh_database_has(database: Database, blank: Database) -> None:
    databases.empty(database)
    assert runner.upgrade(blank) == list(schema.VERSIONS)
    assert describe(blank) == describe(database)
    with blank.engine.connect() as connection:
        assert entry_counts.enabled(connection)
        assert entry_counts.missing_triggers(connection) == []
    fresh = contents(blank)
    databases.drop(blank)
    if blank.dialect.name == "sqlite":
        Base.metadata.drop_all(blank.engine)
    schema.create(blank)
    assert contents(blank) == fresh


#: An administrator's own, with what SQLAlchemy doesn't see when it looks at a table.
OWN_TABLE = """CREATE TABLE notes (
    u INTEGER REFERENCES "{prefix}users" ON DELETE CASCADE,
    text TEXT COLLATE NOCASE,
    length INTEGER GENERATED ALWAYS AS (length(text)) STORED
)"""


def upgrade_to(database: Database, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Create a database as the program of that version did, but for the counts of entries."""
    real = ScriptDirectory._upgrade_revs
    with monkeypatch.context() as patch:
        patch.setattr(
            ScriptDirectory, "_upgrade_revs", lambda self, _, current: real(self, version, current)
        )
        patch.setattr(runner.entry_counts, "enabled", lambda _: True)
        runner.upgrade(database)


#: Tables about the database itself.
NOT_KIMAIS = (
    schema_version,
    EntryCount.__table__,
    PeriodCount.__table__,
    SharedValue.__table__,
)


def everything(database: Database) -> dict[str, list[Any]]:
    with database.engine.connect() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
            for table in Base.metadata.sorted_tables
            if table not in NOT_KIMAIS
        }


def test_an_upgrade_from_0003_keeps_all_records(
    blank: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade_to(blank, "0003", monkeypatch)
    with blank.begin() as connection, Session(connection) as session:
        session.add_all([User(userID=n, name=f"user{n}", globalRoleID=1) for n in (1, 2, 900)])
        session.add_all([Group(groupID=n, name=f"group{n}") for n in (1, 2)])
        session.flush()
        session.add(GroupUser(groupID=1, userID=900, membershipRoleID=2))
        for n in range(1, 41):
            common = {"userID": 1 + n % 2, "projectID": 1, "activityID": 1, "statusID": 1}
            entry = TimeEntry(start=n, end=n + 1, fixedRate=0, cleared=int(n % 5 == 0), **common)
            session.add(entry)
        session.add(Expense(userID=1, projectID=1, designation="Ä", value=Decimal("0.10")))
        session.commit()
    with blank.begin() as connection:
        name = blank.prefix + "timeSheet"
        mark = connection.dialect.identifier_preparer.quote
        # What an administrator has added of their own.
        if connection.dialect.name == "sqlite":
            # Of the table of counts of that version.
            connection.exec_driver_sql(
                f'CREATE TRIGGER "{blank.prefix}remote_counts_insert" AFTER INSERT ON "{name}" '
                f'BEGIN INSERT INTO "{blank.prefix}remote_counts" VALUES (NEW."userID", 0, 1); END'
            )
            connection.exec_driver_sql(OWN_TABLE.format(prefix=blank.prefix))
            connection.exec_driver_sql("INSERT INTO notes (u, text) VALUES (900, 'Note')")
        connection.exec_driver_sql(f"CREATE INDEX my_index ON {mark(name)} ({mark('statusID')})")
        connection.exec_driver_sql(
            f"CREATE VIEW {mark(blank.prefix + 'mine')} AS SELECT count(*) AS n FROM {mark(name)}"
        )
    try:
        before = everything(blank)
        assert runner.upgrade(blank) == ["0004", "0005", "0006", "0007"]
        assert everything(blank) == before
        schema.check(blank)
        indexes = inspect(blank.engine).get_indexes(name)
        assert "my_index" in {index["name"] for index in indexes}
        with blank.begin() as connection:
            view = f"SELECT n FROM {mark(blank.prefix + 'mine')}"
            assert connection.exec_driver_sql(view).scalar() == 40
            assert entry_counts.enabled(connection)
            assert entry_counts.missing_triggers(connection) == []
            values = {"userID": 2, "projectID": 1, "activityID": 1, "statusID": 1}
            connection.execute(TimeEntry.__table__.insert(), values)  # without a fixed rate
            assert entry_counts.mismatches(connection) == []
            if connection.dialect.name == "sqlite":
                select_own = "SELECT length FROM notes WHERE text = 'NOTE'"
                assert connection.exec_driver_sql(select_own).scalar() == 4
                connection.exec_driver_sql(f'DELETE FROM "{blank.prefix}groups_users"')
                connection.exec_driver_sql(
                    f'DELETE FROM "{blank.prefix}users" WHERE "userID" = 900'
                )
                assert connection.exec_driver_sql("SELECT count(*) FROM notes").scalar() == 0
                connection.exec_driver_sql("DROP TABLE notes")
        with pytest.raises(IntegrityError), blank.begin() as connection:
            link = {"groupID": 1, "userID": 77, "membershipRoleID": 1}
            connection.execute(GroupUser.__table__.insert(), link)
    finally:
        with blank.begin() as connection:
            connection.exec_driver_sql(f"DROP VIEW {mark(blank.prefix + 'mine')}")


def test_an_upgrade_from_0003_makes_what_a_fresh_database_has(
    database: Database, blank: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade_to(blank, "0003", monkeypatch)
    assert describe(blank) != describe(database)
    runner.upgrade(blank)
    assert describe(blank) == describe(database)


def test_an_upgrade_that_fails_leaves_the_tables_of_before(
    blank: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    if blank.dialect.has_server:
        pytest.skip("tables are rebuilt on SQLite only")
    upgrade_to(blank, "0003", monkeypatch)
    before, rows = describe(blank), everything(blank)
    with monkeypatch.context() as patch:
        patch.setattr(runner.entry_counts, "enabled", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            runner.upgrade(blank)
    assert (describe(blank), everything(blank)) == (before, rows)
    assert runner.upgrade(blank) == ["0004", "0005", "0006", "0007"]


MODELS = (User, Group, Customer, Project, Activity, TimeEntry, Expense)


@pytest.mark.parametrize("is_upgraded", [False, True])
def test_the_id_of_a_removed_record_is_never_given_out_again(
    blank: Database, monkeypatch: pytest.MonkeyPatch, is_upgraded: bool
) -> None:
    if is_upgraded:
        upgrade_to(blank, "0003", monkeypatch)
        runner.upgrade(blank)
    else:
        schema.create(blank)

    def add(session: Session) -> list[int]:
        records = [
            User(name="new", globalRoleID=1),
            Group(name="new"),
            Customer(name="new", timezone=""),
            Project(name="new", customerID=1),
            Activity(name="new"),
            TimeEntry(userID=1, projectID=1, activityID=1, statusID=1),
            Expense(userID=1, projectID=1, designation="new"),
        ]
        session.add_all(records)
        session.flush()
        return [inspect(record).identity[0] for record in records]

    def remove(session: Session) -> None:
        for model in MODELS:
            session.execute(model.__table__.delete())

    first = blank.run(add, writes=True)
    blank.run(remove, writes=True)
    second = blank.run(add, writes=True)
    assert [new - old for new, old in zip(second, first, strict=True)] == [1] * len(MODELS)


def test_versions_are_the_migrations_in_order(database: Database) -> None:
    scripts = list(ScriptDirectory(str(runner.MIGRATIONS)).walk_revisions())[::-1]
    assert tuple(script.revision for script in scripts) == schema.VERSIONS
    titles = [step.title for step in runner.steps(database)]
    assert titles == [script.doc.splitlines()[0] for script in scripts]


def test_a_current_schema_needs_nothing(database: Database) -> None:
    schema.check(database)
    assert runner.upgrade(database) == []
    assert all(step.done for step in runner.steps(database))


def test_a_schema_without_a_version_is_refused(database: Database, blank: Database) -> None:
    Base.metadata.create_all(blank.engine)
    schema_version.drop(blank.engine)
    with pytest.raises(ConfigurationError, match="not created by kimai-remote"):
        schema.check(blank)
    assert not any(step.done for step in runner.steps(blank))
    runner.upgrade(blank)
    schema.check(blank)


def test_a_newer_schema_is_left_alone(blank: Database) -> None:
    schema.create(blank)
    with blank.engine.begin() as connection:
        connection.execute(update(schema_version).values(version_num="9999"))
        shared_values.store(connection, shared_values.OLDEST_PROGRAM, "9998")
    for attempt in (schema.check, runner.upgrade, runner.steps):
        with pytest.raises(ConfigurationError, match=r"9999.*newer"):
            attempt(blank)


def test_a_newer_schema_that_this_program_can_serve(blank: Database) -> None:
    """As a newer program leaves it, whose triggers aren't this one's any more."""
    schema.create(blank)
    with blank.begin() as connection:
        connection.execute(update(schema_version).values(version_num="9999"))
        entry_counts.disable(connection)
    assert schema.state(blank).condition is schema.Condition.COMPATIBLE
    schema.check(blank)
    assert runner.upgrade(blank) == []
    assert all(step.done for step in runner.steps(blank))
    with blank.engine.connect() as connection:
        assert not entry_counts.enabled(connection)


def test_a_program_that_can_not_serve_the_schema_that_is_being_made(blank: Database) -> None:
    """MariaDB commits each step: what is made then has the version of before still."""
    schema.create(blank)
    with blank.begin() as connection:
        shared_values.store(connection, shared_values.OLDEST_PROGRAM, "9999")
    with pytest.raises(schema.SchemaNewer, match="9999"):
        schema.check(blank)


def test_each_migration_says_the_oldest_program() -> None:
    scripts = list(ScriptDirectory(str(runner.MIGRATIONS)).walk_revisions())[::-1]
    oldest = {script.revision: getattr(script.module, "SERVES", None) for script in scripts}
    assert [revision for revision, serves in oldest.items() if serves is None] == [
        f"000{n}" for n in range(1, 7)
    ]
    said = [serves for serves in oldest.values() if serves]
    assert max(said) == schema.OLDEST_PROGRAM
    assert all("0007" <= serves <= revision for revision, serves in oldest.items() if serves)


@pytest.mark.parametrize("is_upgraded", [False, True])
def test_each_table_of_ours_has_a_primary_key(
    blank: Database, monkeypatch: pytest.MonkeyPatch, is_upgraded: bool
) -> None:
    if is_upgraded:
        upgrade_to(blank, "0006", monkeypatch)
        amounts = [
            {"userID": None, "projectID": n, "activityID": None, "rate": Decimal(n)}
            for n in range(1, 9)
        ]
        with blank.begin() as connection:
            connection.execute(rates.insert(), amounts)
            quote = connection.dialect.identifier_preparer.quote
            view, table = quote(blank.prefix + "mine"), quote(blank.prefix + "rates")
            connection.exec_driver_sql(f"CREATE VIEW {view} AS SELECT count(*) AS n FROM {table}")
        assert runner.upgrade(blank) == ["0007"]
        with blank.begin() as connection:
            assert connection.exec_driver_sql(f"SELECT n FROM {view}").scalar() == 8
            connection.exec_driver_sql(f"DROP VIEW {view}")
            columns = [rates.c[name] for name in amounts[0]]
            rows = connection.execute(select(*columns).order_by(rates.c.projectID)).mappings()
            assert list(map(dict, rows)) == amounts
            connection.execute(rates.insert(), amounts[0] | {"projectID": 9})
            with pytest.raises(IntegrityError), connection.begin_nested():
                connection.execute(rates.insert(), amounts[0] | {"userID": 1})
                connection.execute(rates.insert(), amounts[0] | {"userID": 1, "activityID": 2})
                connection.execute(rates.insert(), amounts[0] | {"userID": 1, "activityID": 2})
    else:
        schema.create(blank)
    inspector = inspect(blank.engine)
    for table in Base.metadata.sorted_tables:
        name = schema.real_name(blank, table)
        assert inspector.get_pk_constraint(name)["constrained_columns"], name


@pytest.mark.parametrize(
    "definition",
    ["id INT AUTO_INCREMENT PRIMARY KEY", "rateID INT NOT NULL DEFAULT 0"],
    ids=["of an administrator", "of an upgrade that broke off"],
)
def test_a_key_that_is_there_already(
    blank: Database, monkeypatch: pytest.MonkeyPatch, definition: str
) -> None:
    """The first stays, as a cluster requires one; no rollback removes the second."""
    if blank.dialect.name != "mariadb":
        pytest.skip("only on MariaDB")
    upgrade_to(blank, "0006", monkeypatch)
    name, key = f"{blank.prefix}rates", definition.split(maxsplit=1)[0]
    with blank.begin() as connection:
        connection.execute(rates.insert(), [{"projectID": n, "rate": n} for n in range(3)])
        connection.exec_driver_sql(f"ALTER TABLE {name} ADD {definition}")
    runner.upgrade(blank)
    with blank.engine.connect() as connection:
        keys = connection.exec_driver_sql(f"SELECT {key} FROM {name} ORDER BY projectID")
        assert keys.scalars().all() == [1, 2, 3]
    assert inspect(blank.engine).get_pk_constraint(name)["constrained_columns"] == [key]


def test_a_half_made_database_is_completed(blank: Database) -> None:
    """As after a crash on MariaDB, whose tables no rollback removes."""
    half = Base.metadata.sorted_tables[:5]
    Base.metadata.create_all(blank.engine, tables=half)
    runner.upgrade(blank)
    schema.check(blank)
    assert contents(blank)[2] == [(1, "open"), (2, "review"), (3, "closed")]
