"""Upgrades of a schema to the version that this program needs. The only user of Alembic.

Serving an up-to-date database doesn't import this module, since Alembic is slow to load.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import func, select

from ...errors import ConfigurationError
from .. import entry_counts, migrations, schema, schema_lock
from ..models import Configuration, schema_version
from ..transactions import Database

_option_count = select(func.count()).select_from(Configuration)
MIGRATIONS = Path(migrations.__file__).parent


@dataclass(frozen=True, slots=True)
class Step:
    """One migration."""

    version: str
    title: str
    done: bool


def steps(database: Database) -> list[Step]:
    """All migrations, oldest first."""
    current = schema.version(database)
    _check_known(database, current)
    done = schema.VERSIONS[: schema.VERSIONS.index(current) + 1] if current else ()
    scripts = {script.revision: script for script in _directory().walk_revisions()}
    return [
        Step(version, scripts[version].doc.splitlines()[0], version in done)
        for version in schema.VERSIONS
    ]


def upgrade(database: Database, progress: Callable[[str], None] = lambda _: None) -> list[str]:
    """Run the missing migrations, in one transaction (MariaDB has none for tables).

    :param progress: called with the version of each migration before it runs.
    :returns: the versions; empty where another process ran the migrations just now.
    :raises ConfigurationError: the schema is a newer one, or another process is changing it.
    """
    versions: list[str] = []
    scripts = _directory()

    def missing(current: Any, _context: Any) -> Any:
        for step in scripts._upgrade_revs("head", current):
            versions.append(step.revision.revision)
            progress(versions[-1])
            yield step

    with schema_lock.acquire(database) as connection:
        before = schema.version(database)
        _check_known(database, before)
        context = MigrationContext.configure(
            connection,
            opts={
                "fn": missing,
                "version_table": schema.real_name(database, schema_version),
                "script": scripts,
            },
        )
        with Operations.context(context):
            context.run_migrations()
        if before is None and not connection.scalar(_option_count):
            schema.fill(connection)
        if versions and not entry_counts.enabled(connection):
            entry_counts.enable(connection)
    return versions


def _directory() -> ScriptDirectory:
    return ScriptDirectory(str(MIGRATIONS))


def _check_known(database: Database, version: str | None) -> None:
    if version is not None and version not in schema.VERSIONS:
        raise ConfigurationError(
            f"The schema of {database.name} has version {version}, which only a newer "
            "kimai-remote knows. Install that one."
        )
