"""Upgrades of a schema to the version that this program needs. The only user of Alembic.

Alembic is slow to load, so only an upgrade does it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect

from .. import entry_counts, migrations, schema, schema_lock, shared_values
from ..models import SharedValue, real_name, schema_version
from ..transactions import Database

MIGRATIONS = Path(migrations.__file__).parent


@dataclass(frozen=True, slots=True)
class Step:
    """One migration."""

    version: str
    title: str
    done: bool


def steps(database: Database, known: schema.SchemaState | None = None) -> list[Step]:
    """Return all migrations of this program, oldest first.

    :param known: the state of the schema, if it was read already.
    :raises SchemaNewer: there are migrations that this program doesn't have.
    """
    current = known or schema.state(database)
    _check_not_newer(database, current)
    version = current.version
    if current.condition is schema.Condition.COMPATIBLE:
        version = schema.LATEST
    done = schema.VERSIONS[: schema.VERSIONS.index(version) + 1] if version else ()
    return [Step(version, _title(version), version in done) for version in schema.VERSIONS]


def _title(version: str) -> str:
    """Return the first line of a migration."""
    (path,) = MIGRATIONS.glob(f"versions/v{version}_*.py")
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    return (docstring or "").partition("\n")[0]


def upgrade(database: Database, progress: Callable[[str], None] = lambda _: None) -> list[str]:
    """Run the missing migrations, in one transaction (MariaDB has none for tables).

    :param progress: called with the version of each migration before it runs.
    :returns: the versions; empty where another process ran the migrations just now.
    :raises SchemaNewer: the schema needs a newer program.
    :raises ConfigurationError: another process is changing the schema.
    """
    versions: list[str] = []
    with schema_lock.acquire(database) as connection:
        before = schema.read_state(connection)
        _check_not_newer(database, before)
        if before.condition is schema.Condition.COMPATIBLE:
            return []  # counts and triggers are the newer program's
        if before.condition is not schema.Condition.CURRENT:
            versions = _migrate(connection, progress)
        # Whatever the version was: on MariaDB, an upgrade that broke off has stored one.
        if not schema.is_filled(connection):
            schema.fill(connection)
        if not entry_counts.enabled(connection):
            entry_counts.enable(connection)
    return versions


def _migrate(connection: Connection, progress: Callable[[str], None]) -> list[str]:
    from alembic.migration import MigrationContext
    from alembic.operations import Operations
    from alembic.script import ScriptDirectory

    versions: list[str] = []
    scripts = ScriptDirectory(str(MIGRATIONS))

    def missing(current: Any, _context: Any) -> Any:
        for step in scripts._upgrade_revs("head", current):
            versions.append(step.revision.revision)
            progress(versions[-1])
            _exclude_programs(connection, step.revision.module)
            yield step

    context = MigrationContext.configure(
        connection,
        opts={
            "fn": missing,
            "version_table": real_name(schema_version.name, connection),
            "script": scripts,
        },
    )
    with Operations.context(context):
        context.run_migrations()
    return versions


def _exclude_programs(connection: Connection, migration: Any) -> None:
    """Store the oldest version whose programs can serve the schema from now on.

    MariaDB commits the first change of a table: those that can't must see it before.
    """
    serves: str | None = getattr(migration, "SERVES", None)
    exists = inspect(connection).has_table(real_name(SharedValue.__tablename__, connection))
    if serves and exists:
        stored = shared_values.read(connection).get(shared_values.OLDEST_PROGRAM, serves)
        shared_values.store(connection, shared_values.OLDEST_PROGRAM, max(stored, serves))


def _check_not_newer(database: Database, state: schema.SchemaState) -> None:
    if state.condition is schema.Condition.NEWER:
        raise schema.SchemaNewer(database, state.version)
