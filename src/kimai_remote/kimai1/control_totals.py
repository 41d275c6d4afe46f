"""Control totals: counts and sums that show that a copy is complete, exact on each database.

Money is summed in whole cents and time in whole seconds, since SQLite stores decimals as floats.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, case, cast, func, select

from ..storage import models as m

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
    """Count and sum.

    :param records: by the name of a table, the statement for the records that are compared.
    """
    totals: Totals = {}
    for name, statement in records.items():
        count = connection.scalar(select(func.count()).select_from(statement.subquery()))
        totals["records", name] = Decimal(count or 0)
    for topic, divisor, statement in _SUMS:
        for key, amount in connection.execute(statement):
            totals[topic, str(key)] = Decimal(int(amount)) / divisor
    for name, column in (("start", m.TimeEntry.start), ("end", m.TimeEntry.end)):
        seconds = connection.scalar(select(func.sum(cast(column, BigInteger))))
        totals["sum of seconds", name] = Decimal(int(seconds or 0))
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


def _sum(key: Any, amount: Any) -> Select[Any]:
    return select(key, func.sum(amount)).group_by(key).order_by(key)


_seconds = cast(m.TimeEntry.duration, BigInteger)
_fixed = _cents(m.TimeEntry.fixedRate)
_SUMS: tuple[tuple[str, int, Select[Any]], ...] = (
    (HOURS, 3600, _sum(m.TimeEntry.userID, _seconds)),
    (
        EARNED,
        360_000,
        _sum(
            m.TimeEntry.projectID,
            case((_fixed != 0, _fixed * 3600), else_=_cents(m.TimeEntry.rate) * _seconds),
        ),
    ),
    (
        SPENT,
        10_000,
        _sum(m.Expense.projectID, _cents(m.Expense.value) * _cents(m.Expense.multiplier)),
    ),
)
