"""``kimai-remote activity``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from ...storage import models as m
from ...tracking.admin import assignments, editing
from ...tracking.admin.entities import ACTIVITY, find
from ...tracking.validation import without_none
from ..context import Record
from ..examples import examples
from ..output import fail
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

app = typer.Typer(help="Activities: the API's tasks.", no_args_is_help=True)

Activity = Annotated[str, typer.Argument(help="The activity, by number or name.")]
Projects = Annotated[
    list[str] | None,
    typer.Option(
        "--project", metavar="PROJECT", help="Project, by number or name; may be repeated."
    ),
]


class Changes(Renamed, Shown, total=False):
    """What can be changed of an activity."""


@app.command(
    "list",
    epilog=examples(
        "kimai-remote activity list", 'kimai-remote activity list --project "Fleet tracking"'
    ),
)
def list_(
    project: Annotated[
        str | None, typer.Option(metavar="PROJECT", help="Only those assigned to this project.")
    ] = None,
    group: InGroup = None,
    trashed: Trashed = False,
    everything: All = False,
    as_json: Json = False,
) -> None:
    """List activities, by name."""
    columns = {
        "activityID": "No.",
        "name": "Name",
        "comment": "Comment",
        "visible": "Visible",
        "groups": "Groups",
    }
    commands.show_list(
        ACTIVITY,
        columns,
        as_json,
        trashed=trashed,
        everything=everything,
        group=group,
        project=project,
    )


@app.command(
    epilog=examples(
        "kimai-remote activity add Consulting --group Design",
        'kimai-remote activity add "On-site visit" --group Design --project "Fleet tracking"',
    )
)
@with_options(Shown)
def add(
    name: NewName,
    groups: Groups = None,
    projects: Projects = None,
    same_name: SameName = False,
    as_json: Json = False,
    **fields: Any,
) -> None:
    """Add an activity. One that is assigned to no project is offered on every one."""
    values = {"name": name, **without_none(**fields)}

    def work(session: Session) -> m.Activity:
        activity: m.Activity = editing.add(session, ACTIVITY, values, same_name=same_name)
        commands.in_groups(session, ACTIVITY, activity, groups or ())
        return _on_projects(session, activity, projects or (), {})

    record = commands.change(ACTIVITY, "add", "is added", work, as_json, list(values))
    commands.hint_at_groups(ACTIVITY, record)


@app.command(epilog=examples('kimai-remote activity edit Consulting --comment "With customers"'))
@with_options(Changes)
def edit(
    activity: Activity,
    same_name: SameName = False,
    as_json: Json = False,
    **fields: Any,
) -> None:
    """Change an activity: what is given, and nothing else."""
    values = without_none(**fields)
    commands.change(
        ACTIVITY,
        "edit",
        "is changed",
        lambda session: editing.edit(session, ACTIVITY, activity, values, same_name=same_name),
        as_json,
        list(values),
    )


@app.command(
    epilog=examples(
        "kimai-remote activity assign Consulting --group Design",
        'kimai-remote activity assign Consulting --project "Fleet tracking" --budget 5000',
    )
)
@with_options(Planned)
def assign(
    activity: Activity,
    groups: Groups = None,
    projects: Projects = None,
    as_json: Json = False,
    **fields: Any,
) -> None:
    """Let groups see an activity; offer it on projects, or change what is planned for it there.

    An activity that is assigned to projects is offered on no others.
    """
    _check_some(groups, projects)
    planned = without_none(**fields)
    if planned and not projects:
        fail("--budget, --effort and --approved are those of a project; say which with --project.")

    def work(session: Session) -> m.Activity:
        found: m.Activity = find(session, ACTIVITY, activity)
        commands.in_groups(session, ACTIVITY, found, groups or ())
        return _on_projects(session, found, projects or (), planned)

    fields_given = list(without_none(group=groups, project=projects)) + list(planned)
    commands.change(ACTIVITY, "assign", _places, work, as_json, fields_given)


@app.command(
    epilog=examples('kimai-remote activity unassign Consulting --project "Fleet tracking"')
)
def unassign(
    activity: Activity, groups: Groups = None, projects: Projects = None, as_json: Json = False
) -> None:
    """Take an activity out of groups, or off projects."""
    _check_some(groups, projects)

    def work(session: Session) -> m.Activity:
        found: m.Activity = find(session, ACTIVITY, activity)
        commands.out_of_groups(session, ACTIVITY, found, groups or ())
        for project in projects or ():
            assignments.unassign_from_project(session, found, project)
        return found

    fields = list(without_none(group=groups, project=projects))
    commands.change(ACTIVITY, "unassign", _places, work, as_json, fields)


commands.add_common(app, ACTIVITY, "Consulting")


def _places(record: Record) -> str:
    """Who sees an activity, and on which projects, as the end of a sentence."""
    projects = ", ".join(project["name"] for project in record["projects"])
    return f"{commands.membership(record)} and offered on {projects or 'every project'}"


def _check_some(groups: Sequence[str] | None, projects: Sequence[str] | None) -> None:
    if not groups and not projects:
        fail("Say what with --group or --project.")


def _on_projects(
    session: Session, activity: m.Activity, projects: Sequence[str], planned: dict[str, str]
) -> m.Activity:
    for project in projects:
        assignments.assign_to_project(session, activity, project, planned)
    return activity
