"""``kimai-remote project``."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from ...storage import models as m
from ...tracking.admin import accounts, editing
from ...tracking.admin.entities import PROJECT
from ...tracking.validation import without_none
from ..examples import examples
from . import resource as commands
from .parameters import (
    All,
    Groups,
    InGroup,
    Json,
    NewName,
    Planned,
    Renamed,
    SameName,
    Shown,
    Trashed,
    with_options,
)

app = typer.Typer(help="Projects of customers.", no_args_is_help=True)

Project = Annotated[str, typer.Argument(help="The project, by number or name.")]
OfCustomer = Annotated[
    str | None, typer.Option(metavar="CUSTOMER", help="Only projects of this customer.")
]


class Fields(Shown, Planned, total=False):
    """What is known of a project besides its name and customer."""

    internal: Annotated[
        bool | None,
        typer.Option("--internal/--external", help="Internal ones are kept from the customer."),
    ]


class Changes(Renamed, Fields, total=False):
    """What can be changed of a project."""


@app.command(
    "list",
    epilog=examples(
        "kimai-remote project list", 'kimai-remote project list --customer "Blue Harbour"'
    ),
)
def list_(
    customer: OfCustomer = None,
    group: InGroup = None,
    trashed: Trashed = False,
    everything: All = False,
    as_json: Json = False,
) -> None:
    """List projects, by name."""
    columns = {
        "projectID": "No.",
        "name": "Name",
        "customerName": "Customer",
        "budget": "Budget",
        "visible": "Visible",
        "internal": "Internal",
        "groups": "Groups",
    }
    commands.show_list(
        PROJECT,
        columns,
        as_json,
        trashed=trashed,
        everything=everything,
        group=group,
        customer=customer,
    )


@app.command(
    epilog=examples(
        'kimai-remote project add "Fleet tracking" --customer "Blue Harbour" --group Design '
        "--budget 48000 --effort 400"
    )
)
@with_options(Fields)
def add(
    name: NewName,
    customer: Annotated[
        str, typer.Option(metavar="CUSTOMER", help="Whose project, by number or name.")
    ],
    groups: Groups = None,
    same_name: SameName = False,
    as_json: Json = False,
    **fields: Any,
) -> None:
    """Add a project to a customer."""
    values = {"name": name, **without_none(**fields)}

    def work(session: Session) -> m.Project:
        number = accounts.project_customer(session, customer)
        project: m.Project = editing.add(
            session, PROJECT, values, same_name=same_name, customerID=number
        )
        commands.in_groups(session, PROJECT, project, groups or ())
        return project

    record = commands.change(PROJECT, "add", "is added", work, as_json, list(values))
    commands.hint_at_groups(PROJECT, record)


@app.command(
    epilog=examples(
        'kimai-remote project edit "Fleet tracking" --budget 52000 --approved 40000 --internal'
    )
)
@with_options(Changes)
def edit(
    project: Project,
    customer: Annotated[
        str | None, typer.Option(metavar="CUSTOMER", help="The customer that gets it.")
    ] = None,
    same_name: SameName = False,
    as_json: Json = False,
    **fields: Any,
) -> None:
    """Change a project: what is given, and nothing else."""
    values = without_none(**fields)

    def work(session: Session) -> m.Project:
        columns = {}
        if customer is not None:
            columns["customerID"] = accounts.project_customer(session, customer)
        changed: m.Project = editing.edit(
            session, PROJECT, project, values, same_name=same_name, **columns
        )
        return changed

    commands.change(
        PROJECT, "edit", "is changed", work, as_json, [*values, *without_none(customer=customer)]
    )


commands.add_common(app, PROJECT, '"Fleet tracking"')
commands.add_assignment(app, PROJECT, '"Fleet tracking"')
