"""Adding, editing, trashing and restoring objects of all types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import String, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ...errors import Refused
from ...storage import models as m
from . import field_checks as checks
from .entities import CUSTOMER, PROJECT, STATUS, USER, EntityType, NameTaken, find

#: Types whose name, or ID that we choose, is unique in the database itself.
_UNIQUE = (USER, STATUS)
#: Text columns that are null where there is no value; all others are written as Kimai does, as "".
_NULL = {"password", "passwordResetHash", "apikey"}


def add(
    session: Session,
    entity_type: EntityType,
    fields: Mapping[str, Any],
    *,
    same_name: bool = False,
    **columns: Any,
) -> Any:
    """Add an object.

    :param fields: unchecked values by column, with the name among them.
    :param same_name: whether another object may have the name.
    :param columns: further values to store, already checked.
    :raises Refused: a field is invalid.
    :raises NameTaken: another object has the name.
    """
    values = _values(entity_type, fields) | columns
    _check_name(session, entity_type, values, 0, same_name)
    empty = {
        column.name: ""
        for column in entity_type.columns
        if isinstance(column.type, String) and column.nullable and column.name not in _NULL
    }
    entity = entity_type.model(**{**empty, **values})
    session.add(entity)
    _flush(session, entity_type, values)
    return entity


def edit(
    session: Session,
    entity_type: EntityType,
    reference: str,
    fields: Mapping[str, Any],
    *,
    same_name: bool = False,
    **columns: Any,
) -> Any:
    """Change fields of an object; parameters as for :func:`add`.

    :raises NotFound: there is no such object.
    :raises Refused: a field is invalid.
    :raises NameTaken: another object has the new name.
    """
    entity = find(session, entity_type, reference)
    values = _values(entity_type, fields) | columns
    if entity_type.name in values or "customerID" in values:
        current = {name: getattr(entity, name) for name in (entity_type.name, *_scope(entity_type))}
        if any(values.get(name, value) != value for name, value in current.items()):
            own_id = getattr(entity, entity_type.key)
            _check_name(session, entity_type, current | values, own_id, same_name)
    for name, value in values.items():
        setattr(entity, name, value)
    _flush(session, entity_type, values)
    return entity


def set_trash(session: Session, entity_type: EntityType, reference: str, *, trash: bool) -> Any:
    """Move an object to the trash or restore it; its time entries stay as they are.

    :raises NotFound: there is no such object, or it is there already.
    :raises NameTaken: another object has been given its name meanwhile.
    :raises Refused: the customer of a project is in the trash.
    """
    entity = find(session, entity_type, reference, trash=not trash)
    if not trash:
        name = {
            column: getattr(entity, column) for column in (entity_type.name, *_scope(entity_type))
        }
        _check_name(session, entity_type, name, getattr(entity, entity_type.key), same_name=True)
        if entity_type is PROJECT:
            customer = session.get(m.Customer, entity.customerID)
            if customer is not None and customer.trash:
                raise Refused(f"Restore its {CUSTOMER.label(customer)} first.")
    entity.trash = int(trash)
    session.flush()
    return entity


def _values(entity_type: EntityType, fields: Mapping[str, Any]) -> dict[str, Any]:
    values = checks.checked(entity_type, fields)
    if entity_type.name in fields:
        column = entity_type.name_column
        values[entity_type.name] = checks.named(
            entity_type.name, fields[entity_type.name], column.type.length
        )
    return values


def _scope(entity_type: EntityType) -> tuple[str, ...]:
    """Return the columns within which a name must be unique."""
    return ("customerID",) if entity_type is PROJECT else ()


def _check_name(
    session: Session,
    entity_type: EntityType,
    values: Mapping[str, Any],
    own_id: int,
    same_name: bool,
) -> None:
    # Without a lock, two transactions would both find a name free and add it twice.
    roles = m.GlobalRole.__table__.c.globalRoleID
    session.execute(select(roles).order_by(roles).with_for_update()).all()
    name = values[entity_type.name]
    if entity_type in (USER, CUSTOMER):
        _check_login(session, CUSTOMER if entity_type is USER else USER, name)
    columns = [entity_type.key_column, entity_type.name_column]
    statement = select(*columns, *(entity_type.columns[name] for name in _scope(entity_type)))
    if entity_type.trashes:
        statement = statement.add_columns(entity_type.columns["trash"])
    for row in session.execute(statement).mappings():
        if row[entity_type.key] == own_id or row[entity_type.name] != name:
            continue
        if any(row[column] != values[column] for column in _scope(entity_type)):
            continue
        # The name of a user is unique in the database, in the trash or not.
        if row.get("trash") and entity_type is not USER:
            continue
        if same_name and entity_type.may_share_names:
            continue
        raise NameTaken(
            entity_type,
            name,
            row[entity_type.key],
            is_trashed=bool(row.get("trash")),
            owner="customer" if _scope(entity_type) else "",
        )


def _check_login(session: Session, other: EntityType, name: str) -> None:
    """Users and customers log in by the same form, so they can't share a name."""
    others = select(other.name_column).where(other.columns["trash"] == 0)
    if name in session.scalars(others):
        raise Refused(
            f"There is already a {other.noun} named {name!r}. Users and customers log in by name, "
            "so they can't share one."
        )


def _flush(session: Session, entity_type: EntityType, values: Mapping[str, Any]) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        if entity_type not in _UNIQUE:
            raise
        # Another transaction has taken the name, or the ID, since it was looked up.
        raise NameTaken(entity_type, values.get(entity_type.name, "")) from error
