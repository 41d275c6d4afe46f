"""Pages of long lists, and how many records there are in all."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute

from ..errors import Refused
from .call import Call
from .entries import check_span


def window(call: Call, from_: object, to: object) -> tuple[int | None, int | None]:
    """The bounds of a period in unix seconds, None where it is open.

    :raises Refused: not dates, or the period ends before it begins.
    """
    begin, finish = call.date(from_, "from"), call.date(to, "to")
    if begin is not None and finish is not None:
        check_span(begin, finish)
    return begin, finish


def page(
    call: Call,
    statement: Select[*tuple[Any, ...]],
    key: InstrumentedAttribute[int],
    conditions: list[ColumnElement[bool]],
    start: int,
    limit: int,
) -> tuple[list[Any], int | None]:
    """The records from number ``start`` on, at most ``limit`` (0: all), and the number of all.

    :param key: primary key of the table that the conditions are on; it is what is counted.
    :raises Refused: a negative start or limit.
    """
    if start < 0 or limit < 0:
        raise Refused("start and limit must not be negative.")
    statement = statement.where(*conditions)
    if not start and not limit:
        return list(call.session.execute(statement)), None
    total = call.session.scalar(select(func.count(key)).where(*conditions)) or 0
    # SQLite and MariaDB know an offset only behind a limit.
    statement = statement.offset(start).limit(limit or total)
    return list(call.session.execute(statement)), total


def cleared_condition(column: Any, cleared: int) -> list[ColumnElement[bool]]:
    """Condition for the parameter ``cleared``: -1 all, 0 open, 1 cleared.

    :raises Refused: another number.
    """
    if cleared not in (-1, 0, 1):
        raise Refused("cleared must be -1 (all), 0 (open) or 1 (cleared).")
    return [] if cleared == -1 else [column != 0 if cleared else column == 0]
