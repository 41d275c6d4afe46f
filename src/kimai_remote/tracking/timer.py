"""The timer: starting, stopping, reading and changing the running recording."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import literal, select, update

from ..errors import Refused
from ..storage import models as m
from ..storage.transactions import refuses_null
from . import dates, permissions, validation
from .context import CallContext
from .rates import Terms, validate_assignment
from .record_set import EMPTY, RecordSet
from .rounding import round_span
from .validation import LONGEST_LOCATION, Record


def start(context: CallContext, project_id: int | None, activity_id: int | None) -> RecordSet:
    """Start recording on a project and task; a running recording of the caller's is stopped first.

    Where both are empty, the caller's last ones are taken.

    :returns: ``timeEntryID``.
    :raises Refused: no such project or task, or they don't belong together.
    """
    user_id = context.principal.user_id
    permissions.require_entry(context, "ki_timesheets", "add", user_id)
    if context.now > dates.LATEST:
        raise Refused("The database holds no time after 2038-01-19 03:14:07 UTC.")
    # Whoever starts a recording holds the user's row, so that there is never more than one.
    last = context.session.execute(
        select(m.User.lastProject, m.User.lastActivity)
        .where(m.User.userID == user_id)
        .with_for_update()
    ).one()
    if not project_id and not activity_id:
        project_id, activity_id = last
    terms = validate_assignment(context, user_id, project_id, activity_id)
    for entry in _running(context, user_id):
        _stop(context, entry)
    entry = m.TimeEntry(
        userID=user_id,
        projectID=project_id,
        activityID=activity_id,
        start=context.now,
        rate=terms.rate,
        fixedRate=_fixed_rate(context, terms),
        statusID=terms.status_id,
        location=_default_location(context),
    )
    context.session.add(entry)
    context.session.flush()
    context.session.execute(
        update(m.User)
        .where(m.User.userID == user_id)
        .values(lastProject=project_id, lastActivity=activity_id, lastRecord=entry.timeEntryID)
    )
    return RecordSet.one({"timeEntryID": entry.timeEntryID})


def stop(context: CallContext, entry_id: int | None) -> RecordSet:
    """Stop a recording: the one of that ID, or the caller's running one if there is no ID.

    An entry that has ended stays as it is; that is no error, as in Kimai, if a list shows it.

    :raises Refused: no such entry, or nothing is running.
    """
    if entry_id:
        try:
            entry = validation.find_entry(context, entry_id)
        except Refused:
            raise Refused(_NOT_RUNNING) from None
        permissions.require_entry(context, "ki_timesheets", "edit", entry.userID)
        if not entry.end:
            _stop(context, entry)
        elif not permissions.is_listed(context, entry):
            raise Refused(_NOT_RUNNING)
        return EMPTY
    permissions.require_entry(context, "ki_timesheets", "edit", context.principal.user_id)
    running = _running(context, context.principal.user_id)
    if not running:
        raise Refused(_NONE_ACTIVE)
    for entry in running:
        _stop(context, entry)
    return EMPTY


def active(context: CallContext) -> RecordSet:
    """The caller's running recording, with the server's time.

    :raises Refused: none is running.
    """
    permissions.require_access(context, "ki_timesheets")
    entry = m.TimeEntry
    statement = (
        select(
            entry.timeEntryID,
            entry.activityID,
            entry.projectID,
            entry.start,
            entry.end,
            entry.duration,
            entry.description,
            literal(context.now).label("servertime"),
            m.Project.customerID,
            m.Customer.name.label("customerName"),
            m.Project.name.label("projectName"),
            m.Activity.name.label("activityName"),
        )
        .outerjoin(m.Project, m.Project.projectID == entry.projectID)
        .outerjoin(m.Customer, m.Customer.customerID == m.Project.customerID)
        .outerjoin(m.Activity, m.Activity.activityID == entry.activityID)
        .where(entry.userID == context.principal.user_id, entry.end == 0)
        .order_by(entry.start.desc(), entry.timeEntryID.desc())
        .limit(1)
    )
    running = RecordSet.fetch(context.session, statement)
    if running.first is None:
        raise Refused(_NONE_ACTIVE)
    return running


def update_active(context: CallContext, record: Record | None) -> RecordSet:
    """Change the given fields of the running recording, or of the entry ``timeEntryID``.

    :param record: ``projectID, activityID, description, comment, start, end, timeEntryID``.
        An ``end`` stops the recording.
    :raises Refused: nothing is running, or a field is wrong.
    """
    if record is None:
        raise Refused("Invalid record")
    entry = _entry_to_update(context, record.get("timeEntryID"))
    validation.require_entry_change(context, "edit", entry)
    project_id = record.get("projectID", entry.projectID)
    activity_id = record.get("activityID", entry.activityID)
    if (project_id, activity_id) != (entry.projectID, entry.activityID):
        validate_assignment(context, entry.userID, project_id, activity_id)
        entry.projectID, entry.activityID = project_id, activity_id
    set_span(context, entry, record)
    validation.set_texts(context, entry, record, "description", "comment")
    return EMPTY


def set_span(context: CallContext, entry: m.TimeEntry, record: Record) -> None:
    """Move an entry to the ``start`` and ``end`` that are given; without an end, a running entry
    goes on running.

    :raises Refused: the end isn't after the start, or a running entry would start in the future.
    """
    start = context.parse_date(record.get("start"), "start") or entry.start
    end = context.parse_date(record.get("end"), "end") or entry.end
    if (start, end) == (entry.start, entry.end):
        return
    validation.check_span(start, end or context.now + 1)
    permissions.require_unlocked(context, end)
    entry.start, entry.end = start, end
    entry.duration = end - start if end else 0


_NOT_RUNNING = "Unable to stop, not recording?"
_NONE_ACTIVE = "No active recording."


def _fixed_rate(context: CallContext, terms: Terms) -> Decimal | None:
    """Null where none fits, if the column allows it."""
    if terms.fixed_rate is None and refuses_null(context.session, m.TimeEntry, "fixedRate"):
        return Decimal(0)
    return terms.fixed_rate


def _default_location(context: CallContext) -> str | None:
    """The caller's preference, cut to what the column holds."""
    return context.principal.preferences.get("ui.defaultLocation", "")[:LONGEST_LOCATION] or None


def _running(context: CallContext, user_id: int) -> list[m.TimeEntry]:
    """The user's running recordings, locked. More than one only where others wrote them."""
    statement = (
        select(m.TimeEntry)
        .where(m.TimeEntry.userID == user_id, m.TimeEntry.end == 0)
        .order_by(m.TimeEntry.start.desc(), m.TimeEntry.timeEntryID.desc())
        .with_for_update()
    )
    return list(context.session.scalars(statement))


def _stop(context: CallContext, entry: m.TimeEntry) -> None:
    options = context.options
    entry.start, entry.end = round_span(
        entry.start,
        max(entry.start, context.now),
        options.round_precision,
        options.rounding,
    )
    entry.duration = entry.end - entry.start


def _entry_to_update(context: CallContext, entry_id: int | None) -> m.TimeEntry:
    if not entry_id:
        running = _running(context, context.principal.user_id)
        if not running:
            raise Refused(_NONE_ACTIVE)
        return running[0]
    return validation.find_entry(context, entry_id)
