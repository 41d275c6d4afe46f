"""``kimai-remote role``: global roles, and with ``--membership`` those inside a group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click
from sqlalchemy.orm import Session

from ...tracking.admin import roles
from ...tracking.admin.entities import GLOBAL_ROLE, MEMBERSHIP_ROLE, EntityType
from ..admin_context import open_admin
from ..output import confirm, print_change, print_json, print_record, print_records
from ..parameters import examples, json_option, yes_option

COLUMNS = {"kind": "Type", "roleID": "ID", "name": "Name", "count": "Rights", "users": "Users"}
LABELS = {"roleID": "ID", "name": "Name", "kind": "Type", "users": "Users", "rights": "Rights"}


def _role_type(is_membership: bool) -> EntityType:
    return MEMBERSHIP_ROLE if is_membership else GLOBAL_ROLE


def _complete_right(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    rights = roles.RIGHTS[_role_type(ctx.params.get("is_membership", False))]
    return [right for right in rights if right.startswith(incomplete)]


role_argument = click.argument("role", help="Name or ID of the role.")
rights_argument = click.argument(
    "rights",
    nargs=-1,
    required=True,
    shell_complete=_complete_right,
    help="Names of rights, or patterns such as 'ki_expenses-*'.",
)
membership_option = click.option(
    "--membership", "is_membership", is_flag=True, help="A membership role, not a global role."
)


@click.group(no_args_is_help=True)
def group() -> None:
    """Roles and their rights."""


@group.command("list", epilog=examples("kimai-remote role list"))
@json_option
def list_(as_json: bool) -> None:
    """List global roles and membership roles."""
    with open_admin() as admin:
        records = admin.read(
            lambda session: [
                (role_type, role)
                for role_type in (GLOBAL_ROLE, MEMBERSHIP_ROLE)
                for role in roles.listing(session, role_type)
            ]
        )
    if as_json:
        print_json([role for _, role in records])
        return
    rows = [
        {**role, "roleID": role[role_type.key], "count": len(role["rights"])}
        for role_type, role in records
    ]
    print_records(rows, COLUMNS, as_json=False)


@group.command(
    epilog=examples(
        "kimai-remote role show User", "kimai-remote role show Groupleader --membership"
    )
)
@role_argument
@membership_option
@json_option
def show(role: str, is_membership: bool, as_json: bool) -> None:
    """Show a role and its rights."""
    role_type = _role_type(is_membership)
    with open_admin() as admin:
        record = admin.read(lambda session: roles.show(session, role_type, role))
    labels = {role_type.key if name == "roleID" else name: LABELS[name] for name in LABELS}
    print_record(record, labels, as_json=as_json)


@group.command(epilog=examples("kimai-remote role rights", "kimai-remote role rights --membership"))
@membership_option
@json_option
def rights(is_membership: bool, as_json: bool) -> None:
    """List the rights that roles can have."""
    names = roles.RIGHTS[_role_type(is_membership)]
    if as_json:
        print_json(names)
    else:
        click.echo("\n".join(names))


@group.command(
    epilog=examples(
        "kimai-remote role add Controller --like User",
        "kimai-remote role add Reviewer --membership",
    )
)
@click.argument("name", help="The name.")
@membership_option
@click.option("--like", metavar="ROLE", help="Role to copy the rights from.")
@json_option
def add(name: str, is_membership: bool, like: str | None, as_json: bool) -> None:
    """Add a role. It has no rights by default."""
    role_type = _role_type(is_membership)
    _change(
        role_type,
        "add",
        "is added",
        lambda session: roles.add(session, role_type, name, like),
        as_json,
        ["name"],
    )


@group.command(epilog=examples("kimai-remote role edit Controller --name Controlling"))
@role_argument
@click.option("--name", required=True, help="A new name.")
@membership_option
@json_option
def edit(role: str, name: str, is_membership: bool, as_json: bool) -> None:
    """Rename a role."""
    role_type = _role_type(is_membership)
    _change(
        role_type,
        "edit",
        "is changed",
        lambda session: roles.rename(session, role_type, role, name),
        as_json,
        ["name"],
    )


@group.command(
    epilog=examples(
        "kimai-remote role grant Controller core-user-otherGroup-view",
        "kimai-remote role grant Groupleader 'ki_expenses-*' --membership",
    )
)
@role_argument
@rights_argument
@membership_option
@json_option
def grant(role: str, rights: Sequence[str], is_membership: bool, as_json: bool) -> None:
    """Grant rights to a role. They apply from the next call on."""
    _set_rights("grant", "has these rights now", role, rights, is_membership, as_json)


@group.command(epilog=examples("kimai-remote role revoke Controller ki_timesheets-showRates"))
@role_argument
@rights_argument
@membership_option
@json_option
def revoke(role: str, rights: Sequence[str], is_membership: bool, as_json: bool) -> None:
    """Revoke rights from a role."""
    _set_rights("revoke", "no longer has these rights", role, rights, is_membership, as_json)


@group.command(epilog=examples("kimai-remote role remove Controller --yes"))
@role_argument
@membership_option
@yes_option
@json_option
def remove(role: str, is_membership: bool, yes: bool, as_json: bool) -> None:
    """Remove a role that no user has, permanently."""
    role_type = _role_type(is_membership)
    with open_admin() as admin:
        record = admin.read(lambda session: roles.show(session, role_type, role))
    confirm(f"This removes the {role_type.noun} {record['name']!r}.", yes)
    reference = f"id:{record[role_type.key]}"
    _change(
        role_type,
        "remove",
        "is removed",
        lambda session: roles.remove(session, role_type, reference),
        as_json,
    )


def _set_rights(
    command: str, done: str, role: str, rights: Sequence[str], is_membership: bool, as_json: bool
) -> None:
    role_type = _role_type(is_membership)
    _change(
        role_type,
        command,
        done,
        lambda session: roles.set_rights(
            session, role_type, role, rights, granted=command == "grant"
        ),
        as_json,
        rights,
    )


def _change(
    role_type: EntityType,
    command: str,
    done: str,
    work: Callable[[Session], Mapping[str, Any]],
    as_json: bool,
    fields: Sequence[str] = (),
) -> None:
    with open_admin() as admin:
        record = admin.change(f"role {command}", work, fields=fields)
    sentence = f"{role_type.noun.capitalize()} {record[role_type.key]}, {record['name']}, {done}."
    print_change(record, sentence, as_json=as_json)
