"""Adding, editing, trashing and restoring objects; what holds for all kinds of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import String, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ...errors import Refused
from ...storage import models as m
from . import field_checks as checks
from .entities import ACTIVITY, CUSTOMER, PROJECT, STATUS, USER, Kind, find

#: Kinds of which several may have the same name, if that is insisted on.
_MAY_SHARE_NAMES = (CUSTOMER, PROJECT, ACTIVITY)
#: Kinds of which the database itself takes no two of a name, or of a number that we choose.
_UNIQUE = (USER, STATUS)
#: Texts that are null where there is nothing; all others are written as Kimai does, as "".
_NULL = {"password", "passwordResetHash", "apikey"}


def add(
    session: Session,
    kind: Kind,
    fields: Mapping[str, Any],
    *,
    same_name: bool = False,
    **columns: Any,
) -> Any:
    """A new object.

    :param fields: as somebody wrote them; its name is among them.
    :param same_name: whether another one may have the name.
    :param columns: further values to store, checked already.
    :raises Refused: a field is wrong, or the name is taken.
    """
    values = _values(kind, fields) | columns
    _check_name(session, kind, values, 0, same_name)
    empty = {
        column.name: ""
        for column in kind.columns
        if isinstance(column.type, String) and column.nullable and column.name not in _NULL
    }
    entity = kind.model(**{**empty, **values})
    session.add(entity)
    _flush(session, kind, values)
    return entity


def edit(
    session: Session,
    kind: Kind,
    given: str,
    fields: Mapping[str, Any],
    *,
    same_name: bool = False,
    **columns: Any,
) -> Any:
    """Change the given fields of an object; parameters as for :func:`add`.

    :raises NotFound: there is no such object.
    :raises Refused: a field is wrong, or the new name is taken.
    """
    entity = find(session, kind, given)
    values = _values(kind, fields) | columns
    if kind.name in values or "customerID" in values:
        now = {name: getattr(entity, name) for name in (kind.name, *_scope(kind))}
        if any(values.get(name, value) != value for name, value in now.items()):
            own = getattr(entity, kind.key)
            _check_name(session, kind, now | values, own, same_name)
    for name, value in values.items():
        setattr(entity, name, value)
    _flush(session, kind, values)
    return entity


def set_trash(session: Session, kind: Kind, given: str, *, trash: bool) -> Any:
    """Put an object into the trash, or take it out again; its entries stay as they are.

    :raises NotFound: there is no such object, or it is there already.
    :raises Refused: another object has got its name since, or a project's customer is trashed.
    """
    entity = find(session, kind, given, trash=not trash)
    if not trash:
        name = {column: getattr(entity, column) for column in (kind.name, *_scope(kind))}
        _check_name(session, kind, name, getattr(entity, kind.key), same_name=True)
        if kind is PROJECT:
            customer = session.get(m.Customer, entity.customerID)
            if customer is not None and customer.trash:
                raise Refused(f"Restore its {CUSTOMER.label(customer)} first.")
    entity.trash = int(trash)
    session.flush()
    return entity


def _values(kind: Kind, fields: Mapping[str, Any]) -> dict[str, Any]:
    values = checks.checked(kind, fields)
    if kind.name in fields:
        column = kind.name_column
        values[kind.name] = checks.named(kind.name, fields[kind.name], column.type.length)
    return values


def _scope(kind: Kind) -> tuple[str, ...]:
    """The columns within which a name is to be the only one."""
    return ("customerID",) if kind is PROJECT else ()


def _check_name(
    session: Session, kind: Kind, values: Mapping[str, Any], own: int, same_name: bool
) -> None:
    # Two that are added at once would both look first: whoever gives names waits for the others.
    roles = m.GlobalRole.__table__.c.globalRoleID
    session.execute(select(roles).order_by(roles).with_for_update()).all()
    name = values[kind.name]
    if kind in (USER, CUSTOMER):
        _check_login(session, CUSTOMER if kind is USER else USER, name)
    columns = [kind.key_column, kind.name_column]
    statement = select(*columns, *(kind.columns[name] for name in _scope(kind)))
    if kind.trashes:
        statement = statement.add_columns(kind.columns["trash"])
    for row in session.execute(statement).mappings():
        if row[kind.key] == own or row[kind.name] != name:
            continue
        if any(row[column] != values[column] for column in _scope(kind)):
            continue
        # The name of a user is unique in the database too, in the trash or not.
        if row.get("trash") and kind is not USER:
            continue
        if same_name and kind in _MAY_SHARE_NAMES:
            continue
        raise Refused(_taken(kind, name, dict(row)))


def _taken(kind: Kind, name: str, row: Mapping[str, Any]) -> str:
    number = row[kind.key]
    if row.get("trash"):
        return (
            f"The {kind.noun} {name!r} ({number}) is in the trash; restore it with "
            f"'kimai-remote {kind.noun} restore {number}', or give it another name."
        )
    insist = " Insist on a second one with --same-name." if kind in _MAY_SHARE_NAMES else ""
    scope = " of this customer" if _scope(kind) else ""
    return f"There is a {kind.noun} {name!r}{scope} already ({number}).{insist}"


def _check_login(session: Session, other: Kind, name: str) -> None:
    """Users and customers log in by the same form, so a name is one's or the other's."""
    others = select(other.name_column).where(other.columns["trash"] == 0)
    if name in session.scalars(others):
        raise Refused(
            f"There is a {other.noun} named {name!r}; users and customers log in by their names, "
            "so they can't share one."
        )


def _flush(session: Session, kind: Kind, values: Mapping[str, Any]) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        if kind not in _UNIQUE:
            raise
        # Somebody else has taken the name, or the number, since it was looked up.
        name = values.get(kind.name, "")
        raise Refused(f"There is a {kind.noun} {name!r} already.") from error
