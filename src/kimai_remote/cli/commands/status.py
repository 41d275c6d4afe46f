"""``kimai-remote status``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from ...tracking.admin import statuses
from ..context import open_admin
from ..examples import examples
from ..output import Yes, confirm, print_change, print_record, print_records
from .parameters import Json, NewName

app = typer.Typer(help="Statuses of time entries.", no_args_is_help=True)

Status = Annotated[str, typer.Argument(help="The status, by number or name.")]


@app.command("list", epilog=examples("kimai-remote status list"))
def list_(as_json: Json = False) -> None:
    """List statuses, and how many time entries have them."""
    with open_admin() as admin:
        records = admin.read(statuses.listing)
    columns = {"statusID": "No.", "status": "Status", "entries": "Entries", "default": "Default"}
    print_records(records, columns, as_json=as_json)


@app.command(epilog=examples("kimai-remote status show open"))
def show(status: Status, as_json: Json = False) -> None:
    """Show a status."""
    with open_admin() as admin:
        record = admin.read(lambda session: statuses.show(session, status))
    print_record(record, as_json=as_json)


@app.command(epilog=examples("kimai-remote status add billed"))
def add(name: NewName, as_json: Json = False) -> None:
    """Add a status."""
    _change("add", "is added", lambda session: statuses.add(session, name), as_json)


@app.command(epilog=examples("kimai-remote status edit billed --name invoiced"))
def edit(
    status: Status,
    name: Annotated[str, typer.Option(help="Another name.")],
    as_json: Json = False,
) -> None:
    """Give a status another name."""
    _change("edit", "is changed", lambda session: statuses.rename(session, status, name), as_json)


@app.command(epilog=examples("kimai-remote status remove invoiced --yes"))
def remove(status: Status, yes: Yes = False, as_json: Json = False) -> None:
    """Remove a status that no time entry has, for good."""
    with open_admin() as admin:
        found = admin.read(lambda session: statuses.show(session, status))
    confirm(f"The status {found['status']!r} is going to be removed.", yes)
    number = f"id:{found['statusID']}"
    _change("remove", "is removed", lambda session: statuses.remove(session, number), as_json)


def _change(
    command: str, done: str, work: Callable[[Session], Mapping[str, Any]], as_json: bool
) -> None:
    with open_admin() as admin:
        record = admin.change(f"status {command}", work, fields=["status"])
    sentence = f"Status {record['statusID']}, {record['status']}, {done}."
    print_change(record, sentence, as_json=as_json)
