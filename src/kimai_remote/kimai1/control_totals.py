"""Control totals: counts and sums that show that a copy is complete, exact on each database.

Money is summed in whole cents and time in whole seconds, since SQLite stores decimals as floats.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, case, cast, func, select

from ..storage import models as m
from ..storage.tables import without_index

_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class ControlTotal:
    """One count or sum of the source and of the target."""

    topic: str
    name: str
    source: Decimal
    target: Decimal

    @property
    def is_equal(self) -> bool:
        return self.source == self.target


#: Counts and sums of one database by topic and name.
Totals = dict[tuple[str, str], Decimal]

HOURS, EARNED, SPENT = "hours of user", "earned on project", "spent on project"


def collect(connection: Connection, records: dict[str, Select[Any]]) -> Totals:
    """Count and sum; time entries and expenses are read once.

    :param records: by the name of a table, the statement for the records that are compared.
    """
    totals: Totals = {}
    counts: Counter[str] = Counter()
    hours: Counter[int] = Counter()
    earned: Counter[int] = Counter()
    spent: Counter[int] = Counter()
    seconds: Counter[str] = Counter(start=0, end=0)
    for user, project, number, *sums in connection.execute(_ENTRIES, execution_options=STREAMED):
        counts[_TIME_SHEET] += number
        duration, amount, start, end = map(int, sums)
        hours[user] += duration
        earned[project] += amount
        seconds["start"] += start
        seconds["end"] += end
    for project, number, amount in connection.execute(_EXPENSES, execution_options=STREAMED):
        counts[_EXPENSE_SHEET] += number
        spent[project] += int(amount)
    for name, statement in records.items():
        if name not in (_TIME_SHEET, _EXPENSE_SHEET):
            whole = select(func.count()).select_from(statement.subquery())
            counts[name] = connection.scalar(whole) or 0
        totals["records", name] = Decimal(counts[name])
    for topic, divisor, amounts in (
        (HOURS, 3600, hours),
        (EARNED, 360_000, earned),
        (SPENT, 10_000, spent),
    ):
        for key in sorted(amounts):
            totals[topic, str(key)] = Decimal(amounts[key]) / divisor
    for name, number in seconds.items():
        totals["sum of seconds", name] = Decimal(number)
    return totals


def compare(source: Totals, target: Totals) -> list[ControlTotal]:
    """Pair the totals of two databases; one that a database lacks is zero."""
    names = list(dict.fromkeys([*source, *target]))
    return [
        ControlTotal(
            topic, name, source.get((topic, name), _ZERO), target.get((topic, name), _ZERO)
        )
        for topic, name in names
    ]


def _cents(column: Any) -> Any:
    return cast(func.round(func.coalesce(column, 0) * 100), BigInteger)


def _sums(model: Any, keys: tuple[Any, ...], *amounts: Any) -> Select[Any]:
    """Select keys, the number of records that have them, and sums of amounts."""
    of = select(
        *(without_index(column).label(f"key{index}") for index, column in enumerate(keys)),
        *(amount.label(f"amount{index}") for index, amount in enumerate(amounts)),
    )
    columns = of.select_from(model).subquery().c
    grouped = columns[: len(keys)]
    return select(*grouped, func.count(), *map(func.sum, columns[len(keys) :])).group_by(*grouped)


_TIME_SHEET, _EXPENSE_SHEET = (m.plain_name(each.__table__) for each in (m.TimeEntry, m.Expense))
#: For statements with many rows: they are in memory a few thousand at a time.
STREAMED = {"stream_results": True, "yield_per": 5_000}
_seconds = cast(m.TimeEntry.duration, BigInteger)
_fixed = _cents(m.TimeEntry.fixedRate)
_ENTRIES = _sums(
    m.TimeEntry,
    (m.TimeEntry.userID, m.TimeEntry.projectID),
    _seconds,
    case((_fixed != 0, _fixed * 3600), else_=_cents(m.TimeEntry.rate) * _seconds),
    cast(m.TimeEntry.start, BigInteger),
    cast(m.TimeEntry.end, BigInteger),
)
_EXPENSES = _sums(
    m.Expense,
    (m.Expense.projectID,),
    _cents(m.Expense.value) * _cents(m.Expense.multiplier),
)
