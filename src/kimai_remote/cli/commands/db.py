"""``kimai-remote db``: the schema and backups of the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from ...config import PREFIX, Settings, load_settings
from ...kimai1 import schema_detection
from ...server.bootstrap import open_database, with_autoconf
from ...storage import entry_counts, schema
from ...storage.backup import backup as copy
from ...storage.transactions import Database
from ..error_messages import fail, message, reported
from ..output import console, make_table, say
from ..parameters import examples


@click.group(no_args_is_help=True)
def group() -> None:
    """Schema and backups of the database."""


@group.command(epilog=examples("kimai-remote db status"))
def status() -> None:
    """Show the version of the schema. Exit status 1 if the service can't use it."""
    with reported(), _database() as (database, _):
        from ...storage.migrations import runner

        state = schema.state(database)
        if state.is_empty:
            say(message(schema.SchemaMissing(database)))
            raise SystemExit(1)
        steps = runner.steps(database, state)
        table = make_table("Version", "What it brings", "Done", title=database.name)
        for step in steps:
            table.add_row(step.version, step.title, "yes" if step.done else "no")
        console().print(table)
        if not all(step.done for step in steps):
            say("Upgrade it with: kimai-remote db upgrade")
            raise SystemExit(1)
        if state.condition is schema.Condition.COMPATIBLE:
            say(_newer(state))


@group.command(epilog=examples("kimai-remote db upgrade"))
def upgrade() -> None:
    """Upgrade the schema to the version that this program needs.

    In a Kimai 1 database this adds tables and indexes; Kimai's own tables stay as they are.
    """
    with reported(), _database() as (database, settings):
        from ...storage.migrations import runner

        schema_detection.check_not_ancient(database)
        adopts = schema.state(database).condition is schema.Condition.FOREIGN
        if adopts:
            _check_adoption(database)
        made = runner.upgrade(database, lambda version: say(f"Version {version} …"))
        state = schema.state(database)
        if state.condition is schema.Condition.COMPATIBLE:
            say(_newer(state))
        elif not made:
            say(f"The schema is up to date ({schema.LATEST}).")
        if adopts and not settings.shared_with_kimai:
            say(
                f"If Kimai's PHP keeps using this database, set {PREFIX}SHARED_WITH_KIMAI=yes, so "
                "that it can still check passwords."
            )


@group.command(epilog=examples("kimai-remote db backup /var/backups/kimai.sqlite3 --overwrite"))
@click.argument("file", type=click.Path(path_type=Path), help="The file to write.")
@click.option("--overwrite", is_flag=True, help="Replace an existing file.")
def backup(file: Path, overwrite: bool) -> None:
    """Copy an SQLite database, also while it is served."""
    with reported(), _database() as (database, _), console().status("Copying …"):
        size = copy(database, file, overwrite=overwrite)
    say(f"{file}: {size:,} bytes, checked.")


@group.command(epilog=examples("kimai-remote db recount"))
def recount() -> None:
    """Recalculate the stored counts of time entries and expenses, and create their triggers again.

    This is needed only after rows were changed without the triggers, for example by restoring data
    alone. 'kimai-remote doctor' tells whether it is. Users can record time meanwhile.
    """
    with reported(), _database() as (database, _):
        state = schema.state(database)
        schema.check(database, state)
        if state.condition is schema.Condition.COMPATIBLE:
            fail(f"{_newer(state)} Only that one knows its counts.")
        with console().status("Recalculating …") as status:
            users = entry_counts.recount(
                database,
                lambda done, total: status.update(f"Recalculating … {done:,} of {total:,} users"),
            )
    if users is not None:
        were = "counts of 1 user were" if users == 1 else f"counts of {users:,} users were"
        say(f"Recalculated; the {were} wrong.")
    else:
        say("This database stores no counts; entries are counted on request.")


def _newer(state: schema.SchemaState) -> str:
    return (
        f"A newer kimai-remote has upgraded the schema to version {state.version}; this one "
        f"({schema.LATEST}) can serve it too."
    )


def _check_adoption(database: Database) -> None:
    kimai = schema_detection.detect(database)
    # A database of ours whose creation broke off has no revision yet.
    if kimai.revision is not None and kimai.adoption_problem:
        fail(kimai.adoption_problem)


@contextmanager
def _database() -> Iterator[tuple[Database, Settings]]:
    settings = with_autoconf(load_settings(statement_timeout=0))
    database = open_database(settings)
    try:
        yield database, settings
    finally:
        database.close()
