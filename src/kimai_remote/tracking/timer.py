"""The timer: starting, stopping, reading and changing the running recording."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import Integer, Select, and_, bindparam, case, select, update

from ..errors import Refused, UnknownRecord
from ..storage import prepared_statements
from ..storage.prepared_statements import columns_of
from ..storage.tables import (
    CALLER,
    ONE,
    ZERO,
    activities,
    customers,
    projects,
    time_entries,
    users,
)
from ..storage.transactions import refuses_null
from . import dates, permissions, validation
from .context import CallContext, Options
from .rates import Terms, assignment, terms_of, validate_assignment
from .record_set import EMPTY, TIME_ENTRIES, RecordSet, StoredRecord
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
    ((last_project, last_activity, usable, *terms),) = context.fetch(
        _START if project_id or activity_id else _START_LAST,
        project=project_id,
        activity=activity_id,
        default_status=context.options.default_status,
    )
    if not project_id and not activity_id:
        project_id, activity_id = last_project, last_activity
    if usable is None or not project_id or not activity_id:
        raise Refused("Invalid project or task")
    assigned = Terms.of(*terms)
    _stop_running(context)
    entry_id = TIME_ENTRIES.add(
        context,
        {
            "userID": user_id,
            "projectID": project_id,
            "activityID": activity_id,
            "start": context.now,
            "rate": assigned.rate,
            "fixedRate": _fixed_rate(context, assigned),
            "statusID": assigned.status_id,
            "location": _default_location(context),
        },
    )
    last = {"lastProject": project_id, "lastActivity": activity_id, "lastRecord": entry_id}
    prepared_statements.change(context.connection, _REMEMBER, {"caller": user_id, **last})
    return RecordSet.one({"timeEntryID": entry_id})


def stop(context: CallContext, entry_id: int | None) -> RecordSet:
    """Stop a recording: the one of that ID, or the caller's running one if there is no ID.

    An entry that has ended stays as it is; that is no error, as in Kimai, if a list shows it.

    :raises Refused: no such entry, or nothing is running.
    """
    if entry_id:
        try:
            entry = TIME_ENTRIES.find(context, entry_id, "edit")
        except UnknownRecord:
            raise UnknownRecord(_NOT_RUNNING) from None
        if not entry["end"]:
            _stop(context, entry)
        elif not permissions.is_listed(context, entry_id):
            raise Refused(_NOT_RUNNING)
        return EMPTY
    permissions.require_entry(context, "ki_timesheets", "edit", context.principal.user_id)
    if not _stop_running(context):
        raise Refused(_NONE_ACTIVE)
    return EMPTY


def active(context: CallContext) -> RecordSet:
    """The caller's running recording, with the server's time.

    :raises Refused: none is running.
    """
    permissions.require_access(context, "ki_timesheets")
    row = context.fetch_first(_ACTIVE)
    if row is None:
        raise Refused(_NONE_ACTIVE)
    return RecordSet((*columns_of(_ACTIVE), "servertime"), [(*row, context.now)])


def update_active(context: CallContext, record: Record | None) -> RecordSet:
    """Change the given fields of the running recording, or of the entry ``timeEntryID``.

    :param record: ``projectID, activityID, description, comment, start, end, timeEntryID``.
        An ``end`` stops the recording.
    :raises Refused: nothing is running, or a field is wrong.
    """
    permissions.require_use(context, "ki_timesheets")
    if record is None:
        raise Refused("Invalid record")
    entry = _entry_to_update(context, record.get("timeEntryID"))
    TIME_ENTRIES.require_change(context, entry, "edit")
    before = entry.copy()
    project_id = record.get("projectID", entry["projectID"])
    activity_id = record.get("activityID", entry["activityID"])
    if (project_id, activity_id) != (entry["projectID"], entry["activityID"]):
        validate_assignment(context, entry["userID"], project_id, activity_id)
        entry["projectID"], entry["activityID"] = project_id, activity_id
    set_span(context, entry, record)
    validation.set_texts(context, TIME_ENTRIES.table, entry, record, "description", "comment")
    TIME_ENTRIES.save(context, before, entry)
    return EMPTY


def set_span(context: CallContext, entry: StoredRecord, record: Record) -> None:
    """Move an entry to the ``start`` and ``end`` that are given; without an end, a running entry
    goes on running.

    :raises Refused: the end isn't after the start, or a running entry would start in the future.
    """
    start = context.parse_date(record.get("start"), "start") or entry["start"]
    end = context.parse_date(record.get("end"), "end") or entry["end"]
    if (start, end) == (entry["start"], entry["end"]):
        return
    validation.check_span(start, end or context.now + 1)
    permissions.require_unlocked(context, end)
    entry["start"], entry["end"] = start, end
    entry["duration"] = end - start if end else 0


def stopped(start: int, now: int, options: Options) -> dict[str, int]:
    """Return the values of a recording that stops now, by the names of their columns: its times,
    rounded as the installation does it, and its duration."""
    start, end = round_span(start, max(start, now), options.round_precision, options.rounding)
    return {"start": start, "end": end, "duration": end - start}


_NOT_RUNNING = "Unable to stop, not recording?"
_NONE_ACTIVE = "No active recording."


def _fixed_rate(context: CallContext, terms: Terms) -> Decimal | None:
    """Null where none fits, if the column allows it."""
    if terms.fixed_rate is None and refuses_null(context.connection, time_entries, "fixedRate"):
        return Decimal(0)
    return terms.fixed_rate


def _default_location(context: CallContext) -> str | None:
    """The caller's preference, cut to what the column holds."""
    return context.principal.preferences.get("ui.defaultLocation", "")[:LONGEST_LOCATION] or None


def _stop_running(context: CallContext) -> bool:
    """Stop the caller's running recordings, of which there is more than one only where others wrote
    them; return whether there was any."""
    if not context.options.round_precision:
        parameters = {"caller": context.principal.user_id, "now": context.now}
        return prepared_statements.change(context.connection, _STOP, parameters) > 0
    running = _running(context)
    for entry in running:
        _stop(context, entry)
    return bool(running)


def _running(context: CallContext) -> list[StoredRecord]:
    columns = columns_of(_RUNNING)
    return [dict(zip(columns, row, strict=True)) for row in context.fetch(_RUNNING)]


def _stop(context: CallContext, entry: StoredRecord) -> None:
    values = stopped(entry["start"], context.now, context.options)
    TIME_ENTRIES.change(context, entry["timeEntryID"], values)


def _entry_to_update(context: CallContext, entry_id: int | None) -> StoredRecord:
    if entry_id:
        return TIME_ENTRIES.find(context, entry_id, "edit")
    running = _running(context)
    if not running:
        raise Refused(_NONE_ACTIVE)
    return running[0]


# Statements -------------------------------------------------------------------------------------


def _start(project: Any, activity: Any) -> Select[*tuple[Any, ...]]:
    """Lock the caller's row and select what a new recording needs. The third column is null where
    the caller may not record this."""
    return (
        select(
            users.c.lastProject,
            users.c.lastActivity,
            assignment("user", project, activity).scalar_subquery(),
            *terms_of(CALLER, project, activity),
        )
        .where(users.c.userID == CALLER)
        .with_for_update()
    )


_START = _start(bindparam("project", type_=Integer), bindparam("activity", type_=Integer))
_START_LAST = _start(users.c.lastProject, users.c.lastActivity)
_REMEMBER = update(users).where(users.c.userID == CALLER)
_is_running = and_(time_entries.c.userID == CALLER, time_entries.c.end == ZERO)
_newest_first = (time_entries.c.start.desc(), time_entries.c.timeEntryID.desc())
_RUNNING = select(time_entries).where(_is_running).order_by(*_newest_first).with_for_update()
_now = bindparam("now", type_=Integer)
_is_ahead = time_entries.c.start > _now
_STOP = (
    update(time_entries)
    .where(_is_running)
    .values(
        end=case((_is_ahead, time_entries.c.start), else_=_now),
        duration=case((_is_ahead, ZERO), else_=_now - time_entries.c.start),
    )
)
_ACTIVE = (
    select(
        time_entries.c.timeEntryID,
        time_entries.c.activityID,
        time_entries.c.projectID,
        time_entries.c.start,
        time_entries.c.end,
        time_entries.c.duration,
        time_entries.c.description,
        projects.c.customerID,
        customers.c.name.label("customerName"),
        projects.c.name.label("projectName"),
        activities.c.name.label("activityName"),
    )
    .outerjoin(projects, projects.c.projectID == time_entries.c.projectID)
    .outerjoin(customers, customers.c.customerID == projects.c.customerID)
    .outerjoin(activities, activities.c.activityID == time_entries.c.activityID)
    .where(_is_running)
    .order_by(*_newest_first)
    .limit(ONE)
)
