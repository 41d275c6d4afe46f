"""``kimai-remote status``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click
from sqlalchemy.orm import Session

from ...tracking.admin import statuses
from ..admin_context import open_admin
from ..output import confirm, print_change, print_record, print_records
from ..parameters import examples, json_option, yes_option

COLUMNS = {"statusID": "ID", "status": "Status", "entries": "Entries", "default": "Default"}
LABELS = {"statusID": "ID", "status": "Status", "entries": "Time entries", "default": "Default"}

status_argument = click.argument("status", help="Name or ID of the status.")


@click.group(no_args_is_help=True)
def group() -> None:
    """Statuses of time entries."""


@group.command("list", epilog=examples("kimai-remote status list"))
@json_option
def list_(as_json: bool) -> None:
    """List statuses, and how many time entries have each."""
    with open_admin() as admin:
        records = admin.read(statuses.listing)
    print_records(records, COLUMNS, as_json=as_json)


@group.command(epilog=examples("kimai-remote status show open"))
@status_argument
@json_option
def show(status: str, as_json: bool) -> None:
    """Show a status."""
    with open_admin() as admin:
        record = admin.read(lambda session: statuses.show(session, status))
    print_record(record, LABELS, as_json=as_json)


@group.command(epilog=examples("kimai-remote status add billed"))
@click.argument("name", help="The name.")
@json_option
def add(name: str, as_json: bool) -> None:
    """Add a status."""
    _change("add", "is added", lambda session: statuses.add(session, name), as_json)


@group.command(epilog=examples("kimai-remote status edit billed --name invoiced"))
@status_argument
@click.option("--name", required=True, help="A new name.")
@json_option
def edit(status: str, name: str, as_json: bool) -> None:
    """Rename a status."""
    _change("edit", "is changed", lambda session: statuses.rename(session, status, name), as_json)


@group.command(epilog=examples("kimai-remote status remove invoiced --yes"))
@status_argument
@yes_option
@json_option
def remove(status: str, yes: bool, as_json: bool) -> None:
    """Remove a status that no time entry has, permanently."""
    with open_admin() as admin:
        record = admin.read(lambda session: statuses.show(session, status))
    confirm(f"This removes the status {record['status']!r}.", yes)
    reference = f"id:{record['statusID']}"
    _change("remove", "is removed", lambda session: statuses.remove(session, reference), as_json)


def _change(
    command: str, done: str, work: Callable[[Session], Mapping[str, Any]], as_json: bool
) -> None:
    with open_admin() as admin:
        record = admin.change(f"status {command}", work, fields=["status"])
    sentence = f"Status {record['statusID']}, {record['status']}, {done}."
    print_change(record, sentence, as_json=as_json)
