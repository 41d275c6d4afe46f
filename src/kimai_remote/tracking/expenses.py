"""Expenses: reading, writing and removing what was spent on projects."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select

from ..errors import Refused
from ..storage.tables import customers, expenses, projects, users
from ..storage.tallies import Kind
from . import pagination, permissions, validation
from .context import CallContext
from .pagination import Listing, Query, read_cleared, window
from .record_set import EMPTY, EXPENSES, RecordSet, StoredRecord
from .validation import Record, without_none

_expense = expenses.c
_LISTING = Listing(
    table=expenses,
    key=_expense.expenseID,
    time=_expense.timestamp,
    kind=Kind.SPENT,
    columns=(
        _expense.expenseID,
        _expense.timestamp,
        _expense.multiplier,
        _expense.value,
        _expense.projectID,
        _expense.designation,
        _expense.userID,
        customers.c.name.label("customerName"),
        projects.c.customerID,
        projects.c.name.label("projectName"),
        _expense.comment,
        _expense.refundable,
        _expense.commentType,
        users.c.name.label("userName"),
        _expense.cleared,
    ),
    joins=(
        (projects, projects.c.projectID == _expense.projectID),
        (customers, customers.c.customerID == projects.c.customerID),
        (users, users.c.userID == _expense.userID),
    ),
)
#: The fields of a row.
_ROW = tuple(column.key for column in _LISTING.columns)


def rows(
    context: CallContext,
    from_: object,
    to: object,
    refundable: int,
    cleared: int | None,
    start: int,
    limit: int,
) -> RecordSet:
    """The caller's expenses of a period, newest first.

    :param refundable: -1 all, 0 only refundable ones, 1 only the others, as Kimai has it.
    :param from_: expenses from this date on, and
    :param to: up to and at this date.
    :param cleared: see :func:`.pagination.read_cleared`.
    :param start: number of records to skip, if there is a limit, as in Kimai.
    :param limit: most records to return; 0 for all.
    :raises Refused: a parameter that has no meaning.
    """
    permissions.require_access(context, "ki_expenses")
    begin, finish = window(context, from_, to)
    if refundable not in (-1, 0, 1):
        raise Refused("refundable must be -1 (all), 0 (refundable) or 1 (not refundable).")
    query = Query(
        _LISTING,
        of_customer=context.principal.customer_id is not None,
        cleared=read_cleared(context, cleared),
        refundable=refundable,
        has_begin=begin is not None,
        has_finish=finish is not None,
    )
    records, total = pagination.rows(
        context,
        query,
        None if begin is None else begin - 1,
        None if finish is None else finish + 1,
        start if limit else 0,
        limit or None,
    )
    return RecordSet(_ROW, records, total)


def record(context: CallContext, expense_id: int | None) -> RecordSet:
    """One whole expense, with the names of project and customer.

    :raises Refused: no such expense.
    """
    return RecordSet.one(EXPENSES.read(context, _RECORD, expense_id or 0))


_RECORD = (
    select(
        *expenses.c,
        projects.c.name.label("projectName"),
        projects.c.customerID,
        customers.c.name.label("customerName"),
    )
    .outerjoin(projects, projects.c.projectID == expenses.c.projectID)
    .outerjoin(customers, customers.c.customerID == projects.c.customerID)
    .where(expenses.c.expenseID == bindparam("record"))
)


def save(context: CallContext, record: Record | None, *, update: bool) -> RecordSet:
    """Create an expense of the caller's, or change the given fields of one.

    :param record: ``id, projectId, date, designation, comment, commentType, refundable, cleared,
        multiplier, value``. Project and date are enough for a new expense.
    :returns: ``id`` of a new expense.
    :raises Refused: a field is missing or wrong.
    """
    permissions.require_use(context, "ki_expenses")
    if record is None:
        raise Refused("Invalid record")
    if not update:
        permissions.require_entry(context, "ki_expenses", "add", context.principal.user_id)
        project_id = validation.check_project(context, record.get("projectId"))
        date = context.parse_date(record.get("date"), "date")
        if date is None:
            raise Refused("Invalid date, make sure there is a valid date property.")
        new: StoredRecord = {
            "userID": context.principal.user_id,
            "projectID": project_id,
            "timestamp": date,
            "designation": "",
        }
        _set_fields(context, new, record)
        return RecordSet.one({"id": EXPENSES.add(context, new)})
    if not record.get("id"):
        raise Refused("Performed an update, but missing id property.")
    expense = EXPENSES.find_to_change(context, record["id"], "edit")
    before = expense.copy()
    if record.get("projectId") and record["projectId"] != expense["projectID"]:
        expense["projectID"] = validation.check_project(context, record["projectId"])
    date = context.parse_date(record.get("date"), "date") or expense["timestamp"]
    if date != expense["timestamp"]:
        permissions.require_unlocked(context, date)
        expense["timestamp"] = date
    _set_fields(context, expense, record)
    EXPENSES.save(context, before, expense)
    return EMPTY


def remove(context: CallContext, expense_id: int | None) -> RecordSet:
    """Remove an expense.

    :raises Refused: no such expense, or it is locked.
    """
    EXPENSES.remove(context, EXPENSES.find_to_change(context, expense_id or 0, "delete"))
    return EMPTY


def _set_fields(context: CallContext, expense: StoredRecord, record: Record) -> None:
    flags: dict[str, Any] = {
        name: int(record[name])
        for name in ("refundable", "cleared")
        if record.get(name) is not None
    }
    expense |= {
        **flags,
        **validation.text(record, "designation"),
        **without_none(
            commentType=validation.integer(record, "commentType", 0, 2),
            multiplier=validation.money(record, "multiplier", negative=True),
            value=validation.money(record, "value", negative=True),
        ),
    }
    validation.set_texts(context, EXPENSES.table, expense, record, "comment")
