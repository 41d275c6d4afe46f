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
from .entities import (
    GLOBAL_ROLE,
    MEMBERSHIP_ROLE,
    EntityType,
    NameTaken,
    did_you_mean,
    find_id,
)

#: All rights by the type of role, GLOBAL_ROLE or MEMBERSHIP_ROLE.
RIGHTS: dict[EntityType, tuple[str, ...]] = {
    GLOBAL_ROLE: GLOBAL_RIGHTS,
    MEMBERSHIP_ROLE: MEMBERSHIP_RIGHTS,
}


def listing(session: Session, role_type: EntityType) -> list[dict[str, Any]]:
    """Return all roles of a type: ID, name, rights, and how many users have each."""
    bearers: Any = (m.User if role_type is GLOBAL_ROLE else m.GroupUser).__table__
    role_id = bearers.c[role_type.key]
    counts = select(role_id, func.count().label("users")).group_by(role_id).subquery()
    rows = session.execute(
        select(*role_type.columns, func.coalesce(counts.c.users, 0).label("users"))
        .outerjoin(counts, role_type.key_column == counts.c[role_type.key])
        .order_by(role_type.key_column)
    ).mappings()
    return [
        {
            role_type.key: row[role_type.key],
            "name": row["name"],
            "kind": "global" if role_type is GLOBAL_ROLE else "membership",
            "rights": [right for right in RIGHTS[role_type] if row[right]],
            "users": row["users"],
        }
        for row in rows
    ]


def show(session: Session, role_type: EntityType, reference: str) -> dict[str, Any]:
    """Return one role as :func:`listing` does."""
    return _record(session, role_type, find_id(session, role_type, reference))


def add(
    session: Session, role_type: EntityType, name: str, like: str | None = None
) -> dict[str, Any]:
    """Add a role.

    :param like: the role whose rights it gets; none by default.
    """
    rights = show(session, role_type, like)["rights"] if like else []
    values = {right: int(right in rights) for right in RIGHTS[role_type]}
    role = role_type.model(name=_free_name(session, role_type, name), **values)
    session.add(role)
    session.flush()
    return _record(session, role_type, getattr(role, role_type.key))


def rename(session: Session, role_type: EntityType, reference: str, name: str) -> dict[str, Any]:
    role_id = find_id(session, role_type, reference)
    name = _free_name(session, role_type, name, role_id)
    return _update(session, role_type, role_id, {"name": name})


def set_rights(
    session: Session, role_type: EntityType, reference: str, rights: Sequence[str], *, granted: bool
) -> dict[str, Any]:
    """Grant rights to a role, or revoke them.

    :param rights: names, or patterns with ``*``.
    :raises NotFound: there is no such right.
    """
    role_id = find_id(session, role_type, reference)
    values = dict.fromkeys(matching(role_type, rights), int(granted))
    return _update(session, role_type, role_id, values)


def matching(role_type: EntityType, patterns: Sequence[str]) -> list[str]:
    """Return the rights that names or patterns match.

    :raises NotFound: one of them matches none.
    """
    matches: dict[str, None] = {}
    for pattern in patterns:
        rights = [right for right in RIGHTS[role_type] if fnmatch.fnmatchcase(right, pattern)]
        if not rights:
            hint = did_you_mean(pattern, RIGHTS[role_type])
            for other in RIGHTS:
                if pattern in RIGHTS[other]:
                    hint = f" It is a right of a {other.noun}, not of a {role_type.noun}."
            raise NotFound(f"There is no right {pattern[:60]!r}.{hint}")
        matches.update(dict.fromkeys(rights))
    return list(matches)


def remove(session: Session, role_type: EntityType, reference: str) -> dict[str, Any]:
    """Remove a role permanently.

    :raises Refused: a user has it, in the trash or not.
    """
    record = show(session, role_type, reference)
    if record["users"]:
        have = "1 user has" if record["users"] == 1 else f"{record['users']} users have"
        raise Refused(
            f"{have} the {role_type.noun} {record['name']!r} (users in the trash count). "
            "Give them another role first."
        )
    table: Any = role_type.model.__table__
    session.execute(table.delete().where(role_type.key_column == record[role_type.key]))
    return record


def _record(session: Session, role_type: EntityType, role_id: int) -> dict[str, Any]:
    return next(role for role in listing(session, role_type) if role[role_type.key] == role_id)


def _update(
    session: Session, role_type: EntityType, role_id: int, values: dict[str, Any]
) -> dict[str, Any]:
    session.execute(update(role_type.model).where(role_type.key_column == role_id).values(values))
    return _record(session, role_type, role_id)


def _free_name(session: Session, role_type: EntityType, name: str, own_id: int = 0) -> str:
    name = checks.named("name", name, role_type.name_column.type.length)
    for role_id, other in session.execute(select(role_type.key_column, role_type.name_column)):
        if other == name and role_id != own_id:
            raise NameTaken(role_type, name, role_id)
    return name
