"""Roles: sets of rights, global ones and those inside a group."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ...errors import NotFound, Refused
from ...storage import models as m
from ...storage.rights import GLOBAL_RIGHTS, MEMBERSHIP_RIGHTS
from . import field_checks as checks
from .entities import GLOBAL_ROLE, MEMBERSHIP_ROLE, Kind, find, suggestion

RIGHTS: dict[Kind, tuple[str, ...]] = {
    GLOBAL_ROLE: GLOBAL_RIGHTS,
    MEMBERSHIP_ROLE: MEMBERSHIP_RIGHTS,
}


def listing(session: Session, kind: Kind) -> list[dict[str, Any]]:
    """All roles of a kind: number, name, the rights they have and the number of who has them."""
    bearer = _bearer(kind)
    count = select(bearer, func.count().label("users")).group_by(bearer).subquery()
    found = session.execute(
        select(*kind.columns, func.coalesce(count.c.users, 0).label("users"))
        .outerjoin(count, kind.key_column == count.c[kind.key])
        .order_by(kind.key_column)
    ).mappings()
    return [
        {
            kind.key: row[kind.key],
            "name": row["name"],
            "kind": "global" if kind is GLOBAL_ROLE else "membership",
            "rights": [right for right in RIGHTS[kind] if row[right]],
            "users": row["users"],
        }
        for row in found
    ]


def show(session: Session, kind: Kind, given: str) -> dict[str, Any]:
    """One role as :func:`listing` has it."""
    return _record(session, kind, _number(session, kind, given))


def add(session: Session, kind: Kind, name: str, like: str | None = None) -> dict[str, Any]:
    """A new role.

    :param like: the role whose rights it has; none by default.
    """
    rights = show(session, kind, like)["rights"] if like else []
    name = _free_name(session, kind, name, 0)
    values = {right: int(right in rights) for right in RIGHTS[kind]}
    role = kind.model(name=name, **values)
    session.add(role)
    session.flush()
    return _record(session, kind, getattr(role, kind.key))


def rename(session: Session, kind: Kind, given: str, name: str) -> dict[str, Any]:
    number = _number(session, kind, given)
    _update(session, kind, number, {"name": _free_name(session, kind, name, number)})
    return _record(session, kind, number)


def set_rights(
    session: Session, kind: Kind, given: str, rights: Sequence[str], *, granted: bool
) -> dict[str, Any]:
    """Grant rights to a role, or take them away.

    :param rights: names, or patterns with ``*``.
    :raises NotFound: there is no such right.
    """
    number = _number(session, kind, given)
    _update(session, kind, number, dict.fromkeys(matching(kind, rights), int(granted)))
    return _record(session, kind, number)


def matching(kind: Kind, patterns: Sequence[str]) -> list[str]:
    """The rights that names or patterns mean.

    :raises NotFound: one of them means none.
    """
    found: dict[str, None] = {}
    for pattern in patterns:
        rights = [right for right in RIGHTS[kind] if fnmatch.fnmatchcase(right, pattern)]
        if not rights:
            others = {name for known in RIGHTS.values() for name in known} - set(RIGHTS[kind])
            hint = (
                f" It is one of the other kind of role, not of a {kind.noun}."
                if pattern in others
                else suggestion(pattern, RIGHTS[kind])
            )
            raise NotFound(f"There is no right {pattern[:60]!r}.{hint}")
        found.update(dict.fromkeys(rights))
    return list(found)


def remove(session: Session, kind: Kind, given: str) -> dict[str, Any]:
    """Remove a role for good.

    :raises Refused: somebody has it, in the trash or not.
    """
    number = _number(session, kind, given)
    record = _record(session, kind, number)
    if record["users"]:
        raise Refused(
            f"{record['users']} users have the {kind.noun} {record['name']!r}, some perhaps in the "
            "trash; give them another one first."
        )
    session.execute(kind.model.__table__.delete().where(kind.key_column == number))  # type: ignore[attr-defined]
    return record


def _bearer(kind: Kind) -> Any:
    """The column in which a role's number is written down for each who has it."""
    table: Any = (m.User if kind is GLOBAL_ROLE else m.GroupUser).__table__
    return table.c[kind.key]


def _number(session: Session, kind: Kind, given: str) -> int:
    number: int = getattr(find(session, kind, given), kind.key)
    return number


def _record(session: Session, kind: Kind, number: int) -> dict[str, Any]:
    return next(role for role in listing(session, kind) if role[kind.key] == number)


def _update(session: Session, kind: Kind, number: int, values: dict[str, Any]) -> None:
    session.execute(update(kind.model).where(kind.key_column == number).values(values))


def _free_name(session: Session, kind: Kind, name: str, own: int) -> str:
    name = checks.named("name", name, kind.name_column.type.length)
    for number, other in session.execute(select(kind.key_column, kind.name_column)):
        if other == name and number != own:
            raise Refused(f"There is a {kind.noun} {name!r} already ({number}).")
    return name
