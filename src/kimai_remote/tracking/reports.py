"""Sums of hours and money over all entries of a period, made by the database.

Each entry counts as getTimesheet shows it: cut to the period, its wage rounded to the cent before
it is added. All sums are whole numbers of seconds and cents, so they are exact on every database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Select, case, cast, func, literal, select
from sqlalchemy.orm import Session

from ..storage import models as m
from ..storage.tables import without_index
from .periods import Period

By = Literal["user", "project", "customer", "activity", "month"]

#: Months that statements may have without need.
_MANY_MONTHS = 120
#: Entries over the end of a month that are in memory at a time.
_BATCH = 5_000


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

    def add(self, entries: int, seconds: int, wage_cents: int) -> None:
        self.entries += entries
        self.seconds += seconds
        self.wage_cents += wage_cents


@dataclass(frozen=True, slots=True)
class _Question:
    """What a report is asked for."""

    session: Session
    by: By
    period: Period
    chosen: Filter
    #: Names and periods of the lines by month; otherwise there are none.
    months: list[tuple[str, Period]]


#: By ID, or by index of the month.
_SumsByGroup = dict[int | None, _Sums]


def report(session: Session, by: By, period: Period, chosen: Filter, zone: ZoneInfo) -> Report:
    """Hours and money of a period.

    :param by: what a line is for. Groups are by ID, not by name.
    :param zone: of the months.
    """
    months = period.months(zone) if by == "month" else []
    if len(months) > _MANY_MONTHS:
        months = _used(session, period).months(zone)
    question = _Question(session, by, period, chosen, months)
    sums_by_group: _SumsByGroup = defaultdict(_Sums)
    _add_times(question, sums_by_group)
    spanning = _add_parts(question, sums_by_group) if len(months) > 1 else 0
    has_expenses = chosen.has_expenses and by != "activity"
    if has_expenses:
        _add_expenses(question, sums_by_group)
    lines = [
        Line(
            None if months else group,
            name,
            customer,
            sums.entries,
            sums.seconds,
            _money(sums.wage_cents),
            _money(sums.expense_cents) if has_expenses else None,
        )
        for group, name, customer, sums in _named(question, sums_by_group)
    ]
    if months:
        lines.sort(key=lambda line: line.name or "")
    else:
        lines.sort(key=lambda line: (-line.seconds, line.name or "", line.id or 0))
    total = _total(lines, has_expenses)
    return Report(by, period, lines, total, _count_running(question), spanning)


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
    entry = m.TimeEntry
    ended = session.execute(
        select(func.min(entry.start), func.min(entry.end)).where(entry.end > 0)
    ).one()
    firsts = (*ended, session.scalar(select(func.min(m.Expense.timestamp))))
    first = min((timestamp for timestamp in firsts if timestamp is not None), default=period.end)
    return Period(min(max(period.begin, first), period.end - 1), period.end)


def _count_running(question: _Question) -> int:
    entry = m.TimeEntry
    statement = (
        _joined(select(func.count()), entry)
        .where(entry.end == 0, entry.start < question.period.end)
        .where(*_time_conditions(question.chosen))
    )
    return question.session.scalar(statement) or 0


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


def _times(question: _Question, *columns: Any) -> Select[*tuple[Any, ...]]:
    """Select columns of the entries that getTimesheet lists for a period, without running ones.

    Their end is compared with nothing but the beginning, so that an index by end is used: running
    entries have an end of 0, and no period begins before that.
    """
    entry, period = m.TimeEntry, question.period
    return (
        _joined(select(*columns), entry)
        .where(entry.end > period.begin, entry.start < period.end)
        .where(*_time_conditions(question.chosen))
    )


def _seconds(period: Period) -> Any:
    """What a period has of an entry."""
    entry = m.TimeEntry
    begin = case((entry.start < period.begin, period.begin), else_=entry.start)
    return case((entry.end > period.end, period.end), else_=entry.end) - begin


def _add_times(question: _Question, sums_by_group: _SumsByGroup) -> None:
    """Add the sums of entries; by month, of those that are within one."""
    entry, seconds, months = m.TimeEntry, _seconds(question.period), question.months
    key = _month_from(entry.start, months) if months else _key(question.by, entry)
    listed = _times(
        question, key.label("key"), seconds.label("seconds"), _wage_cents(seconds).label("wage")
    )
    if months:
        listed = listed.where(key == _month_until(entry.end, months))
    of = listed.subquery().c
    statement = select(of.key, func.count(), func.sum(of.seconds), func.sum(of.wage))
    for group, entries, duration, wages in question.session.execute(statement.group_by(of.key)):
        sums_by_group[group].add(entries, int(duration), int(wages))


def _add_parts(question: _Question, sums_by_group: _SumsByGroup) -> int:
    """Add the parts of the entries over the end of a month.

    :returns: how many more parts there are than entries.
    """
    entry, months = m.TimeEntry, question.months
    first, last = _month_from(entry.start, months), _month_until(entry.end, months)
    terms = (entry.start, entry.end, _cents(entry.rate), _cents(entry.fixedRate))
    statement = _times(question, first, last, *terms).where(first < last)
    options = {"stream_results": True, "yield_per": _BATCH}
    spanning = 0
    for first_month, last_month, start, end, rate, fixed in question.session.execute(
        statement, execution_options=options
    ):
        for index in range(first_month, last_month + 1):
            part = months[index][1]
            seconds = min(end, part.end) - max(start, part.begin)
            sums_by_group[index].add(1, seconds, fixed or _wage(seconds, rate))
        spanning += last_month - first_month
    return spanning


def _add_expenses(question: _Question, sums_by_group: _SumsByGroup) -> None:
    expense, period, months = m.Expense, question.period, question.months
    key = _month_from(expense.timestamp, months) if months else _key(question.by, expense)
    listed = (
        _joined(select(key.label("key"), _expense_cents().label("cents")), expense)
        .where(expense.timestamp >= period.begin, expense.timestamp < period.end)
        .where(*_conditions(question.chosen, expense))
        .subquery()
    )
    statement = select(listed.c.key, func.sum(listed.c.cents)).group_by(listed.c.key)
    for group, cents in question.session.execute(statement):
        sums_by_group[group].expense_cents += int(cents)


def _key(by: By, entry: Any) -> Any:
    column = m.Project.customerID if by == "customer" else getattr(entry, f"{by}ID")
    return without_index(column)


def _month_from(begin: Any, months: list[tuple[str, Period]]) -> Any:
    """Index of the month that a time is in; the first and the last one for those outside."""
    return _search(lambda bound: begin < bound, months, 0, len(months))


def _month_until(end: Any, months: list[tuple[str, Period]]) -> Any:
    """Index of the month that the second before a time is in."""
    return _search(lambda bound: end <= bound, months, 0, len(months))


def _search(
    is_before: Callable[[int], Any], months: list[tuple[str, Period]], low: int, high: int
) -> Any:
    """Return a binary search as an SQL expression; ``low`` is the first index, ``high`` isn't one
    any more."""
    if high - low == 1:
        return literal(low)
    middle = (low + high) // 2
    return case(
        (is_before(months[middle][1].begin), _search(is_before, months, low, middle)),
        else_=_search(is_before, months, middle, high),
    )


def _named(
    question: _Question, sums_by_group: _SumsByGroup
) -> Iterator[tuple[int | None, str | None, str | None, _Sums]]:
    """Add to sums the name of what they are of, and that of its customer."""
    session, by = question.session, question.by
    names: dict[int | None, tuple[str | None, str | None]]
    if by == "month":
        names = {index: (name, None) for index, (name, _) in enumerate(question.months)}
    elif by == "project":
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
    for group, sums in sums_by_group.items():
        yield group, *names.get(group, (None, None)), sums


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


def _wage(seconds: int, rate: int) -> int:
    """Do the same in Python.

    :param rate: cents an hour.
    """
    cents = (abs(seconds * rate) + 1800) // 3600
    return cents if (seconds < 0) == (rate < 0) else -cents


def _expense_cents() -> Any:
    """Multiplier times value to the cent, half a cent away from zero."""
    expense = m.Expense
    multiplier, value = _cents(expense.multiplier), _cents(expense.value)
    times, amount = func.abs(multiplier), func.abs(value)
    worth = times * (amount // 100) + (times * (amount % 100) + 50) // 100
    below_zero = case((multiplier < 0, -1), else_=1) * case((value < 0, -1), else_=1)
    return cast(worth, BigInteger) * below_zero
