"""Running recordings of a user, or on a customer, project or activity."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...storage import models as m
from .. import timer
from ..context import Options
from .entities import ACTIVITY, CUSTOMER, PROJECT, USER, EntityType

#: Condition on the time entries of an object of each type, by its ID.
_OF: dict[EntityType, Any] = {
    USER: lambda entity_id: m.TimeEntry.userID == entity_id,
    CUSTOMER: lambda entity_id: m.TimeEntry.projectID.in_(
        select(m.Project.projectID).where(m.Project.customerID == entity_id)
    ),
    PROJECT: lambda entity_id: m.TimeEntry.projectID == entity_id,
    ACTIVITY: lambda entity_id: m.TimeEntry.activityID == entity_id,
}
#: Types whose objects have recordings.
RECORDED = tuple(_OF)


def running(session: Session, entity_type: EntityType, entity_id: int) -> list[int]:
    """Return the IDs of the running time entries of a user, or on another object.

    :param entity_type: one of :data:`RECORDED`.
    """
    entry = m.TimeEntry
    statement = select(entry.timeEntryID).where(entry.end == 0, _OF[entity_type](entity_id))
    return list(session.scalars(statement.order_by(entry.timeEntryID)))


def stop(session: Session, user_id: int) -> list[int]:
    """Stop the running recordings of a user as ``stopRecord`` does; return their IDs."""
    # Whoever starts a recording holds the user's row.
    session.execute(select(m.User.userID).where(m.User.userID == user_id).with_for_update())
    entry = m.TimeEntry
    entries = session.scalars(
        select(entry)
        .where(entry.end == 0, entry.userID == user_id)
        .order_by(entry.timeEntryID)
        .with_for_update()
    ).all()
    options, now = Options.load(session), int(time.time())
    for each in entries:
        for name, value in timer.stopped(each.start, now, options).items():
            setattr(each, name, value)
    session.flush()
    return [each.timeEntryID for each in entries]
