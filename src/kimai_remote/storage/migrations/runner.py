"""Bringing a schema to the version that this program needs. The only user of Alembic.

Serving an up-to-date database doesn't import this module, since Alembic takes its time to load.
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
from .. import migrations, schema, schema_lock
from ..models import Configuration, schema_version
from ..transactions import Database

_options = select(func.count()).select_from(Configuration)
MIGRATIONS = Path(migrations.__file__).parent


@dataclass(frozen=True, slots=True)
class Step:
    """One migration."""

    version: str
    title: str
    done: bool


def steps(database: Database) -> list[Step]:
    """All migrations, oldest first."""
    found = schema.version(database)
    _check_known(database, found)
    done = schema.VERSIONS[: schema.VERSIONS.index(found) + 1] if found else ()
    scripts = {script.revision: script for script in _directory().walk_revisions()}
    return [
        Step(version, scripts[version].doc.splitlines()[0], version in done)
        for version in schema.VERSIONS
    ]


def upgrade(database: Database, progress: Callable[[str], None] = lambda _: None) -> list[str]:
    """Run the migrations that are missing, in one transaction (MariaDB has none for tables).

    :param progress: told the version that is about to be made.
    :returns: the versions made; none where another process made them just now.
    :raises ConfigurationError: the schema is a newer one, or another process is changing it.
    """
    made: list[str] = []
    scripts = _directory()

    def missing(found: Any, _context: Any) -> Any:
        for step in scripts._upgrade_revs("head", found):
            made.append(step.revision.revision)
            progress(made[-1])
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
        if before is None and not connection.scalar(_options):
            schema.fill(connection)
    return made


def _directory() -> ScriptDirectory:
    return ScriptDirectory(str(MIGRATIONS))


def _check_known(database: Database, version: str | None) -> None:
    if version is not None and version not in schema.VERSIONS:
        raise ConfigurationError(
            f"The schema of {database.name} has version {version}, which only a newer "
            "kimai-remote knows. Install that one."
        )
