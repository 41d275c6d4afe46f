"""``kimai-remote db``: the schema and backups of the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from ...config import PREFIX, Settings
from ...kimai1 import schema_detection
from ...server.bootstrap import open_database, with_autoconf
from ...storage import backup as backups
from ...storage import entry_counts, schema
from ...storage.transactions import Database
from ..examples import examples
from ..output import console, fail, reported

app = typer.Typer(help="Schema and backups of the database.", no_args_is_help=True)


@app.command(epilog=examples("kimai-remote db status"))
def status() -> None:
    """Say which version the schema has. Exit status 1 if the service can't run on it."""
    with reported(), _database() as (database, _):
        from ...storage.migrations import runner

        if schema.is_empty(database):
            console.print(
                f"There are no tables {database.prefix}… in {database.name} yet; "
                "'kimai-remote serve' creates them.",
                markup=False,
            )
            raise typer.Exit(1)
        steps = runner.steps(database)
        table = Table(title=database.name, title_justify="left")
        for heading in ("Version", "What it brings", "Done"):
            table.add_column(heading)
        for step in steps:
            table.add_row(step.version, step.title, "yes" if step.done else "no")
        console.print(table)
        if not all(step.done for step in steps):
            console.print("Bring it up to date with: kimai-remote db upgrade", markup=False)
            raise typer.Exit(1)


@app.command(epilog=examples("kimai-remote db upgrade"))
def upgrade() -> None:
    """Bring the schema to the version that this program needs.

    In a Kimai 1 database this adds tables and indexes of our own; Kimai's tables stay as they are.
    """
    with reported(), _database() as (database, settings):
        from ...storage.migrations import runner

        schema_detection.check_not_ancient(database)
        adopts = not schema.is_empty(database) and schema.version(database) is None
        if adopts:
            _check_adoption(database)
        made = runner.upgrade(database, lambda version: console.print(f"Version {version} …"))
        if not made:
            console.print(f"The schema is up to date ({schema.LATEST}).", markup=False)
        if adopts and not settings.shared_with_kimai:
            console.print(
                f"If Kimai's PHP goes on using this database, set {PREFIX}SHARED_WITH_KIMAI=yes, "
                "so that passwords stay in the form that it can check.",
                markup=False,
            )


@app.command(epilog=examples("kimai-remote db backup /var/backups/kimai.sqlite3 --overwrite"))
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file.")] = False,
) -> None:
    """Copy an SQLite database while it is served."""
    with reported(), _database() as (database, _), console.status("Copying …"):
        size = _backup(database, file, overwrite)
    console.print(f"{file}: {size:,} bytes, checked.", markup=False)


@app.command(epilog=examples("kimai-remote db recount"))
def recount() -> None:
    """Count all time entries again, and make the triggers that keep their numbers.

    Needed only after rows were changed behind the triggers' back, as a restore of data alone does;
    'kimai-remote doctor' tells.
    """
    with reported(), _database() as (database, _):
        schema.check(database)
        with database.begin() as connection:
            wrong = entry_counts.mismatches(connection)
            kept = entry_counts.enable(connection)
    if kept:
        console.print(f"Counted again; the numbers of {len(wrong)} users were wrong.")
    else:
        console.print("No numbers are kept here: entries are counted when they are asked for.")


def _backup(database: Database, file: Path, overwrite: bool) -> int:
    try:
        return backups.backup(database, file, overwrite=overwrite)
    except backups.ServerDatabase as error:
        fail(f"{error} Back it up with {error.dump_program}.")


def _check_adoption(database: Database) -> None:
    kimai = schema_detection.detect(database)
    # A database of ours whose creation broke off has no revision yet.
    if kimai.revision is not None and kimai.adoption_problem:
        fail(kimai.adoption_problem)


@contextmanager
def _database() -> Iterator[tuple[Database, Settings]]:
    settings = with_autoconf(Settings.from_environment(statement_timeout=0))
    database = open_database(settings)
    try:
        yield database, settings
    finally:
        database.close()
