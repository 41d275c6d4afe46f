"""The time sheet: reading, writing and removing time entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from ..errors import Refused
from ..storage import models as m
from ..storage.counts import MARKER
from . import access, entries
from .call import Call
from .entries import Record, given
from .paging import Listing, cleared_condition, page, window
from .rates import wage
from .recorder import set_span
from .rows import NOTHING, Rows

#: The fields of a row, in the order of the API.
ROW = (
    "timeEntryID", "start", "end", "duration", "formattedDuration", "wage_decimal", "wage",
    "budget", "approved", "rate", "projectID", "activityID", "userID", "customerName",
    "customerID", "activityName", "projectName", "projectComment", "location", "trackingNumber",
    "statusID", "status", "billable", "description", "comment", "cleared", "commentType",
    "userAlias", "userName",
)  # fmt: skip


def rows(
    call: Call, from_: object, to: object, cleared: int, start: int, limit: int
) -> Rows:  # fmt: skip
    """The caller's time entries of a period, newest first.

    :param from_: entries that end after this date, or still run; their start is cut to it.
    :param to: entries that start before this date; their end is cut to it.
    :param cleared: -1 all, 0 open, 1 cleared.
    :param start: number of records to skip.
    :param limit: most records to return; 0 for all.
    :raises Refused: a parameter that has no meaning.
    """
    access.require_access(call, "ki_timesheets")
    begin, finish = window(call, from_, to)
    entry = m.TimeEntry
    conditions = [
        access.lists_entry(call, entry),
        *cleared_condition(entry.cleared, cleared),
    ]
    count: Select[Any] | None = None
    if finish is not None:
        conditions.append(entry.start < finish)
    if begin is not None:
        ended, running = entry.end > begin, entry.end == 0
        count = _counted(conditions, ended, running)
        conditions.append(or_(ended, running))
    elif finish is None:
        count = _kept_count(call, cleared)
    statement = (
        select(
            entry.timeEntryID, entry.start, entry.end,
            entry.rate, entry.fixedRate, entry.budget, entry.approved,
            entry.projectID, entry.activityID, entry.userID,
            m.Customer.name, m.Project.customerID, m.Activity.name, m.Project.name,
            m.Project.comment, entry.location, entry.trackingNumber, entry.statusID,
            m.Status.status, entry.billable, entry.description, entry.comment, entry.cleared,
            entry.commentType, m.User.alias, m.User.name,
        )
        .outerjoin(m.Project, m.Project.projectID == entry.projectID)
        .outerjoin(m.Customer, m.Customer.customerID == m.Project.customerID)
        .outerjoin(m.Activity, m.Activity.activityID == entry.activityID)
        .outerjoin(m.Status, m.Status.statusID == entry.statusID)
        .outerjoin(m.User, m.User.userID == entry.userID)
    )  # fmt: skip
    # Before the first row is read: then the connection is busy.
    with_seconds = call.options.duration_with_seconds
    listing = Listing(
        entry.timeEntryID, entry.start, conditions, count,
        narrow=begin is not None or finish is not None, newest_only=begin is not None,
    )  # fmt: skip
    found, total = page(call, statement, listing, start, limit)
    shown = _shown(
        found, begin, finish, shows_rates=access.shows_rates(call), with_seconds=with_seconds
    )
    return Rows(ROW, shown, total)


def _counted(
    conditions: list[ColumnElement[bool]], *parts: ColumnElement[bool]
) -> Select[int]:  # fmt: skip
    """Counts the entries of two parts that have none in common, each by itself: SQLite would look
    at all of a user's entries for those of one part or the other."""
    key = m.TimeEntry.timeEntryID
    first, second = (
        select(func.count(key)).where(*conditions, part).scalar_subquery() for part in parts
    )
    return select(first + second)


def _kept_count(call: Call, cleared: int) -> Select[int | None] | None:
    """Reads how many entries the caller has, where the database keeps that; null where it has
    stopped to keep it since the service found out."""
    if not call.keeps_counts or call.principal.customer_id is not None:
        return None
    kept = m.EntryCount
    marker = exists().where(aliased(kept).userID == MARKER)
    total = select(case((marker, func.coalesce(func.sum(kept.entries), 0)))).where(
        kept.userID == call.principal.user_id
    )
    return total if cleared == -1 else total.where(kept.cleared == cleared)


def _shown(
    found: Iterable[Any],
    begin: int | None,
    finish: int | None,
    *,
    shows_rates: bool,
    with_seconds: bool,
) -> Iterator[tuple[Any, ...]]:
    """Rows as the time sheet shows them: cut to the period, with duration and wage."""
    for key, began, ended, rate, fixed, budget, approved, *rest in found:
        duration = formatted = amount = text = None
        if begin is not None and began < begin:
            began = begin
        if ended:
            if finish is not None and ended > finish:
                ended = finish
            duration = ended - began
            formatted = format_duration(duration, seconds_shown=with_seconds)
            if shows_rates:
                amount = wage(duration, rate, fixed)
                text = str(amount)
        yield (key, began, ended, duration, formatted, amount, text, budget, approved,
               rate if shows_rates else None, *rest)  # fmt: skip


def record(call: Call, entry_id: int | None) -> Rows:
    """One whole time entry, with the names of what it was for.

    :raises Refused: no such entry.
    """
    access.require_access(call, "ki_timesheets")
    entry = m.TimeEntry
    found = call.session.execute(
        select(
            *entry.__table__.c,
            m.Project.name.label("projectName"),
            m.Customer.name.label("customerName"),
            m.Activity.name.label("activityName"),
            m.Project.customerID,
        )
        .outerjoin(m.Project, m.Project.projectID == entry.projectID)
        .outerjoin(m.Customer, m.Customer.customerID == m.Project.customerID)
        .outerjoin(m.Activity, m.Activity.activityID == entry.activityID)
        .where(entry.timeEntryID == (entry_id or 0))
    ).first()
    if found is None:
        raise Refused("Invalid ID")
    fields: dict[str, Any] = dict(found._mapping)
    access.require_readable(call, "ki_timesheets", fields["userID"], fields["projectID"])
    if not access.shows_rates(call):
        fields["rate"] = fields["fixedRate"] = None
    return Rows.one(fields)


def save(call: Call, record: Record, *, update: bool) -> Rows:
    """Create a time entry of the caller's, or change the given fields of one.

    :param record: ``id, projectId, taskId, start, end, location, trackingNumber, description,
        comment, commentType, rate, fixedRate, flagCleared, statusId, flagBillable, budget,
        approved``. Project, task, start and end are enough for a new entry.
    :returns: ``id`` of a new entry.
    :raises Refused: a field is missing or wrong.
    """
    if not record:
        raise Refused("Invalid record")
    return _change(call, record) if update else _create(call, record)


def remove(call: Call, entry_id: int | None) -> Rows:
    """Remove a time entry.

    :raises Refused: no such entry, or it is locked.
    """
    access.require_access(call, "ki_timesheets")
    entry = entries.find_entry(call, entry_id or 0)
    entries.require_change(call, "delete", entry)
    call.session.delete(entry)
    return NOTHING


def format_duration(seconds: int, *, seconds_shown: bool = False) -> str:
    """A duration as Kimai shows it: ``1:05``, or ``1:05:30`` with the option for seconds."""
    minutes, rest = divmod(seconds, 60)
    text = f"{minutes // 60}:{minutes % 60:02d}"
    return f"{text}:{rest:02d}" if seconds_shown else text


def _create(call: Call, record: Record) -> Rows:
    user_id = call.principal.user_id
    access.require_entry(call, "ki_timesheets", "add", user_id)
    project_id, activity_id = record.get("projectId"), record.get("taskId")
    rate, fixed_rate = entries.check_named_work(call, user_id, project_id, activity_id)
    start, end = entries.check_span(
        call.date(record.get("start"), "start"), call.date(record.get("end"), "end")
    )
    entry = m.TimeEntry(
        userID=user_id,
        projectID=project_id,
        activityID=activity_id,
        start=start,
        end=end,
        duration=end - start,
        rate=rate,
        fixedRate=fixed_rate,
        statusID=call.options.default_status,
    )
    _set_fields(call, entry, record)
    call.session.add(entry)
    call.session.flush()
    return Rows.one({"id": entry.timeEntryID})


def _change(call: Call, record: Record) -> Rows:
    entry_id = record.get("id")
    if not entry_id:
        raise Refused("Performed an update, but missing id property.")
    access.require_access(call, "ki_timesheets")
    entry = entries.find_entry(call, entry_id)
    entries.require_change(call, "edit", entry)
    project_id = record.get("projectId") or entry.projectID
    activity_id = record.get("taskId") or entry.activityID
    if (project_id, activity_id) != (entry.projectID, entry.activityID):
        entries.check_named_work(call, entry.userID, project_id, activity_id)
        entry.projectID, entry.activityID = project_id, activity_id
    with call.session.no_autoflush:  # one update for all of it
        set_span(call, entry, record)
        _set_fields(call, entry, record)
    return NOTHING


def _set_fields(call: Call, entry: m.TimeEntry, record: Record) -> None:
    rates = given(rate=entries.money(record, "rate"), fixedRate=entries.money(record, "fixedRate"))
    same = all((getattr(entry, name) or 0) == value for name, value in rates.items())
    # Who may not see the rates could find them out by what is refused.
    if rates and not (same and access.shows_rates(call)):
        access.require_rate_editing(call)
    status_id = record.get("statusId") or None
    # All of them are read, since PostgreSQL can't look for a number that the column can't hold.
    if status_id and status_id not in call.session.scalars(select(m.Status.statusID)).all():
        raise Refused(f"Invalid statusId {status_id}.")
    cleared = record.get("flagCleared")
    values = {
        **rates,
        **entries.text(record, "location", 50),
        **entries.text(record, "trackingNumber", 30),
        **entries.text(record, "description"),
        **entries.text(record, "comment"),
        **given(
            commentType=entries.number(record, "commentType", 0, 2),
            cleared=None if cleared is None else int(cleared),
            billable=entries.number(record, "flagBillable", 0, 100),
            budget=entries.money(record, "budget"),
            approved=entries.money(record, "approved"),
            statusID=status_id,
        ),
    }
    for name, value in values.items():
        setattr(entry, name, value)
