"""What is counted of time entries and expenses, as SQL that triggers and recounts share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from .models import EntryCount, Expense, PeriodCount, TimeEntry

#: Seconds of a period, a power of two, so that all databases find its begin by the same operator.
#: Twelve days: the longer periods are, the more entries are counted where a list begins or ends in
#: one, and the shorter, the more counts are added up.
PERIOD = 2**20
#: Bits of :attr:`PeriodCount.flags`. Kimai lists expenses with a negative ``refundable`` neither as
#: refundable nor as not refundable.
CLEARED, REFUNDABLE, NEGATIVE = 1, 2, 4


class Kind(IntEnum):
    """What a :class:`PeriodCount` is the number of."""

    #: Time entries by their start.
    STARTED = 1
    #: Time entries that don't run any more, by their end.
    ENDED = 2
    #: Those among them that are longer than :data:`PERIOD`, by their end.
    LONG = 3
    #: Time entries that end before they start, or before 1970; all in period 0.
    IRREGULAR = 4
    #: Expenses by their timestamp.
    SPENT = 5
    #: All expenses, in period 0.
    EXPENSES = 6


@dataclass(frozen=True, slots=True)
class Tally:
    """Rows of a table that are counted in another.

    All SQL is the same on all databases, once its quotation marks are; ``{row}`` stands for a row
    of ``source``.

    :param source: name, without quotes, of the table whose rows are counted.
    :param target: name of the table of counts.
    :param key: SQL for each column of the target's primary key.
    :param condition: SQL; rows that don't meet it aren't counted.
    """

    source: str
    target: str
    key: Mapping[str, str]
    condition: str = "1 = 1"

    @property
    def columns(self) -> str:
        return ", ".join(f'"{name}"' for name in self.key)

    def values(self, row: str) -> str:
        return ", ".join(self.key.values()).format(row=row)

    def counts(self, row: str) -> str:
        """Return a condition: a row is counted."""
        return self.condition.format(row=row)

    def differs(self) -> str:
        """Return a condition: a row ``NEW`` is counted otherwise than it was as ``OLD``."""
        pairs = [f"({each})" for each in (*self.key.values(), self.condition) if "{row}" in each]
        return " OR ".join(
            f"{each.format(row='OLD')} <> {each.format(row='NEW')}" for each in pairs
        )

    def select(self, rows: str, step: str) -> str:
        """Return a query for the key of each of some rows, with a number as ``step``."""
        key = ", ".join(
            f'{value.format(row="counted")} AS "{name}"' for name, value in self.key.items()
        )
        return (
            f"SELECT {key}, {step} AS step FROM {rows} AS counted "  # noqa: S608 - SQL of ours
            f"WHERE {self.counts('counted')}"
        )


ENTRIES, EXPENSES = TimeEntry.__tablename__, Expense.__tablename__
COUNTS, PERIOD_COUNTS = EntryCount.__tablename__, PeriodCount.__tablename__


def _flag(condition: str, bit: int) -> str:
    return f"CASE WHEN {condition} THEN {bit} ELSE 0 END"


def _period(timestamp: str) -> str:
    """SQL for the begin of a timestamp's period; everything before 1970 is in the first."""
    return f"CASE WHEN {timestamp} > 0 THEN {timestamp} - ({timestamp} & {PERIOD - 1}) ELSE 0 END"


_START, _END, _TIMESTAMP = '{row}."start"', '{row}."end"', '{row}."timestamp"'
_CLEARED = _flag('{row}."cleared" <> 0', CLEARED)
_EXPENSE_FLAGS = " + ".join(
    (
        _CLEARED,
        _flag('{row}."refundable" > 0', REFUNDABLE),
        _flag('{row}."refundable" < 0', NEGATIVE),
    )
)


def _by_period(source: str, kind: Kind, period: str, flags: str, condition: str = "1 = 1") -> Tally:
    key = {
        "userID": '{row}."userID"',
        "kind": str(int(kind)),
        "period": period,
        "projectID": '{row}."projectID"',
        "flags": flags,
    }
    return Tally(source, PERIOD_COUNTS, key, condition)


TALLIES = (
    Tally(
        ENTRIES,
        COUNTS,
        {name: f'{{row}}."{name}"' for name in ("userID", "projectID", "activityID", "statusID")}
        | {"cleared": _CLEARED},
    ),
    _by_period(ENTRIES, Kind.STARTED, _period(_START), _CLEARED),
    _by_period(ENTRIES, Kind.ENDED, _period(_END), _CLEARED, f"{_END} <> 0"),
    _by_period(
        ENTRIES,
        Kind.LONG,
        _period(_END),
        _CLEARED,
        # With integers, PostgreSQL refuses differences that an integer can't hold.
        f"{_END} <> 0 AND {_END} - {PERIOD}.0 > {_START}",
    ),
    _by_period(
        ENTRIES,
        Kind.IRREGULAR,
        "0",
        _CLEARED,
        f"{_END} <> 0 AND ({_END} < {_START} OR {_END} < 0)",
    ),
    _by_period(EXPENSES, Kind.SPENT, _period(_TIMESTAMP), _EXPENSE_FLAGS),
    _by_period(EXPENSES, Kind.EXPENSES, "0", _EXPENSE_FLAGS),
)


@dataclass(frozen=True, slots=True)
class Trigger:
    """What a table's tallies have to do on an event.

    :param event: ``insert``, ``update`` or ``delete``.
    """

    source: str
    event: str

    @property
    def name(self) -> str:
        # The first counts of time entries and of expenses are in different tables.
        return f"{self.tallies[0].target}_{self.event}"

    @property
    def tallies(self) -> list[Tally]:
        return [tally for tally in TALLIES if tally.source == self.source]

    @property
    def steps(self) -> list[tuple[str, int]]:
        """The rows that are counted, ``OLD`` or ``NEW``, each with what it adds to a count."""
        return {
            "insert": [("NEW", 1)],
            "update": [("OLD", -1), ("NEW", 1)],
            "delete": [("OLD", -1)],
        }[self.event]

    def for_each_row(self, add: Callable[[Tally, str, int, str], str]) -> str:
        """Return a statement that creates the trigger, for databases that run it for each row.

        :param add: returns a statement that adds a step to a row's count on a condition.
        """
        body = []
        for tally in self.tallies:
            for row, step in self.steps:
                condition = f"({tally.counts(row)})"
                if self.event == "update":
                    condition += f" AND ({tally.differs()})"
                body.append(add(tally, row, step, condition))
        return (
            f'CREATE TRIGGER "{self.name}" AFTER {self.event.upper()} ON "{self.source}" '
            f"FOR EACH ROW BEGIN {' '.join(body)} END"
        )


TRIGGERS = tuple(
    Trigger(source, event)
    for source in (ENTRIES, EXPENSES)
    for event in ("insert", "update", "delete")
)
