"""The schema's versions: what migrations make is what a fresh database has."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import inspect, select, update

from kimai_remote.errors import ConfigurationError
from kimai_remote.storage import entry_counts, schema
from kimai_remote.storage.migrations import runner
from kimai_remote.storage.models import Base, Configuration, Status, schema_version
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
    tables = [schema_version, Configuration.__table__, Status.__table__]
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


def test_versions_are_the_migrations_in_order() -> None:
    scripts = list(runner._directory().walk_revisions())
    assert tuple(script.revision for script in reversed(scripts)) == schema.VERSIONS


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
    for attempt in (schema.check, runner.upgrade, runner.steps):
        with pytest.raises(ConfigurationError, match=r"9999.*newer"):
            attempt(blank)


def test_a_half_made_database_is_completed(blank: Database) -> None:
    """As after a crash on MariaDB, whose tables no rollback removes."""
    half = Base.metadata.sorted_tables[:5]
    Base.metadata.create_all(blank.engine, tables=half)
    runner.upgrade(blank)
    schema.check(blank)
    assert contents(blank)[2] == [(1, "open"), (2, "review"), (3, "closed")]
