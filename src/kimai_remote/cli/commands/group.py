"""``kimai-remote group``."""

from __future__ import annotations

from typing import Annotated

import typer

from ...tracking.admin import editing
from ...tracking.admin.entities import GROUP
from ..examples import examples
from . import resource as commands
from .parameters import All, Json, NewName, Trashed

app = typer.Typer(help="Groups of users and what they see.", no_args_is_help=True)


@app.command("list", epilog=examples("kimai-remote group list"))
def list_(trashed: Trashed = False, everything: All = False, as_json: Json = False) -> None:
    """List groups, by name."""
    columns = {"groupID": "No.", "name": "Name"}
    commands.show_list(GROUP, columns, as_json, trashed=trashed, everything=everything)


@app.command(epilog=examples("kimai-remote group add Design"))
def add(name: NewName, as_json: Json = False) -> None:
    """Add a group. Users, customers, projects and activities get into it by their 'assign'."""
    commands.change(
        GROUP,
        "add",
        "is added",
        lambda session: editing.add(session, GROUP, {"name": name}),
        as_json,
        ["name"],
    )


@app.command(epilog=examples('kimai-remote group edit Design --name "Design and text"'))
def edit(
    group: Annotated[str, typer.Argument(help="The group, by number or name.")],
    name: Annotated[str, typer.Option(help="Another name.")],
    as_json: Json = False,
) -> None:
    """Give a group another name."""
    commands.change(
        GROUP,
        "edit",
        "is changed",
        lambda session: editing.edit(session, GROUP, group, {"name": name}),
        as_json,
        ["name"],
    )


commands.add_common(app, GROUP, "Design")
