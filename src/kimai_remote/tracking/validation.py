"""Checks of the fields of an entry, for the timer, the time sheet and expenses."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import Table, bindparam, select

from ..errors import Refused
from ..storage.tables import projects
from ..storage.transactions import refuses_null
from . import permissions
from .context import CALLER_TYPES, CallContext
from .record_set import StoredRecord

#: Fields as a client gave them; one that it left out, or gave as null, isn't there.
Record = Mapping[str, Any]

CENT = Decimal("0.01")
LARGEST_MONEY = Decimal("99999999.99")
#: MariaDB's TEXT, in bytes of UTF-8.
LONGEST_TEXT = 65_535
LONGEST_LOCATION = 50
_LONGEST = {"location": LONGEST_LOCATION, "trackingNumber": 30}


_USABLE_PROJECT = {
    caller: select(projects.c.projectID).where(
        permissions.usable_project(caller, bindparam("project"))
    )
    for caller in CALLER_TYPES
}


def is_usable_project(context: CallContext, project_id: int) -> bool:
    """Return whether the caller may record on a project."""
    statement = _USABLE_PROJECT[context.principal.type]
    return context.fetch_first(statement, project=project_id) is not None


def check_project(context: CallContext, project_id: int | None) -> int:
    """Return the ID of a project that the caller may record on.

    :raises Refused: there is no such project.
    """
    if project_id and is_usable_project(context, project_id):
        return project_id
    raise Refused("Invalid projectId.")


def check_span(start: int | None, end: int | None) -> tuple[int, int]:
    """Return the start and end of an entry.

    :raises Refused: a time is missing, or the end isn't after the start.
    """
    if not start or not end or end <= start:
        raise Refused("Invalid from/to, make sure there is at least a second difference.")
    return start, end


def text(record: Record, field: str, longest: int = LONGEST_TEXT) -> dict[str, str]:
    """Return the text of a field by its name; nothing if the client gave none.

    :param longest: characters, but bytes of UTF-8 where it is :data:`LONGEST_TEXT`.
    :raises Refused: the text doesn't fit the column.
    """
    value = record.get(field)
    if value is None:
        return {}
    length = len(value.encode()) if longest == LONGEST_TEXT else len(value)
    if length > longest:
        unit = "bytes" if longest == LONGEST_TEXT else "characters"
        raise Refused(f"{field} is too long: {length} {unit}, at most {longest} fit.")
    return {field: value}


def set_texts(
    context: CallContext, table: Table, stored: StoredRecord, record: Record, *names: str
) -> None:
    """Set the named texts of an entry to those in a record. An empty one is stored as null where
    the column allows it, as in Kimai, also where the record doesn't have it.

    :raises Refused: a text doesn't fit the column.
    """
    for name in names:
        given = text(record, name, _LONGEST.get(name, LONGEST_TEXT))
        value = given.get(name, stored.get(name)) or None
        if value is None and refuses_null(context.connection, table, name):
            value = ""
        stored[name] = value


def money(record: Record, field: str, *, negative: bool = False) -> Decimal | None:
    """Return an amount to the cent, or None if the client gave none.

    :raises Refused: more than DECIMAL(10,2) holds, or below zero where that has no meaning.
    """
    value = record.get(field)
    if value is None:
        return None
    smallest = -LARGEST_MONEY if negative else 0
    if not smallest <= value <= LARGEST_MONEY:
        raise Refused(f"{field} must be between {smallest} and {LARGEST_MONEY}.")
    return to_cents(Decimal(value))


def integer(record: Record, field: str, smallest: int, largest: int) -> int | None:
    """Return an integer, or None if the client gave none.

    :raises Refused: out of range.
    """
    value = record.get(field)
    if value is not None and not smallest <= value <= largest:
        raise Refused(f"{field} must be between {smallest} and {largest}.")
    return value


def without_none(**values: Any) -> dict[str, Any]:
    """Return the values that aren't None."""
    return {name: value for name, value in values.items() if value is not None}


def to_cents(amount: Decimal) -> Decimal:
    """Return an amount with two decimals, half a cent away from zero; never minus zero."""
    return amount.quantize(CENT, ROUND_HALF_UP) + 0
