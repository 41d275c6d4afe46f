"""Hourly and fixed rates: listing, changing, and finding the one that applies.

A rate's scope names the ``user``, ``project`` and ``activity`` that it is for; one that is left out
stands for all of them. A fixed rate has no user.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, and_, delete, insert, select, update
from sqlalchemy.orm import Session

from ...errors import NotFound, Refused
from ...storage import models as m
from .. import rates
from . import field_checks as checks
from .entities import ACTIVITY, PROJECT, USER, EntityType, find_id

HOURLY, FIXED = m.rates, m.fixed_rates

Scope = Mapping[str, str]
#: IDs by column; None where the rate is for all users, projects or activities.
Key = dict[str, int | None]


class RateExists(Refused):
    """There is a rate for exactly this user, project and activity."""

    def __init__(self) -> None:
        super().__init__("There is already a rate for exactly this combination.")


class RateNotFound(NotFound):
    """There is no rate for exactly this user, project and activity."""

    def __init__(self) -> None:
        super().__init__("There is no rate for exactly this combination.")


def scope_types(table: Table) -> dict[str, EntityType]:
    """Return what a scope of this table can name."""
    types = {"user": USER, "project": PROJECT, "activity": ACTIVITY}
    return {name: each for name, each in types.items() if each.key in table.c}


def listing(session: Session, table: Table) -> list[dict[str, Any]]:
    """Return all rates, the most general ones last; null stands for all."""
    columns: list[Any] = []
    statement = select(table.c.rate)
    for name, entity_type in scope_types(table).items():
        column = table.c[entity_type.key]
        columns.append(column)
        statement = statement.add_columns(column, entity_type.name_column.label(f"{name}Name"))
        statement = statement.outerjoin(entity_type.model, entity_type.key_column == column)
    order = [part for column in columns for part in (column.is_(None), column)]
    statement = statement.select_from(table).order_by(*order)
    return [dict(row) for row in session.execute(statement).mappings()]


def add(session: Session, table: Table, scope: Scope, rate: str) -> dict[str, Any]:
    """Add a rate.

    :raises RateExists: there is one for this scope.
    """
    amount = checks.amount("rate", rate)
    key = _key(session, table, scope)
    if _exists(session, table, key):
        raise RateExists
    session.execute(insert(table), {**key, "rate": amount})
    return _record(session, table, key)


def edit(session: Session, table: Table, scope: Scope, rate: str) -> dict[str, Any]:
    """Change the amount of a rate. Existing time entries keep theirs.

    :raises RateNotFound: there is none for this scope.
    """
    amount = checks.amount("rate", rate)
    key = check_exists(session, table, scope)
    session.execute(update(table).where(_has(table, key)).values(rate=amount))
    return _record(session, table, key)


def remove(session: Session, table: Table, scope: Scope) -> dict[str, Any]:
    """Remove a rate permanently. Existing time entries keep theirs.

    :raises RateNotFound: there is none for this scope.
    """
    key = check_exists(session, table, scope)
    record = _record(session, table, key)
    session.execute(delete(table).where(_has(table, key)))
    return record


def check_exists(session: Session, table: Table, scope: Scope) -> Key:
    """:raises RateNotFound: there is no rate for this scope."""
    key = _key(session, table, scope)
    if not _exists(session, table, key):
        raise RateNotFound
    return key


def applicable(session: Session, table: Table, scope: Scope) -> dict[str, Any]:
    """Return the rate that new time entries get.

    :raises NotFound: none applies.
    """
    key = _key(session, table, scope)
    project_id, activity_id = key["projectID"] or 0, key["activityID"] or 0
    if table is HOURLY:
        statement = rates.best_rate(key["userID"] or 0, project_id, activity_id)
    else:
        statement = rates.best_fixed_rate(project_id, activity_id)
    rate = session.scalar(select(statement))
    if rate is None:
        raise NotFound("No rate applies.")
    return {**key, "rate": rate}


def _key(session: Session, table: Table, scope: Scope) -> Key:
    return {
        entity_type.key: find_id(session, entity_type, scope[name]) if name in scope else None
        for name, entity_type in scope_types(table).items()
    }


def _exists(session: Session, table: Table, key: Key) -> bool:
    return session.scalar(select(table.c.rate).where(_has(table, key)).limit(1)) is not None


def _has(table: Table, key: Key) -> Any:
    return and_(*(table.c[name].is_not_distinct_from(value) for name, value in key.items()))


def _record(session: Session, table: Table, key: Key) -> dict[str, Any]:
    rows = listing(session, table)
    return next(row for row in rows if all(row[name] == value for name, value in key.items()))
