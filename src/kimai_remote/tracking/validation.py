"""What recording, time sheet and expenses have in common: checks of the fields of an entry."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from ..errors import Refused
from ..storage import models as m
from . import permissions
from .catalog import usable_project, usable_task
from .context import Call
from .rates import best_fixed_rate, best_rate, to_cents

#: Fields as a client gave them; one that it left out, or gave as null, isn't there.
Record = Mapping[str, Any]

LARGEST_MONEY = Decimal("99999999.99")
#: MariaDB's TEXT, in bytes of UTF-8.
LONGEST_TEXT = 65_535


def find_entry(call: Call, entry_id: int) -> m.TimeEntry:
    """The time entry of that number, locked until the transaction ends.

    :raises Refused: there is none.
    """
    entry = call.session.get(m.TimeEntry, entry_id, with_for_update=True)
    if entry is None:
        raise Refused("Invalid ID")
    return entry


def require_change(call: Call, action: permissions.Action, entry: m.TimeEntry) -> None:
    """:func:`permissions.require_change` of a time entry."""
    permissions.require_change(
        call, "ki_timesheets", action, entry.userID, cleared=entry.cleared, ended=entry.end
    )


def validate_assignment(
    call: Call, user_id: int, project_id: int | None, activity_id: int | None
) -> tuple[Decimal, Decimal]:
    """The rate and fixed rate for new work on this project and task.

    :raises Refused: the caller may not record on the project, or not this task on it.
    """
    if project_id and activity_id:
        found = call.session.execute(
            select(
                best_rate(user_id, project_id, activity_id),
                best_fixed_rate(project_id, activity_id),
            )
            .select_from(m.Project)
            .join(m.Activity, m.Activity.activityID == activity_id)
            .where(usable_project(call, project_id), usable_task(call, project_id, activity_id))
        ).first()
        if found is not None:
            return Decimal(found[0] or 0), Decimal(found[1] or 0)
    raise Refused("Invalid project or task")


def validate_named_assignment(
    call: Call, user_id: int, project_id: int | None, activity_id: int | None
) -> tuple[Decimal, Decimal]:
    """Like :func:`validate_assignment`, but the error names a project that can't be recorded on.

    :raises Refused: the same, in more words.
    """
    if not activity_id:
        check_project(call, project_id)
        raise Refused("Invalid taskId.")
    try:
        return validate_assignment(call, user_id, project_id, activity_id)
    except Refused:
        check_project(call, project_id)
        raise


def check_project(call: Call, project_id: int | None) -> int:
    """The number of a project that the caller may record on.

    :raises Refused: there is no such project.
    """
    if project_id:
        known = select(m.Project.projectID).where(usable_project(call, project_id))
        if call.session.scalar(known) is not None:
            return project_id
    raise Refused("Invalid projectId.")


def check_span(start: int | None, end: int | None) -> tuple[int, int]:
    """:raises Refused: a time is missing, or the end isn't after the start."""
    if not start or not end or end <= start:
        raise Refused("Invalid from/to, make sure there is at least a second difference.")
    return start, end


def text(record: Record, field: str, longest: int = LONGEST_TEXT) -> dict[str, str]:
    """The text of a field for its column of the same name; empty if the client gave none.

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


def money(record: Record, field: str, *, negative: bool = False) -> Decimal | None:
    """An amount to the cent, or None if the client gave none.

    :raises Refused: more than DECIMAL(10,2) holds, or below zero where that has no meaning.
    """
    value = record.get(field)
    if value is None:
        return None
    least = -LARGEST_MONEY if negative else 0
    if not least <= value <= LARGEST_MONEY:
        raise Refused(f"{field} must be between {least} and {LARGEST_MONEY}.")
    return to_cents(Decimal(value))


def number(record: Record, field: str, least: int, most: int) -> int | None:
    """A small number, or None if the client gave none.

    :raises Refused: out of range.
    """
    value = record.get(field)
    if value is not None and not least <= value <= most:
        raise Refused(f"{field} must be between {least} and {most}.")
    return value


def without_none(**values: Any) -> dict[str, Any]:
    """The values that aren't None."""
    return {name: value for name, value in values.items() if value is not None}
