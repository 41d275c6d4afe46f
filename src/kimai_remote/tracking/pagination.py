"""Lists of time entries and expenses: the newest first, in pages, with the number of all.

Where counts are kept (:mod:`..storage.entry_counts`), nothing that a page skips is read, and only
entries of the periods at the ends of a list are counted. Elsewhere, and where the counts don't say
which entries are listed, entries are counted and skipped one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    ScalarSelect,
    Select,
    Table,
    bindparam,
    case,
    func,
    or_,
    select,
    true,
)

from ..errors import Refused
from ..storage import tallies
from ..storage.tables import ONE, ZERO, entry_counts, number, period_counts
from ..storage.tallies import PERIOD, Kind
from .context import CallContext
from .permissions import counts_are_kept, is_shown, lists_entry, projects_of_customer

#: Records that are read at once; longer lists come in pieces of this many.
PIECE = 1000
#: Limits that statements have in their text, and that a smaller one is rounded up to. PostgreSQL
#: plans a statement with a limit that it doesn't know on every call, which takes several times as
#: long as the statement.
STEPS = (1, 10, 25, 50, 100, 250, 500, PIECE)
#: Bounds of all timestamps.
_FIRST, _LAST = -(2**31), 2**31


def window(context: CallContext, from_: object, to: object) -> tuple[int | None, int | None]:
    """The bounds of a period in unix seconds, None where it is open.

    :raises Refused: not dates.
    """
    return context.parse_bound(from_, "from"), context.parse_bound(to, "to")


def read_cleared(context: CallContext, cleared: int | None) -> int:
    """Return the parameter ``cleared``: -1 all, 0 open, 1 cleared.

    :param cleared: None for all, or for the open ones where the caller's preference is to hide
        cleared ones.
    :raises Refused: another value.
    """
    if cleared is None:
        return 0 if context.principal.prefers("ui.hideClearedEntries") else -1
    if cleared not in (-1, 0, 1):
        raise Refused("cleared must be -1 (all), 0 (open) or 1 (cleared).")
    return cleared


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """What a list is made of; one constant for each list."""

    table: Table
    key: ColumnElement[int]
    #: What the list is ordered by.
    time: ColumnElement[int]
    #: The counts of entries by that.
    kind: Kind
    #: The columns of a record, and the tables that they come from beside the entry's, each with
    #: the condition that it is joined on.
    columns: tuple[Any, ...]
    joins: tuple[tuple[Table, ColumnElement[bool]], ...]
    #: Column of the end of entries that last; None for those that don't.
    end: ColumnElement[int] | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """Which entries of a list a caller asks for; as far as statements depend on it."""

    listing: Listing
    of_customer: bool
    #: See :func:`read_cleared`.
    cleared: int = -1
    #: -1 all, 0 the refundable ones, 1 the others.
    refundable: int = -1
    has_begin: bool = False
    has_finish: bool = False

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """Conditions but for the period."""
        entry = self.listing.table.c
        conditions = [lists_entry(self.listing.table, of_customer=self.of_customer)]
        if self.cleared != -1:
            conditions.append(entry.cleared != ZERO if self.cleared else entry.cleared == ZERO)
        if self.refundable != -1:
            column = entry.refundable
            conditions.append(column == ZERO if self.refundable else column > ZERO)
        return conditions

    @property
    def flags(self) -> list[int]:
        """Flags of the counts of these entries."""
        cleared = {-1: (0, tallies.CLEARED), 0: (0,), 1: (tallies.CLEARED,)}[self.cleared]
        if self.listing.end is not None:
            return list(cleared)
        refundable = {
            -1: (0, tallies.REFUNDABLE, tallies.NEGATIVE),
            0: (tallies.REFUNDABLE,),
            1: (0,),
        }[self.refundable]
        return [first + second for first in cleared for second in refundable]

    @property
    def lasts(self) -> list[ColumnElement[bool]]:
        """The condition that an entry lasts until after the begin of the period."""
        end = self.listing.end
        if end is None:
            return [self.listing.time > _BEGIN]
        return [or_(end > _BEGIN, end == ZERO)]


def _bound(name: str) -> Any:
    # PostgreSQL can compare the columns with it and use their indexes all the same.
    return bindparam(name, type_=BigInteger)


_BEGIN, _FINISH = _bound("begin"), _bound("finish")
#: The ends of the periods that these are in.
_BEGIN_END, _FINISH_END = _bound("begin_end"), _bound("finish_end")
_LOWER, _UPPER = _bound("lower"), _bound("upper")
_OFFSET, _LIMIT = _bound("offset"), _bound("limit")


class _Counts(NamedTuple):
    """What the counts of a list say; see :func:`_kept_counts`."""

    is_kept: int
    entries: int
    shown: int
    since_begin: int = 0
    from_finish: int = 0
    started_since_begin: int = 0
    irregular: int = 0
    early: int = 0
    lower: int | None = None
    upper: int | None = None
    before: int | None = None

    @classmethod
    def of(cls, row: Iterable[Any]) -> _Counts:
        """:param row: in which databases have sums as numbers of different types."""
        return cls(*(None if value is None else int(value) for value in row))  # type: ignore[arg-type]

    @property
    def total(self) -> int:
        """Number of entries of the period."""
        return max(self.since_begin - self.from_finish, 0)

    @property
    def inside(self) -> int:
        """Number of those among them that start after its begin."""
        return self.started_since_begin - self.from_finish


def rows(
    context: CallContext,
    query: Query,
    begin: int | None,
    finish: int | None,
    start: int,
    limit: int | None,
) -> tuple[Iterable[Sequence[Any]], int | None]:
    """Return the entries from index ``start`` on, at most ``limit`` (None: all), and the number of
    all (None where these are all).

    Long lists are read from the database as they are iterated.

    :param begin: time entries are listed that end after it or run, and expenses after it.
    :param finish: entries are listed that begin before it.
    :raises Refused: a negative start or limit.
    """
    if start < 0 or (limit or 0) < 0:
        raise Refused("start and limit must not be negative.")
    reading = _Reading(context, query, begin, finish)
    if not start and limit is None:
        return reading.run(_all_rows(query), PIECE + 1), None
    if context.has_entry_counts and reading.can_calculate:
        found = reading.by_counts(start, limit)
        if found is not None:
            return found
    return reading.by_entries(start, limit)


class _Reading:
    """Reading one list for one call."""

    def __init__(
        self, context: CallContext, query: Query, begin: int | None, finish: int | None
    ) -> None:
        self._context, self._query = context, query
        self._begin, self._finish = begin, finish
        self._parameters: dict[str, Any] = {}
        if query.of_customer:
            self._parameters["projects"] = [
                project_id for (project_id,) in context.fetch(projects_of_customer)
            ]
        if begin is not None:
            self._parameters |= {"begin": begin, "begin_end": _end_of_period(begin)}
        if finish is not None:
            self._parameters |= {"finish": finish, "finish_end": _end_of_period(finish)}

    @property
    def can_calculate(self) -> bool:
        """Whether the number of entries of the period can be calculated from counts: of a period
        that ends before it begins, there are only entries that last from its end to its begin."""
        if self._query.listing.end is None or self._begin is None or self._finish is None:
            return True
        return self._begin < self._finish

    def run(
        self, statement: Select[*tuple[Any, ...]], size: int, **parameters: int
    ) -> Iterable[Sequence[Any]]:
        """Run a statement.

        :param size: number of rows that it may return.
        """
        if size > PIECE:
            result = self._context.execute(_streamed(statement), **self._parameters, **parameters)
            return chain.from_iterable(result.partitions())
        return self._context.fetch(statement, **self._parameters, **parameters)

    def by_counts(
        self, start: int, limit: int | None
    ) -> tuple[Iterable[Sequence[Any]], int] | None:
        """Return the same as :func:`rows`; None where counts don't tell."""
        query, most = self._query, _LAST if limit is None else limit
        if self._begin is not None and self._begin < 0 and query.listing.end is not None:
            # Here no entry ends before 1970.
            self._parameters["begin"] = 0
        located, early = bool(start) or query.of_customer, False
        if not located and 0 < most <= PIECE:
            statement = _first_page(query, kept=True, step=_step(most))
            counts, found = _split(self.run(statement, most), most)
            if not _tells(counts):
                return None
            if not counts.early:
                return found, counts.total
            early = True
        counts = self._counts(located, start, most, early=early)
        if counts.early and not early:
            counts = self._counts(located, start, most, early=True)
        if not _tells(counts):
            return None
        size = min(most, counts.total - start)
        if size <= 0:
            return [], counts.total
        offset, upper, lower = start, _LAST, _FIRST
        if counts.upper is not None and counts.lower is not None and counts.before is not None:
            offset += counts.from_finish - counts.before
            upper, lower = counts.upper + PERIOD, counts.lower or _FIRST
        elif self._finish is not None:
            upper = self._finish
        lasts = self._begin is not None and start + size > counts.inside
        if lasts and self._begin is not None:
            if start >= counts.inside:
                offset, upper = start - counts.inside, max(self._begin, 0) + 1
            lower = _FIRST if counts.early else self._begin - PERIOD
        # Beyond the last entry of those that last, nothing but the limit ends the search.
        step = None if lasts or size > PIECE else _step(size)
        entries = self.run(
            _page(query, lasts=lasts, step=step),
            size,
            lower=lower,
            upper=upper,
            offset=offset,
            limit=size,
        )
        return entries if step is None else list(entries)[:size], counts.total

    def _counts(self, located: bool, start: int, limit: int, *, early: bool) -> _Counts:
        statement = _kept_counts(self._query, located=located, early=early)
        return _Counts.of(next(iter(self.run(statement, 1, offset=start, limit=limit))))

    def by_entries(self, start: int, limit: int | None) -> tuple[Iterable[Sequence[Any]], int]:
        """Return the same as :func:`rows`, by counting entries and skipping them."""
        query, most = self._query, _LAST if limit is None else limit
        if self._begin is not None:
            self._parameters["begin"] = self._begin
        if not start and 0 < most <= PIECE and not query.has_begin:
            statement = _first_page(query, kept=False, step=_step(most))
            counts, entries = _split(self.run(statement, most), most)
            return entries, counts.total
        total = next(iter(self.run(_counted(query), 1)))[0]
        size = min(most, total - start)
        if size <= 0:
            return [], total
        # Skipping costs a step an entry, so begin at the end that is nearer; but not where entries
        # are left out by something that the order doesn't tell: all of them might stand there.
        from_end = total - start - size
        near_end = from_end < start and not query.has_begin
        statement = _shown_page(query, newest_first=not near_end)
        offset = from_end if near_end else start
        return self.run(statement, size, offset=offset, limit=size), total


def _end_of_period(time: int) -> int:
    return (max(time, 0) // PERIOD + 1) * PERIOD


def _tells(counts: _Counts) -> bool:
    """Return whether the counts tell which entries are listed."""
    return bool(counts.is_kept) and counts.entries == counts.shown and not counts.irregular


def _step(limit: int) -> int:
    """Return the limit of the statement that is used for a limit."""
    return next(step for step in STEPS if step >= limit)


def _split(found: Iterable[Sequence[Any]], limit: int) -> tuple[_Counts, list[Sequence[Any]]]:
    """Return the counts that are at the end of each row, and the rows that have an entry."""
    listed = list(found)[:limit]
    width = len(_Counts._fields) - 3
    counts = _Counts.of(listed[0][-width:])
    return counts, [row[:-width] for row in listed if row[0] is not None]


# Statements. They are composed once for each of the few queries.


@cache
def _streamed(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return statement.execution_options(yield_per=PIECE)


@cache
def _all_rows(query: Query) -> Select[*tuple[Any, ...]]:
    listing = query.listing
    statement = _joined(select(*listing.columns).select_from(listing.table), listing)
    return statement.where(*_conditions(query, shown=True)).order_by(*_order(listing))


@cache
def _counted(query: Query) -> Select[int]:
    """The number of entries, counted one by one."""
    return select(_counted_number(query).label("total"))


@cache
def _first_page(query: Query, *, kept: bool, step: int) -> Select[*tuple[Any, ...]]:
    """The first page, each row with the counts at its end; one without an entry if there is none.

    By counts, entries that started long before the period begins are left out.
    """
    listing = query.listing
    conditions = _conditions(query, shown=not kept)
    if query.has_begin and listing.end is not None:
        conditions.append(listing.time > _BEGIN - number(PERIOD))
    keys = _keys(listing, conditions).limit(number(step)).subquery()
    if kept:
        counts = _kept_counts(query, located=False, is_first=True).subquery()
    else:
        columns: dict[str, Any] = dict.fromkeys(_Counts._fields[:-3], ZERO)
        columns["since_begin"] = _counted_number(query)
        counts = select(*(value.label(name) for name, value in columns.items())).subquery()
    statement = (
        select(*listing.columns, *counts.c)
        .select_from(counts)
        .outerjoin(keys, true())
        .outerjoin(listing.table, listing.key == keys.c.key)
    )
    return _joined(statement, listing).order_by(*_order(listing))


@cache
def _page(query: Query, *, lasts: bool, step: int | None) -> Select[*tuple[Any, ...]]:
    """A page of entries that begin from ``lower`` up to ``upper``, of which ``offset`` are skipped.

    :param lasts: whether the begin of the period leaves out some of them.
    """
    listing = query.listing
    conditions = [*query.conditions, listing.time >= _LOWER, listing.time < _UPPER]
    if lasts:
        conditions += query.lasts
    limit = _LIMIT if step is None else number(step)
    return _of_keys(listing, _keys(listing, conditions).offset(_OFFSET).limit(limit).subquery())


@cache
def _shown_page(query: Query, *, newest_first: bool) -> Select[*tuple[Any, ...]]:
    """A page found by skipping entries from the newest or the oldest on."""
    keys = _keys(query.listing, _conditions(query, shown=True), newest_first=newest_first)
    return _of_keys(query.listing, keys.offset(_OFFSET).limit(_LIMIT).subquery())


def _of_keys(listing: Listing, keys: FromClause) -> Select[*tuple[Any, ...]]:
    # Only an index is read to find the keys: the rest of a record is looked up for those that are
    # shown.
    statement = select(*listing.columns).select_from(keys)
    statement = statement.join(listing.table, listing.key == keys.c.key)
    return _joined(statement, listing).order_by(*_order(listing))


def _joined(statement: Select[*tuple[Any, ...]], listing: Listing) -> Select[*tuple[Any, ...]]:
    for table, condition in listing.joins:
        statement = statement.outerjoin(table, condition)
    return statement


def _order(listing: Listing, *, newest_first: bool = True) -> tuple[Any, Any]:
    # Of those at the same time, the lowest ID comes first, as in Kimai.
    if newest_first:
        return listing.time.desc(), listing.key.asc()
    return listing.time.asc(), listing.key.desc()


def _keys(
    listing: Listing, conditions: list[ColumnElement[bool]], *, newest_first: bool = True
) -> Select[int]:
    order = _order(listing, newest_first=newest_first)
    return select(listing.key.label("key")).where(*conditions).order_by(*order)


def _conditions(query: Query, *, shown: bool) -> list[ColumnElement[bool]]:
    listing = query.listing
    conditions = query.conditions
    if shown:
        conditions.append(is_shown(listing.table))
    if query.has_finish:
        conditions.append(listing.time < _FINISH)
    if query.has_begin:
        conditions += query.lasts
    return conditions


def _counted_number(query: Query) -> Any:
    """SQL for the number of entries that a list shows."""
    listing = query.listing
    if not query.has_begin or listing.end is None:
        return _count(listing, _conditions(query, shown=True))
    # Entries that ended and those that run each by themselves: SQLite would look at all of a user's
    # entries for those of one part or the other.
    conditions = [*query.conditions, is_shown(listing.table)]
    if query.has_finish:
        conditions.append(listing.time < _FINISH)
    ended = _count(listing, [*conditions, listing.end > _BEGIN, listing.end != ZERO])
    return ended + _count(listing, [*conditions, listing.end == ZERO])


def _count(listing: Listing, conditions: list[ColumnElement[bool]]) -> ScalarSelect[int]:
    return select(func.count(listing.key)).where(*conditions).scalar_subquery()


@cache
def _kept_counts(
    query: Query, *, located: bool, early: bool = False, is_first: bool = False
) -> Select[*tuple[Any, ...]]:
    """One row of :class:`_Counts`.

    The entries of a period are those that last until after its begin without those that start from
    its finish on. Both are counted from the newest on, since most calls ask for new entries.

    :param located: whether to find the periods that the page with ``offset`` and ``limit`` is in.
    :param early: whether to count those that started long before the period begins too. If there
        are some, the numbers are wrong without.
    :param is_first: whether to leave out what only other pages than the first need.
    """
    listing, end = query.listing, query.listing.end
    if end is None:
        kept: Any = period_counts
        totals = _of_kind(query, Kind.EXPENSES)
    else:
        kept = entry_counts
        totals = [lists_entry(kept, of_customer=query.of_customer)]
        if query.cleared != -1:
            totals.append(kept.c.cleared == number(query.cleared))
    shown = case((is_shown(kept), kept.c.entries), else_=ZERO)
    sums = select(
        func.coalesce(func.sum(kept.c.entries), ZERO).label("entries"),
        func.coalesce(func.sum(shown), ZERO).label("shown"),
    ).where(*totals)
    of_all = sums.subquery()
    columns: dict[str, Any] = {
        "is_kept": case((counts_are_kept, ONE), else_=ZERO),
        "entries": of_all.c.entries,
        "shown": of_all.c.shown,
        **dict.fromkeys(_Counts._fields[3:-3], ZERO),
        "since_begin": of_all.c.entries,
    }
    if query.has_finish:
        before_finish = _FINISH - ONE
        columns["from_finish"] = _number_since(
            query, listing.kind, listing.time, before_finish, _FINISH_END
        )
    if query.has_begin and end is None:
        columns["since_begin"] = columns["started_since_begin"] = _number_since(
            query, listing.kind, listing.time, _BEGIN, _BEGIN_END
        )
    if query.has_begin and end is not None:
        long_before = listing.time <= _BEGIN - number(PERIOD)
        running = [*query.conditions, end == ZERO]
        # An index of a customer's entries has them by start.
        recent = [] if early else [~long_before, listing.time < _BEGIN_END]
        ended = _number_since(query, Kind.ENDED, end, _BEGIN, _BEGIN_END, *recent)
        columns["since_begin"] = ended + _count(listing, running)
        if not is_first:
            columns["started_since_begin"] = _number_since(
                query, listing.kind, listing.time, _BEGIN, _BEGIN_END
            )
        columns["irregular"] = _sum(_of_kind(query, Kind.IRREGULAR))
        columns["early"] = _sum(
            [*_of_kind(query, Kind.LONG), period_counts.c.period >= _BEGIN_END - number(PERIOD)]
        ) + _count(listing, [*running, long_before])
    source: FromClause = of_all
    if located:
        place = _place(query, columns["from_finish"])
        columns |= {name: place.c[name] for name in _Counts._fields[-3:]}
        source = of_all.join(place, true())
    return select(*(value.label(name) for name, value in columns.items())).select_from(source)


def _place(query: Query, skipped: Any) -> Any:
    """The first and last period of a page, and the number of entries that are newer than both."""
    count = period_counts.c
    entries = func.sum(count.entries)
    periods = (
        select(
            count.period,
            entries.label("entries"),
            func.sum(entries).over(order_by=count.period.desc()).label("until"),
        )
        .where(*_of_kind(query, query.listing.kind))
        .group_by(count.period)
        .subquery()
    )
    before = periods.c.until - periods.c.entries
    first = _OFFSET + skipped
    return (
        select(
            func.min(periods.c.period).label("lower"),
            func.max(periods.c.period).label("upper"),
            func.min(before).label("before"),
        )
        .where(periods.c.until > first, before < first + _LIMIT)
        .subquery()
    )


def _number_since(
    query: Query,
    kind: Kind,
    column: ColumnElement[int],
    time: Any,
    end_of_period: Any,
    *conditions: ColumnElement[bool],
) -> Any:
    """SQL for the number of entries after a time: those of the same period are counted.

    :param column: the time of entries that the kind counts by.
    :param conditions: those that are counted meet these.
    """
    whole = _sum([*_of_kind(query, kind), period_counts.c.period >= end_of_period])
    rest = [*query.conditions, column > time, column < end_of_period, *conditions]
    return whole + _count(query.listing, rest)


def _sum(conditions: list[ColumnElement[bool]]) -> ScalarSelect[int]:
    entries = func.coalesce(func.sum(period_counts.c.entries), ZERO)
    return select(entries).where(*conditions).scalar_subquery()


def _of_kind(query: Query, kind: Kind) -> list[ColumnElement[bool]]:
    count = period_counts.c
    conditions = [
        lists_entry(period_counts, of_customer=query.of_customer),
        count.kind == number(int(kind)),
    ]
    if query.cleared != -1 or query.refundable != -1:
        conditions.append(or_(*(count.flags == number(flag) for flag in query.flags)))
    return conditions
