"""``kimai-remote role``: global roles, and with ``--membership`` those inside a group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from ...tracking.admin import roles
from ...tracking.admin.entities import GLOBAL_ROLE, MEMBERSHIP_ROLE, Kind
from ..context import open_admin
from ..examples import examples
from ..output import Yes, confirm, print_change, print_json, print_record, print_records
from .parameters import Json, NewName

app = typer.Typer(help="Roles: who may do what.", no_args_is_help=True)

Membership = Annotated[
    bool, typer.Option("--membership", help="A membership role, not a global one.")
]
Role = Annotated[str, typer.Argument(help="The role, by number or name.")]


def _complete_right(ctx: typer.Context, incomplete: str) -> list[str]:
    known = roles.RIGHTS[_kind(bool(ctx.params.get("membership")))]
    return [right for right in known if right.startswith(incomplete)]


Rights = Annotated[
    list[str],
    typer.Argument(
        help="Names of rights, or patterns such as 'ki_expenses-*'.",
        autocompletion=_complete_right,
    ),
]


@app.command("list", epilog=examples("kimai-remote role list"))
def list_(as_json: Json = False) -> None:
    """List global roles and membership roles."""
    with open_admin() as admin:
        records = admin.read(
            lambda session: [
                {"number": role[kind.key], **role}
                for kind in (GLOBAL_ROLE, MEMBERSHIP_ROLE)
                for role in roles.listing(session, kind)
            ]
        )
    if as_json:
        for record in records:
            del record["number"]
        print_json(records)
        return
    for record in records:
        record["count"] = len(record["rights"])
    columns = {"kind": "Kind", "number": "No.", "name": "Name", "count": "Rights", "users": "Users"}
    print_records(records, columns, as_json=False)


@app.command(
    epilog=examples(
        "kimai-remote role show User", "kimai-remote role show Groupleader --membership"
    )
)
def show(role: Role, membership: Membership = False, as_json: Json = False) -> None:
    """Show a role and its rights."""
    kind = _kind(membership)
    with open_admin() as admin:
        record = admin.read(lambda session: roles.show(session, kind, role))
    print_record(record, as_json=as_json)


@app.command(epilog=examples("kimai-remote role rights", "kimai-remote role rights --membership"))
def rights(membership: Membership = False, as_json: Json = False) -> None:
    """List the rights that roles can have."""
    known = roles.RIGHTS[_kind(membership)]
    if as_json:
        print_json(known)
    else:
        typer.echo("\n".join(known))


@app.command(
    epilog=examples(
        "kimai-remote role add Controller --like User",
        "kimai-remote role add Reviewer --membership",
    )
)
def add(
    name: NewName,
    membership: Membership = False,
    like: Annotated[
        str | None, typer.Option(metavar="ROLE", help="The role whose rights it gets.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Add a role, without any rights by default."""
    kind = _kind(membership)
    _change(kind, "add", "is added", lambda s: roles.add(s, kind, name, like), as_json, ["name"])


@app.command(epilog=examples("kimai-remote role edit Controller --name Controlling"))
def edit(
    role: Role,
    name: Annotated[str, typer.Option(help="Another name.")],
    membership: Membership = False,
    as_json: Json = False,
) -> None:
    """Give a role another name."""
    kind = _kind(membership)
    _change(
        kind, "edit", "is changed", lambda s: roles.rename(s, kind, role, name), as_json, ["name"]
    )


@app.command(
    epilog=examples(
        "kimai-remote role grant Controller core-user-otherGroup-view",
        "kimai-remote role grant Groupleader 'ki_expenses-*' --membership",
    )
)
def grant(
    role: Role, rights: Rights, membership: Membership = False, as_json: Json = False
) -> None:
    """Give rights to a role; whoever has it has them from the next call on."""
    kind = _kind(membership)
    _change(
        kind,
        "grant",
        "has them now",
        lambda s: roles.set_rights(s, kind, role, rights, granted=True),
        as_json,
        rights,
    )


@app.command(epilog=examples("kimai-remote role revoke Controller ki_timesheets-showRates"))
def revoke(
    role: Role, rights: Rights, membership: Membership = False, as_json: Json = False
) -> None:
    """Take rights from a role."""
    kind = _kind(membership)
    _change(
        kind,
        "revoke",
        "doesn't have them any more",
        lambda s: roles.set_rights(s, kind, role, rights, granted=False),
        as_json,
        rights,
    )


@app.command(epilog=examples("kimai-remote role remove Controller --yes"))
def remove(
    role: Role, membership: Membership = False, yes: Yes = False, as_json: Json = False
) -> None:
    """Remove a role that nobody has, for good."""
    kind = _kind(membership)
    with open_admin() as admin:
        found = admin.read(lambda session: roles.show(session, kind, role))
    confirm(f"The {kind.noun} {found['name']!r} is going to be removed.", yes)
    _change(
        kind,
        "remove",
        "is removed",
        lambda s: roles.remove(s, kind, f"id:{found[kind.key]}"),
        as_json,
    )


def _kind(membership: bool) -> Kind:
    return MEMBERSHIP_ROLE if membership else GLOBAL_ROLE


def _change(
    kind: Kind,
    command: str,
    done: str,
    work: Callable[[Session], Mapping[str, Any]],
    as_json: bool,
    fields: Sequence[str] = (),
) -> None:
    with open_admin() as admin:
        record = admin.change(f"role {command}", work, fields=fields)
    sentence = f"{kind.noun.capitalize()} {record[kind.key]}, {record['name']}, {done}."
    print_change(record, sentence, as_json=as_json)
