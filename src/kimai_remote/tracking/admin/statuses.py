"""Statuses of time entries."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ...errors import Refused
from ...storage import models as m
from ..context import Options
from . import editing
from .entities import STATUS, find_id

#: Kimai stores the ID in one byte.
_MAX_ID = 127


class DefaultStatus(Refused):
    """A status can't be removed because new entries get it."""

    def __init__(self, name: str) -> None:
        super().__init__(f"New time entries get the status {name!r}.")


def listing(session: Session) -> list[dict[str, Any]]:
    """Return all statuses: ID, name, the number of time entries, whether it is the default."""
    counts = (
        select(m.TimeEntry.statusID, func.count().label("entries"))
        .group_by(m.TimeEntry.statusID)
        .subquery()
    )
    default = Options.load(session).default_status
    rows = session.execute(
        select(m.Status.statusID, m.Status.status, func.coalesce(counts.c.entries, 0))
        .outerjoin(counts, counts.c.statusID == m.Status.statusID)
        .order_by(m.Status.statusID)
    )
    return [
        {"statusID": status_id, "status": name, "entries": entries, "default": status_id == default}
        for status_id, name, entries in rows
    ]


def show(session: Session, reference: str) -> dict[str, Any]:
    """Return one status as :func:`listing` does."""
    status_id = find_id(session, STATUS, reference)
    return next(status for status in listing(session) if status["statusID"] == status_id)


def add(session: Session, name: str) -> dict[str, Any]:
    """Add a status, with the next ID."""
    status_id = (session.scalar(select(func.max(m.Status.statusID))) or 0) + 1
    if status_id > _MAX_ID:
        raise Refused(f"There can be no more statuses: the highest ID is {_MAX_ID}.")
    editing.add(session, STATUS, {"status": name}, statusID=status_id)
    return show(session, f"id:{status_id}")


def rename(session: Session, reference: str, name: str) -> dict[str, Any]:
    status = editing.edit(session, STATUS, reference, {"status": name})
    return show(session, f"id:{status.statusID}")


def remove(session: Session, reference: str) -> dict[str, Any]:
    """Remove a status permanently.

    :raises Refused: time entries have it.
    :raises DefaultStatus: new time entries get it.
    """
    status = show(session, reference)
    entries = status["entries"]
    if entries:
        have = "1 time entry has" if entries == 1 else f"{entries} time entries have"
        raise Refused(f"{have} the status {status['status']!r}.")
    if status["default"]:
        raise DefaultStatus(status["status"])
    session.delete(session.get(m.Status, status["statusID"]))
    session.flush()
    return status
