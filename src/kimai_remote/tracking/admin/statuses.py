"""Statuses: how far the handling of a time entry is."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ...errors import Refused
from ...storage import models as m
from ..options import Options
from . import editing
from .entities import STATUS, find

#: Kimai counts them in one byte.
_MOST = 127


def listing(session: Session) -> list[dict[str, Any]]:
    """All statuses: number, name, the number of their entries, whether new entries get it."""
    used = select(m.TimeEntry.statusID, func.count().label("entries"))
    used_by = used.group_by(m.TimeEntry.statusID).subquery()
    default = Options.load(session).default_status
    found = session.execute(
        select(m.Status.statusID, m.Status.status, func.coalesce(used_by.c.entries, 0))
        .outerjoin(used_by, used_by.c.statusID == m.Status.statusID)
        .order_by(m.Status.statusID)
    )
    return [
        {"statusID": number, "status": name, "entries": entries, "default": number == default}
        for number, name, entries in found
    ]


def show(session: Session, given: str) -> dict[str, Any]:
    """One status as :func:`listing` has it."""
    number = find(session, STATUS, given).statusID
    return next(status for status in listing(session) if status["statusID"] == number)


def add(session: Session, name: str) -> dict[str, Any]:
    """A new status, with the next number."""
    number = (session.scalar(select(func.max(m.Status.statusID))) or 0) + 1
    if number > _MOST:
        raise Refused(f"There can be no more statuses: the last number is {_MOST}.")
    status = editing.add(session, STATUS, {"status": name}, statusID=number)
    return show(session, f"id:{status.statusID}")


def rename(session: Session, given: str, name: str) -> dict[str, Any]:
    status = editing.edit(session, STATUS, given, {"status": name})
    return show(session, f"id:{status.statusID}")


def remove(session: Session, given: str) -> dict[str, Any]:
    """Remove a status for good.

    :raises Refused: entries have it, or new ones are to get it.
    """
    status = show(session, given)
    if status["entries"]:
        raise Refused(f"{status['entries']} time entries have the status {status['status']!r}.")
    if status["default"]:
        raise Refused(
            f"New entries get the status {status['status']!r}; choose another one with "
            "'kimai-remote config set defaultStatusID NUMBER' first."
        )
    session.delete(session.get(m.Status, status["statusID"]))
    session.flush()
    return status
