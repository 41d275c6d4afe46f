"""Commands that every kind of object has: show, trash, restore; and how all of them report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import typer
from sqlalchemy.orm import Session

from ...errors import Refused
from ...tracking.admin import accounts, assignments, editing, queries
from ...tracking.admin.entities import Kind, find
from ..context import AdminContext, Record, open_admin
from ..examples import examples
from ..output import note, print_change, print_record, print_records
from .parameters import All, InGroup, Json, SomeGroups, Trashed, Which


def show_list(
    kind: Kind,
    columns: Mapping[str, str],
    as_json: bool,
    *,
    trashed: bool,
    everything: bool,
    **filters: Any,
) -> None:
    """Print the objects that fit.

    :param columns: headings by field.
    :param trashed: only those in the trash; ``everything``: those too.
    :param filters: as for :func:`queries.listing`.
    """
    trash: queries.Trash = "all" if everything else "only" if trashed else "no"
    with open_admin() as admin:
        records = admin.read(lambda session: queries.listing(session, kind, trash=trash, **filters))
    print_records(records, columns, as_json=as_json)


def change(
    kind: Kind,
    command: str,
    done: str | Callable[[Record], str],
    work: Callable[[Session], Any],
    as_json: bool,
    fields: Sequence[str] = (),
) -> Record:
    """Change an object and print it.

    :param done: what was done to it, as in "is added", or what tells so by how it is now.
    :param work: returns the object.
    :param fields: names of what was given.
    """
    with open_admin() as admin:
        return change_in(admin, kind, command, done, work, as_json, fields)


def change_in(
    admin: AdminContext,
    kind: Kind,
    command: str,
    done: str | Callable[[Record], str],
    work: Callable[[Session], Any],
    as_json: bool,
    fields: Sequence[str] = (),
) -> Record:
    """:func:`change` where the database is open already.

    :raises Refused: nothing is given that an object could be changed by.
    """
    if command == "edit" and not fields:
        raise Refused(
            f"Nothing is given to be changed; 'kimai-remote {kind.noun} edit --help' lists what "
            "can be."
        )

    def whole(session: Session) -> Record:
        number = getattr(work(session), kind.key)
        return queries.show(session, kind, f"id:{number}")

    record = admin.change(f"{kind.noun} {command}", whole, fields=fields)
    said = done if isinstance(done, str) else done(record)
    sentence = f"{kind.noun.capitalize()} {record[kind.key]}, {record[kind.name]}, {said}."
    print_change(record, sentence, as_json=as_json)
    return record


def membership(record: Record) -> str:
    """Which groups an object is in, as the end of a sentence."""
    names = [group["name"] for group in record["groups"]]
    return f"is in {', '.join(names)}" if names else "is in no group"


def hint_at_groups(kind: Kind, record: Mapping[str, Any]) -> None:
    """What is in no group is nobody's to see."""
    if not record["groups"]:
        number = record[kind.key]
        note(
            f"It is in no group yet, so nobody sees it: kimai-remote {kind.noun} assign {number} "
            "--group GROUP"
        )


def add_list(app: typer.Typer, kind: Kind, columns: Mapping[str, str]) -> None:
    """The command list, for objects that are told apart by groups alone.

    :param columns: headings by field.
    """
    command = f"kimai-remote {kind.noun} list"

    @app.command(
        "list",
        help=f"List {kind.plural}, by name.",
        epilog=examples(command, f"{command} --group Design --json"),
    )
    def list_(
        group: InGroup = None,
        trashed: Trashed = False,
        everything: All = False,
        as_json: Json = False,
    ) -> None:
        show_list(kind, columns, as_json, trashed=trashed, everything=everything, group=group)


def add_unban(app: typer.Typer, kind: Kind, example: str) -> None:
    """The command unban, for those who log in.

    :param example: name of an object in examples.
    """

    @app.command(
        "unban",
        help="End the ban that failed logins have led to.",
        epilog=examples(f"kimai-remote {kind.noun} unban {example}"),
    )
    def unban(which: Which, as_json: Json = False) -> None:
        change(
            kind,
            "unban",
            "may log in again",
            lambda session: accounts.unban(session, kind, which),
            as_json,
        )


def add_common(app: typer.Typer, kind: Kind, example: str) -> None:
    """The commands show, trash and restore.

    :param example: name of an object in examples.
    """

    @app.command(
        "show",
        help=f"Show one {kind.noun} and what belongs to it.",
        epilog=examples(f"kimai-remote {kind.noun} show {example}"),
    )
    def show(which: Which, as_json: Json = False) -> None:
        with open_admin() as admin:
            record = admin.read(lambda session: queries.show(session, kind, which))
        print_record(record, as_json=as_json)

    @app.command(
        "trash",
        help=f"Put a {kind.noun} into the trash. Its entries stay, and 'restore' brings it back.",
        epilog=examples(f"kimai-remote {kind.noun} trash {example}"),
    )
    def trash(which: Which, as_json: Json = False) -> None:
        change(
            kind,
            "trash",
            "is in the trash",
            lambda session: editing.set_trash(session, kind, which, trash=True),
            as_json,
        )

    @app.command(
        "restore",
        help=f"Take a {kind.noun} out of the trash.",
        epilog=examples(f"kimai-remote {kind.noun} restore {example}"),
    )
    def restore(which: Which, as_json: Json = False) -> None:
        change(
            kind,
            "restore",
            "is restored",
            lambda session: editing.set_trash(session, kind, which, trash=False),
            as_json,
        )


def add_assignment(app: typer.Typer, kind: Kind, example: str) -> None:
    """The commands assign and unassign, for objects that groups only see."""

    @app.command(
        "assign",
        help=f"Let the members of groups see a {kind.noun}.",
        epilog=examples(f"kimai-remote {kind.noun} assign {example} --group Design"),
    )
    def assign(which: Which, groups: SomeGroups, as_json: Json = False) -> None:
        change(
            kind,
            "assign",
            membership,
            lambda session: in_groups(session, kind, find(session, kind, which), groups),
            as_json,
            ["group"],
        )

    @app.command(
        "unassign",
        help=f"Take a {kind.noun} out of groups.",
        epilog=examples(f"kimai-remote {kind.noun} unassign {example} --group Design"),
    )
    def unassign(which: Which, groups: SomeGroups, as_json: Json = False) -> None:
        change(
            kind,
            "unassign",
            membership,
            lambda session: out_of_groups(session, kind, find(session, kind, which), groups),
            as_json,
            ["group"],
        )


def in_groups(session: Session, kind: Kind, entity: Any, groups: Sequence[str]) -> Any:
    for group in groups:
        assignments.assign(session, kind, entity, group)
    return entity


def out_of_groups(session: Session, kind: Kind, entity: Any, groups: Sequence[str]) -> Any:
    for group in groups:
        assignments.unassign(session, kind, entity, group)
    return entity
