"""Sums of hours and money over all entries of a period, made by the database.

Each entry counts as getTimesheet shows it: cut to the period, its wage rounded to the cent before
it is added. All sums are whole numbers of seconds and cents, so they are exact on every database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    Integer,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from ..storage import models as m
from .periods import Period

By = Literal["user", "project", "customer", "activity", "month"]

#: Months that one statement may have; SQLite takes 500 parts of a union.
_MOST_MONTHS = 100


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries count. Lists of IDs; None for all, as with the flags."""

    users: Sequence[int] | None = None
    projects: Sequence[int] | None = None
    customers: Sequence[int] | None = None
    activities: Sequence[int] | None = None
    cleared: bool | None = None
    #: Expenses are neither billable nor not; they are left out where this is asked for.
    billable: bool | None = None

    @property
    def has_expenses(self) -> bool:
        return self.billable is None and self.activities is None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a report."""

    #: ID of the user, project, …; for months and entries of nothing None.
    id: int | None
    #: Name, or month as ``2026-03``; None where there is no such user, project, … any more.
    name: str | None
    #: Name of a project's customer.
    customer: str | None = None
    entries: int = 0
    seconds: int = 0
    wages: Decimal = Decimal("0.00")
    #: None where expenses can't be grouped like this.
    expenses: Decimal | None = None

    @property
    def hours(self) -> Decimal:
        """With two decimals."""
        return (Decimal(self.seconds) / 3600).quantize(Decimal("0.01"))


@dataclass(frozen=True, slots=True)
class Report:
    """Lines with anything in them; of objects those with the most time first, months in order."""

    by: By
    period: Period
    lines: list[Line]
    total: Line
    #: Recordings that still run; they count for nothing.
    running: int
    #: Entries that were cut by the end of a month, and so are in more than one line.
    spanning: int


@dataclass(slots=True)
class _Sums:
    entries: int = 0
    seconds: int = 0
    wage_cents: int = 0
    expense_cents: int = 0


@dataclass(frozen=True, slots=True)
class _Question:
    """Parameters of one statement."""

    session: Session
    by: By
    chosen: Filter
    parts: list[tuple[str, Period]] = field(default_factory=list)

    @property
    def span(self) -> Period:
        return Period(self.parts[0][1].begin, self.parts[-1][1].end)


def report(session: Session, by: By, period: Period, chosen: Filter, zone: ZoneInfo) -> Report:
    """Hours and money of a period.

    :param by: what a line is for. Groups are by ID, not by name.
    :param zone: of the months.
    """
    expenses = chosen.has_expenses and by != "activity"
    running = _running(session, period, chosen)
    parts = _used(session, period).months(zone) if by == "month" else [("", period)]
    sums_by_group: dict[int | str | None, _Sums] = defaultdict(_Sums)
    for position in range(0, len(parts), _MOST_MONTHS):
        question = _Question(session, by, chosen, parts[position : position + _MOST_MONTHS])
        _add_times(question, sums_by_group)
        if expenses:
            _add_expenses(question, sums_by_group)
    lines = [
        Line(
            record_id if isinstance(record_id, int) else None,
            name,
            customer,
            sums.entries,
            sums.seconds,
            _money(sums.wage_cents),
            _money(sums.expense_cents) if expenses else None,
        )
        for (record_id, name, customer), sums in _named(session, by, sums_by_group)
    ]
    spanning = 0
    if by == "month":
        lines.sort(key=lambda line: line.name or "")
        spanning = sum(line.entries for line in lines) - _count(session, period, chosen)
    else:
        lines.sort(key=lambda line: (-line.seconds, line.name or "", line.id or 0))
    return Report(by, period, lines, _total(lines, expenses), running, spanning)


def _total(lines: list[Line], expenses: bool) -> Line:
    return Line(
        None,
        None,
        None,
        sum(line.entries for line in lines),
        sum(line.seconds for line in lines),
        sum((line.wages for line in lines), Decimal("0.00")),
        sum((line.expenses or Decimal(0) for line in lines), Decimal("0.00")) if expenses else None,
    )


def _money(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


def _used(session: Session, period: Period) -> Period:
    """The period without the time before the first entry: nobody wants its months."""
    firsts = [
        session.scalar(select(func.min(m.TimeEntry.start)).where(m.TimeEntry.end > 0)),
        session.scalar(select(func.min(m.Expense.timestamp))),
    ]
    first = min((timestamp for timestamp in firsts if timestamp is not None), default=period.begin)
    return Period(min(max(period.begin, first), period.end - 1), period.end)


def _running(session: Session, period: Period, chosen: Filter) -> int:
    entry = m.TimeEntry
    conditions = [entry.end == 0, entry.start < period.end, *_time_conditions(chosen)]
    return session.scalar(_joined(select(func.count()), entry).where(*conditions)) or 0


def _count(session: Session, period: Period, chosen: Filter) -> int:
    entry = m.TimeEntry
    conditions = [*_within(entry, period.begin, period.end), *_time_conditions(chosen)]
    return session.scalar(_joined(select(func.count()), entry).where(*conditions)) or 0


def _within(entry: type[m.TimeEntry], begin: Any, end: Any) -> list[Any]:
    """Conditions for the entries that getTimesheet lists for a period, without running ones."""
    return [entry.end > begin, entry.end != 0, entry.start < end]


def _joined(
    statement: Select[*tuple[Any, ...]], entry: type[m.TimeEntry] | type[m.Expense]
) -> Select[*tuple[Any, ...]]:
    return statement.select_from(entry).outerjoin(m.Project, m.Project.projectID == entry.projectID)


def _conditions(chosen: Filter, entry: type[m.TimeEntry] | type[m.Expense]) -> list[Any]:
    columns = (
        (entry.userID, chosen.users),
        (entry.projectID, chosen.projects),
        (m.Project.customerID, chosen.customers),
    )
    conditions: list[Any] = [column.in_(ids) for column, ids in columns if ids is not None]
    if chosen.cleared is not None:
        conditions.append(entry.cleared != 0 if chosen.cleared else entry.cleared == 0)
    return conditions


def _time_conditions(chosen: Filter) -> list[Any]:
    entry = m.TimeEntry
    conditions = _conditions(chosen, entry)
    if chosen.activities is not None:
        conditions.append(entry.activityID.in_(chosen.activities))
    if chosen.billable is not None:
        share = func.coalesce(entry.billable, 0)
        conditions.append(share > 0 if chosen.billable else share == 0)
    return conditions


def _parts(question: _Question) -> Any:
    """The parts of the period as a table: ``position, began, ended``."""
    rows = [
        select(
            cast(literal(position), Integer).label("position"),
            cast(literal(part.begin), BigInteger).label("began"),
            cast(literal(part.end), BigInteger).label("ended"),
        )
        for position, (_, part) in enumerate(question.parts)
    ]
    return (union_all(*rows) if len(rows) > 1 else rows[0]).subquery("parts")


def _add_times(question: _Question, sums_by_group: dict[int | str | None, _Sums]) -> None:
    entry, parts = m.TimeEntry, _parts(question)
    begin = case((entry.start < parts.c.began, parts.c.began), else_=entry.start)
    end = case((entry.end > parts.c.ended, parts.c.ended), else_=entry.end)
    seconds = end - begin
    key = _key(question.by, entry, parts)
    statement = (
        _joined(select(key, func.count(), func.sum(seconds), func.sum(_wage_cents(seconds))), entry)
        .join(parts, and_(*_within(entry, parts.c.began, parts.c.ended)))
        .where(
            *_within(entry, question.span.begin, question.span.end),
            *_time_conditions(question.chosen),
        )
        .group_by(key)
    )
    for group, entries, duration, wages in question.session.execute(statement):
        sums = sums_by_group[_group(question, group)]
        sums.entries += entries
        sums.seconds += int(duration)
        sums.wage_cents += int(wages)


def _add_expenses(question: _Question, sums_by_group: dict[int | str | None, _Sums]) -> None:
    expense, parts = m.Expense, _parts(question)
    key = _key(question.by, expense, parts)
    timestamp = expense.timestamp
    statement = (
        _joined(select(key, func.sum(_expense_cents())), expense)
        .join(parts, and_(timestamp >= parts.c.began, timestamp < parts.c.ended))
        .where(*_conditions(question.chosen, expense))
        .group_by(key)
    )
    for group, cents in question.session.execute(statement):
        sums_by_group[_group(question, group)].expense_cents += int(cents)


def _key(by: By, entry: Any, parts: Any) -> Any:
    if by == "month":
        return parts.c.position
    if by == "customer":
        return m.Project.customerID
    return getattr(entry, f"{by}ID")


def _group(question: _Question, key: int | None) -> int | str | None:
    return question.parts[key][0] if question.by == "month" and key is not None else key


def _named(
    session: Session, by: By, sums_by_group: dict[int | str | None, _Sums]
) -> list[tuple[tuple[int | str | None, str | None, str | None], _Sums]]:
    if by == "month":
        return [((None, str(month), None), sums) for month, sums in sums_by_group.items()]
    names: dict[int, tuple[str, str | None]] = {}
    if by == "project":
        owned = session.execute(
            select(m.Project.projectID, m.Project.name, m.Customer.name).outerjoin(
                m.Customer, m.Customer.customerID == m.Project.customerID
            )
        )
        names = {record_id: (name, customer) for record_id, name, customer in owned}
    else:
        model = {"user": m.User, "customer": m.Customer, "activity": m.Activity}[by]
        columns: Any = model.__table__.c
        rows = session.execute(select(columns[f"{by}ID"], columns["name"]))
        names = {record_id: (name, None) for record_id, name in rows}
    return [
        ((record_id, *names.get(record_id, (None, None))), sums)  # type: ignore[arg-type]
        for record_id, sums in sums_by_group.items()
    ]


def _cents(amount: Any) -> Any:
    """An amount of money as an integer; SQLite keeps it as a floating one."""
    return cast(func.round(func.coalesce(amount, 0) * 100), BigInteger)


def _wage_cents(seconds: Any) -> Any:
    """:func:`rates.wage` in SQL. Hours and the rest are multiplied apart, so that the largest
    duration at the largest rate is a number that 64 bits hold."""
    entry = m.TimeEntry
    rate, fixed = _cents(entry.rate), _cents(entry.fixedRate)
    duration, amount = func.abs(cast(seconds, BigInteger)), func.abs(rate)
    hours, rest = duration // 3600, duration % 3600
    worth = hours * amount + (rest * amount + 1800) // 3600
    below_zero = case((seconds < 0, -1), else_=1) * case((rate < 0, -1), else_=1)
    return case((fixed != 0, fixed), else_=cast(worth, BigInteger) * below_zero)


def _expense_cents() -> Any:
    """Multiplier times value to the cent, half a cent away from zero."""
    expense = m.Expense
    multiplier, value = _cents(expense.multiplier), _cents(expense.value)
    times, amount = func.abs(multiplier), func.abs(value)
    worth = times * (amount // 100) + (times * (amount % 100) + 50) // 100
    below_zero = case((multiplier < 0, -1), else_=1) * case((value < 0, -1), else_=1)
    return cast(worth, BigInteger) * below_zero
