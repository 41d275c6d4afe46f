"""The time sheet: reading, writing and removing time entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import islice
from typing import Any

from sqlalchemy import bindparam, select

from ..errors import Refused
from ..storage.tables import activities, customers, projects, statuses, time_entries, users
from ..storage.tallies import Kind
from . import pagination, permissions, validation
from .context import CallContext
from .pagination import Listing, Query, read_cleared, window
from .rates import validate_named_assignment, wages
from .record_set import EMPTY, TIME_ENTRIES, Computed, RecordSet, StoredRecord
from .timer import set_span
from .validation import Record, without_none

#: Records of a list without a limit, for callers without a preference of their own.
ROW_LIMIT = 100
#: Rows that are computed at once.
_AT_ONCE = 500
#: The fields of a row, in the order of the API.
ROW = (
    "timeEntryID",
    "start",
    "end",
    "duration",
    "formattedDuration",
    "wage_decimal",
    "wage",
    "budget",
    "approved",
    "rate",
    "projectID",
    "activityID",
    "userID",
    "customerName",
    "customerID",
    "activityName",
    "projectName",
    "projectComment",
    "location",
    "trackingNumber",
    "statusID",
    "status",
    "billable",
    "description",
    "comment",
    "cleared",
    "commentType",
    "userAlias",
    "userName",
)


_entry = time_entries.c
_LISTING = Listing(
    table=time_entries,
    key=_entry.timeEntryID,
    time=_entry.start,
    end=_entry.end,
    kind=Kind.STARTED,
    columns=(
        _entry.timeEntryID,
        _entry.start,
        _entry.end,
        _entry.rate,
        _entry.fixedRate,
        _entry.budget,
        _entry.approved,
        _entry.projectID,
        _entry.activityID,
        _entry.userID,
        customers.c.name,
        projects.c.customerID,
        activities.c.name,
        projects.c.name,
        projects.c.comment,
        _entry.location,
        _entry.trackingNumber,
        _entry.statusID,
        statuses.c.status,
        _entry.billable,
        _entry.description,
        _entry.comment,
        _entry.cleared,
        _entry.commentType,
        users.c.alias,
        users.c.name,
    ),
    joins=(
        (projects, projects.c.projectID == _entry.projectID),
        (customers, customers.c.customerID == projects.c.customerID),
        (activities, activities.c.activityID == _entry.activityID),
        (statuses, statuses.c.statusID == _entry.statusID),
        (users, users.c.userID == _entry.userID),
    ),
)


def rows(
    context: CallContext, from_: object, to: object, cleared: int | None, start: int, limit: int
) -> RecordSet:
    """The caller's time entries of a period, newest first.

    :param from_: entries that end after this date, or still run; their start is cut to it.
    :param to: entries that start before this date; their end is cut to it.
    :param cleared: see :func:`.pagination.read_cleared`.
    :param start: number of records to skip.
    :param limit: most records to return; 0 for the first ones, as many as the caller's preference
        ``ui.rowlimit`` says (:data:`ROW_LIMIT` without one).
    :raises Refused: a parameter that has no meaning.
    """
    permissions.require_access(context, "ki_timesheets")
    begin, finish = window(context, from_, to)
    query = Query(
        _LISTING,
        of_customer=context.principal.customer_id is not None,
        cleared=read_cleared(context, cleared),
        has_begin=begin is not None,
        has_finish=finish is not None,
    )
    if not limit:
        start, limit = 0, _row_limit(context)
    # Before the first row is read: then the connection is busy.
    with_seconds = context.options.duration_with_seconds
    entries, total = pagination.rows(context, query, begin, finish, start, limit)
    shown = _shown(
        entries,
        begin,
        finish,
        shows_rates=permissions.shows_rates(context),
        with_seconds=with_seconds,
    )
    return RecordSet(ROW, shown, total)


def _row_limit(context: CallContext) -> int:
    text = context.principal.preferences.get("ui.rowlimit", str(ROW_LIMIT)).strip()
    return min(int(text), 2**31) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def _shown(
    entries: Iterable[Any],
    begin: int | None,
    finish: int | None,
    *,
    shows_rates: bool,
    with_seconds: bool,
) -> Iterator[tuple[Any, ...]]:
    """Entries as the time sheet shows them: cut to the period, with duration and wage.

    A time at the bound of the period counts as cut, as in Kimai.
    """
    first, last = Computed(begin or 0), Computed(finish or 0)
    remaining = iter(entries)
    # By column, which takes two thirds of the time by row.
    while some := list(islice(remaining, _AT_ONCE)):
        columns: Any = zip(*some, strict=True)
        key, starts, ends, rates, fixed, budget, approved, *rest = columns
        has_ended = ends
        if begin is not None:
            starts = [first if start <= begin else start for start in starts]
        if finish is not None:
            ends = [last if end and end >= finish else end for end in ends]
        durations = [
            end - start if ended else None
            for start, end, ended in zip(starts, ends, has_ended, strict=True)
        ]
        formatted = {
            seconds: None if seconds is None else format_duration(seconds, with_seconds)
            for seconds in set(durations)
        }
        if shows_rates:
            amounts, texts = wages(durations, rates, fixed)
        else:
            amounts = texts = rates = [None] * len(some)
        yield from zip(
            key,
            starts,
            ends,
            durations,
            map(formatted.__getitem__, durations),
            amounts,
            texts,
            budget,
            approved,
            rates,
            *rest,
            strict=True,
        )


def record(context: CallContext, entry_id: int | None) -> RecordSet:
    """One whole time entry, with the names of what it was for.

    :raises Refused: no such entry.
    """
    fields = TIME_ENTRIES.read(context, _RECORD, entry_id or 0)
    if not permissions.shows_rates(context):
        fields["rate"] = fields["fixedRate"] = None
    return RecordSet.one(fields)


_RECORD = (
    select(
        *time_entries.c,
        projects.c.name.label("projectName"),
        customers.c.name.label("customerName"),
        activities.c.name.label("activityName"),
        projects.c.customerID,
    )
    .outerjoin(projects, projects.c.projectID == time_entries.c.projectID)
    .outerjoin(customers, customers.c.customerID == projects.c.customerID)
    .outerjoin(activities, activities.c.activityID == time_entries.c.activityID)
    .where(time_entries.c.timeEntryID == bindparam("record"))
)


def save(context: CallContext, record: Record | None, *, update: bool) -> RecordSet:
    """Create a time entry of the caller's, or change the given fields of one.

    :param record: ``id, projectId, taskId, start, end, location, trackingNumber, description,
        comment, commentType, rate, fixedRate, flagCleared, statusId, flagBillable, budget,
        approved``. Project, task, start and end are enough for a new entry.
    :returns: ``id`` of a new entry.
    :raises Refused: a field is missing or wrong.
    """
    permissions.require_use(context, "ki_timesheets")
    if record is None:
        raise Refused("Invalid record")
    return _change(context, record) if update else _create(context, record)


def remove(context: CallContext, entry_id: int | None) -> RecordSet:
    """Remove a time entry.

    :raises Refused: no such entry, or it is locked.
    """
    TIME_ENTRIES.remove(context, TIME_ENTRIES.find_to_change(context, entry_id or 0, "delete"))
    return EMPTY


def format_duration(seconds: int, seconds_shown: bool = False) -> str:
    """A duration as Kimai shows it: ``1:05``, or ``1:05:30`` with the option for seconds."""
    text = f"{seconds // 3600}:{_TWO_DIGITS[seconds % 3600 // 60]}"
    return f"{text}:{_TWO_DIGITS[seconds % 60]}" if seconds_shown else text


_TWO_DIGITS = tuple(f"{number:02d}" for number in range(60))


def _create(context: CallContext, record: Record) -> RecordSet:
    user_id = context.principal.user_id
    permissions.require_entry(context, "ki_timesheets", "add", user_id)
    project_id, activity_id = record.get("projectId"), record.get("taskId")
    terms = validate_named_assignment(context, user_id, project_id, activity_id)
    start, end = validation.check_span(
        context.parse_date(record.get("start"), "start"),
        context.parse_date(record.get("end"), "end"),
    )
    entry: StoredRecord = {
        "userID": user_id,
        "projectID": project_id,
        "activityID": activity_id,
        "start": start,
        "end": end,
        "duration": end - start,
        "rate": terms.rate,
        "fixedRate": Decimal(0),
        "statusID": terms.status_id,
    }
    _set_fields(context, entry, record)
    return RecordSet.one({"id": TIME_ENTRIES.add(context, entry)})


def _change(context: CallContext, record: Record) -> RecordSet:
    entry_id = record.get("id")
    if not entry_id:
        raise Refused("Performed an update, but missing id property.")
    entry = TIME_ENTRIES.find_to_change(context, entry_id, "edit")
    before = entry.copy()
    project_id = record.get("projectId") or entry["projectID"]
    activity_id = record.get("taskId") or entry["activityID"]
    if (project_id, activity_id) != (entry["projectID"], entry["activityID"]):
        validate_named_assignment(context, entry["userID"], project_id, activity_id)
        entry["projectID"], entry["activityID"] = project_id, activity_id
    set_span(context, entry, record)
    _set_fields(context, entry, record)
    TIME_ENTRIES.save(context, before, entry)
    return EMPTY


def _set_fields(context: CallContext, entry: StoredRecord, record: Record) -> None:
    rates = without_none(
        rate=validation.money(record, "rate"), fixedRate=validation.money(record, "fixedRate")
    )
    if not permissions.edits_rates(context):
        # Ignored, as on Kimai's page: a client that sends all fields back can save the rest.
        rates = {}
    status_id = record.get("statusId") or None
    # All of them are read, since PostgreSQL can't look for a number that the column can't hold.
    if status_id and (status_id,) not in map(tuple, context.fetch(_STATUSES)):
        raise Refused(f"Invalid statusId {status_id}.")
    cleared = record.get("flagCleared")
    entry |= {
        **rates,
        **without_none(
            commentType=validation.integer(record, "commentType", 0, 2),
            cleared=None if cleared is None else int(cleared),
            billable=validation.integer(record, "flagBillable", 0, 100),
            budget=validation.money(record, "budget"),
            approved=validation.money(record, "approved"),
            statusID=status_id,
        ),
    }
    texts = ("location", "trackingNumber", "description", "comment")
    validation.set_texts(context, TIME_ENTRIES.table, entry, record, *texts)


_STATUSES = select(statuses.c.statusID)
