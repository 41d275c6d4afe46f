"""Pages of long lists, and how many records there are in all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute

from ..errors import Refused
from .context import CallContext


def window(context: CallContext, from_: object, to: object) -> tuple[int | None, int | None]:
    """The bounds of a period in unix seconds, None where it is open.

    :raises Refused: not dates.
    """
    return context.parse_bound(from_, "from"), context.parse_bound(to, "to")


@dataclass(frozen=True, slots=True)
class Listing:
    """Entries of a list, newest first."""

    key: InstrumentedAttribute[int]
    #: What the list is ordered by.
    timestamp: InstrumentedAttribute[int]
    conditions: list[ColumnElement[bool]]
    #: Number of entries, or the statement that counts them; None for the obvious one.
    total: int | Select[int] | None = None
    #: Whether the conditions leave out most entries of a long list. Then an index tells which are
    #: left, and databases need to be told how few to look up, or they read the whole table.
    narrow: bool = False
    #: Whether older entries are left out by something that the order doesn't tell. Then the list
    #: is never begun at its oldest end: all those that are left out might stand there.
    newest_only: bool = False

    def order(self, *, newest_first: bool) -> tuple[Any, Any]:
        # Of those at the same time, the lowest ID comes first, as in Kimai.
        if newest_first:
            return self.timestamp.desc(), self.key.asc()
        return self.timestamp.asc(), self.key.desc()


def page(
    context: CallContext,
    statement: Select[*tuple[Any, ...]],
    listing: Listing,
    start: int,
    limit: int | None,
) -> tuple[Iterable[Any], int | None]:
    """Return the records from index ``start`` on, at most ``limit`` (None: all), and the number of
    all (None where these are all).

    Long lists are read from the database as they are iterated.

    :param statement: what to read of each record, without conditions and order.
    :raises Refused: a negative start or limit.
    """
    if start < 0 or (limit or 0) < 0:
        raise Refused("start and limit must not be negative.")
    newest_first = listing.order(newest_first=True)
    everything = not start and limit is None
    if everything and not listing.narrow:
        whole = statement.where(*listing.conditions).order_by(*newest_first)
        return _read(context, whole, None), None
    total = _total(context, listing)
    left = total - start
    size = left if limit is None else min(limit, left)
    if size <= 0:
        return [], total
    # Skipping costs a step an entry, so begin at the end that is nearer. Only the index is read
    # for it: the rest of a record is looked up for those that are shown.
    from_end = total - start - size
    near_end = from_end < start and not listing.newest_only
    keys = (
        select(listing.key)
        .where(*listing.conditions)
        .order_by(*listing.order(newest_first=not near_end))
        .offset(from_end if near_end else start)
        .limit(size)
        .subquery()
    )
    shown = statement.join(keys, keys.c[listing.key.key] == listing.key).order_by(*newest_first)
    return _read(context, shown, size), None if everything else total


def _total(context: CallContext, listing: Listing) -> int:
    if isinstance(listing.total, int):
        return listing.total
    count = listing.total
    if count is None:
        count = select(func.count(listing.key)).where(*listing.conditions)
    return context.execute(count).scalar() or 0


#: Records that are read at once; longer lists come in pieces of this many.
PIECE = 1000


def _read(
    context: CallContext, statement: Select[*tuple[Any, ...]], size: int | None
) -> Iterable[Any]:
    if size is not None and size <= PIECE:
        return list(context.execute(statement))
    result = context.execute(statement.execution_options(yield_per=PIECE))
    return chain.from_iterable(result.partitions())


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


def cleared_condition(column: Any, cleared: int) -> list[ColumnElement[bool]]:
    """Condition for the parameter ``cleared``."""
    return [] if cleared == -1 else [column != 0 if cleared else column == 0]
