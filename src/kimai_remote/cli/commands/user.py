"""``kimai-remote user``."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict

import typer
from sqlalchemy.orm import Session

from ...storage import models as m
from ...tracking.admin import accounts, assignments
from ...tracking.admin.entities import USER, find
from ...tracking.validation import without_none
from ..examples import examples
from ..output import note
from . import resource as commands
from .parameters import Groups, Json, NewName, Renamed, SomeGroups, with_options

app = typer.Typer(help="Users: who records time.", no_args_is_help=True)

User = Annotated[str, typer.Argument(help="The user, by number or name.")]
Role = Annotated[
    str | None, typer.Option("--role", metavar="ROLE", help="Global role, by number or name.")
]
MembershipRole = Annotated[
    str | None,
    typer.Option(metavar="ROLE", help="Membership role in these groups; User by default."),
]
Timezone = Annotated[
    str | None,
    typer.Option(metavar="ZONE", help="Time zone, such as Europe/Berlin; the server's by default."),
]


class Fields(TypedDict, total=False):
    """What is known of a user besides the name."""

    alias: Annotated[str | None, typer.Option("--alias", help="Name that reports show.")]
    mail: Annotated[str | None, typer.Option("--mail", help="Mail address.")]
    active: Annotated[
        bool | None, typer.Option("--active/--inactive", help="Whether the user may log in.")
    ]


class Changes(Renamed, Fields, total=False):
    """What can be changed of a user."""


commands.add_list(
    app,
    USER,
    {
        "userID": "No.",
        "name": "Name",
        "alias": "Alias",
        "globalRole": "Role",
        "active": "Active",
        "hasPassword": "Password",
        "groups": "Groups",
    },
)


@app.command(
    epilog=examples(
        "kimai-remote user add anna --role Admin --group Design --membership-role Admin",
        'kimai-remote user add ben --alias "Ben Ode" --mail ben@example.com --group Design',
    )
)
@with_options(Fields)
def add(
    name: NewName,
    role: Role = None,
    groups: Groups = None,
    membership_role: MembershipRole = None,
    timezone: Timezone = None,
    as_json: Json = False,
    **fields: Any,
) -> None:
    """Add a user, with the global role User by default. Set a password then: 'password set'."""
    values = {"name": name, **without_none(**fields)}
    record = commands.change(
        USER,
        "add",
        "is added",
        lambda session: accounts.add_user(
            session,
            values,
            role=role,
            timezone=timezone,
            groups=groups or (),
            membership_role=membership_role,
        ),
        as_json,
        list(values),
    )
    commands.hint_at_groups(USER, record)
    note(f"Set a password with: kimai-remote password set {record['userID']}")


@app.command(
    epilog=examples(
        "kimai-remote user edit ben --inactive",
        "kimai-remote user edit ben --role Admin --timezone Europe/Berlin",
    )
)
@with_options(Changes)
def edit(
    user: User,
    role: Role = None,
    timezone: Timezone = None,
    as_json: Json = False,
    **fields: Any,
) -> None:
    """Change a user: what is given, and nothing else."""
    values = without_none(**fields)
    commands.change(
        USER,
        "edit",
        "is changed",
        lambda session: accounts.edit_user(session, user, values, role=role, timezone=timezone),
        as_json,
        [*values, *without_none(role=role, timezone=timezone)],
    )


@app.command(
    epilog=examples("kimai-remote user assign ben --group Design --membership-role Groupleader")
)
def assign(
    user: User,
    groups: SomeGroups,
    membership_role: MembershipRole = None,
    as_json: Json = False,
) -> None:
    """Make a user a member of groups, or give a member another role there."""

    def work(session: Session) -> m.User:
        found: m.User = find(session, USER, user)
        for group in groups:
            assignments.join(session, found, group, membership_role)
        return found

    commands.change(USER, "assign", commands.membership, work, as_json, ["group"])


@app.command(epilog=examples("kimai-remote user unassign ben --group Design"))
def unassign(user: User, groups: SomeGroups, as_json: Json = False) -> None:
    """End a user's membership of groups."""
    commands.change(
        USER,
        "unassign",
        commands.membership,
        lambda session: commands.out_of_groups(session, USER, find(session, USER, user), groups),
        as_json,
        ["group"],
    )


commands.add_common(app, USER, "ben")
commands.add_unban(app, USER, "ben")
