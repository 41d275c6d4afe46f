"""Hourly and fixed rates: for whom and what they are, and which one fits best."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, and_, delete, insert, select, update
from sqlalchemy.orm import Session

from ...errors import NotFound, Refused
from ...storage import models as m
from .. import rates as best
from . import field_checks as checks
from .entities import ACTIVITY, PROJECT, USER, Kind, find

HOURLY, FIXED = m.rates, m.fixed_rates
_KINDS = {"user": USER, "project": PROJECT, "activity": ACTIVITY}


def kinds(table: Table) -> dict[str, Kind]:
    """What a rate of this table can be for."""
    return {name: kind for name, kind in _KINDS.items() if kind.key in table.c}


def listing(session: Session, table: Table) -> list[dict[str, Any]]:
    """All rates, general ones last; null stands for every user, project or activity."""
    columns: list[Any] = []
    statement = select(table.c.rate)
    for name, kind in kinds(table).items():
        column = table.c[kind.key]
        columns.append(column)
        statement = statement.add_columns(column, kind.name_column.label(f"{name}Name"))
        statement = statement.outerjoin(kind.model, kind.key_column == column)
    order = [part for column in columns for part in (column.is_(None), column)]
    statement = statement.select_from(table).order_by(*order)
    return [dict(row) for row in session.execute(statement).mappings()]


def add(session: Session, table: Table, given: Mapping[str, str], rate: str) -> dict[str, Any]:
    """A new rate.

    :param given: ``user``, ``project``, ``activity``; one that is left out is every one.
    :raises Refused: there is one for just these.
    """
    amount = checks.amount("rate", rate)
    numbers = _numbers(session, table, given)
    if _exists(session, table, numbers):
        raise Refused("There is a rate for just these already; change it with 'edit'.")
    session.execute(insert(table), {**numbers, "rate": amount})
    return _record(session, table, numbers)


def edit(session: Session, table: Table, given: Mapping[str, str], rate: str) -> dict[str, Any]:
    """Another amount for a rate. Entries that are recorded already keep theirs.

    :raises NotFound: there is none for just these.
    """
    amount = checks.amount("rate", rate)
    numbers = _known(session, table, given)
    session.execute(update(table).where(_is(table, numbers)).values(rate=amount))
    return _record(session, table, numbers)


def remove(session: Session, table: Table, given: Mapping[str, str]) -> dict[str, Any]:
    """Remove a rate for good; entries that are recorded already keep theirs.

    :raises NotFound: there is none for just these.
    """
    numbers = _known(session, table, given)
    record = _record(session, table, numbers)
    session.execute(delete(table).where(_is(table, numbers)))
    return record


def check_known(session: Session, table: Table, given: Mapping[str, str]) -> None:
    """:raises NotFound: there is no rate for just these."""
    _known(session, table, given)


def fitting(session: Session, table: Table, given: Mapping[str, str]) -> dict[str, Any]:
    """The rate that new work gets.

    :raises NotFound: there is none that fits.
    """
    numbers = {key: value or 0 for key, value in _numbers(session, table, given).items()}
    project, activity = numbers["projectID"], numbers["activityID"]
    if table is HOURLY:
        question = best.best_rate(numbers["userID"], project, activity)
    else:
        question = best.best_fixed_rate(project, activity)
    rate = session.scalar(select(question))
    if rate is None:
        raise NotFound("No rate fits.")
    return {**_numbers(session, table, given), "rate": rate}


def _numbers(session: Session, table: Table, given: Mapping[str, str]) -> dict[str, int | None]:
    return {
        kind.key: getattr(find(session, kind, given[name]), kind.key) if name in given else None
        for name, kind in kinds(table).items()
    }


def _known(session: Session, table: Table, given: Mapping[str, str]) -> dict[str, int | None]:
    numbers = _numbers(session, table, given)
    if not _exists(session, table, numbers):
        raise NotFound("There is no rate for just these; see 'list'.")
    return numbers


def _exists(session: Session, table: Table, numbers: Mapping[str, int | None]) -> bool:
    return session.scalar(select(table.c.rate).where(_is(table, numbers)).limit(1)) is not None


def _is(table: Table, numbers: Mapping[str, int | None]) -> Any:
    return and_(*(table.c[key].is_not_distinct_from(value) for key, value in numbers.items()))


def _record(session: Session, table: Table, numbers: Mapping[str, int | None]) -> dict[str, Any]:
    return next(
        row
        for row in listing(session, table)
        if all(row[key] == value for key, value in numbers.items())
    )
