"""Expenses: reading, writing and removing what was spent on projects."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from ..errors import Refused
from ..storage import models as m
from . import permissions, validation
from .context import CallContext
from .pagination import Listing, cleared_condition, page, read_cleared, window
from .record_set import EMPTY, RecordSet
from .validation import Record, without_none


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
    expense = m.Expense
    conditions = [
        permissions.lists_entry(context, expense),
        *cleared_condition(expense.cleared, read_cleared(context, cleared)),
        permissions.is_shown(expense),
    ]
    if refundable not in (-1, 0, 1):
        raise Refused("refundable must be -1 (all), 0 (refundable) or 1 (not refundable).")
    if refundable != -1:
        conditions.append(expense.refundable == 0 if refundable else expense.refundable > 0)
    if begin is not None:
        conditions.append(expense.timestamp >= begin)
    if finish is not None:
        conditions.append(expense.timestamp <= finish)
    statement = (
        select(
            expense.expenseID,
            expense.timestamp,
            expense.multiplier,
            expense.value,
            expense.projectID,
            expense.designation,
            expense.userID,
            m.Customer.name.label("customerName"),
            m.Project.customerID,
            m.Project.name.label("projectName"),
            expense.comment,
            expense.refundable,
            expense.commentType,
            m.User.name.label("userName"),
            expense.cleared,
        )
        .outerjoin(m.Project, m.Project.projectID == expense.projectID)
        .outerjoin(m.Customer, m.Customer.customerID == m.Project.customerID)
        .outerjoin(m.User, m.User.userID == expense.userID)
    )
    listing = Listing(expense.expenseID, expense.timestamp, conditions)
    records, total = page(context, statement, listing, start if limit else 0, limit or None)
    return RecordSet(tuple(statement.selected_columns.keys()), records, total)


def record(context: CallContext, expense_id: int | None) -> RecordSet:
    """One whole expense, with the names of project and customer.

    :raises Refused: no such expense.
    """
    permissions.require_access(context, "ki_expenses")
    expense = m.Expense
    statement = (
        select(
            *expense.__table__.c,
            m.Project.name.label("projectName"),
            m.Project.customerID,
            m.Customer.name.label("customerName"),
        )
        .outerjoin(m.Project, m.Project.projectID == expense.projectID)
        .outerjoin(m.Customer, m.Customer.customerID == m.Project.customerID)
        .where(expense.expenseID == (expense_id or 0))
    )
    expenses = RecordSet.fetch(context.session, statement)
    fields = expenses.first
    if fields is None:
        raise Refused("Invalid ID")
    permissions.require_readable(context, "ki_expenses", fields["userID"], fields["projectID"])
    return expenses


def save(context: CallContext, record: Record | None, *, update: bool) -> RecordSet:
    """Create an expense of the caller's, or change the given fields of one.

    :param record: ``id, projectId, date, designation, comment, commentType, refundable, cleared,
        multiplier, value``. Project and date are enough for a new expense.
    :returns: ``id`` of a new expense.
    :raises Refused: a field is missing or wrong.
    """
    if record is None:
        raise Refused("Invalid record")
    if not update:
        permissions.require_entry(context, "ki_expenses", "add", context.principal.user_id)
        project_id = validation.check_project(context, record.get("projectId"))
        date = context.parse_date(record.get("date"), "date")
        if date is None:
            raise Refused("Invalid date, make sure there is a valid date property.")
        new = m.Expense(
            userID=context.principal.user_id, projectID=project_id, timestamp=date, designation=""
        )
        _set_fields(context, new, record)
        context.session.add(new)
        context.session.flush()
        return RecordSet.one({"id": new.expenseID})
    if not record.get("id"):
        raise Refused("Performed an update, but missing id property.")
    expense = _find(context, record["id"])
    _require_change(context, "edit", expense)
    if record.get("projectId") and record["projectId"] != expense.projectID:
        expense.projectID = validation.check_project(context, record["projectId"])
    date = context.parse_date(record.get("date"), "date") or expense.timestamp
    if date != expense.timestamp:
        permissions.require_unlocked(context, date)
        expense.timestamp = date
    _set_fields(context, expense, record)
    return EMPTY


def remove(context: CallContext, expense_id: int | None) -> RecordSet:
    """Remove an expense.

    :raises Refused: no such expense, or it is locked.
    """
    expense = _find(context, expense_id or 0)
    _require_change(context, "delete", expense)
    context.session.delete(expense)
    return EMPTY


def _require_change(context: CallContext, action: permissions.Action, expense: m.Expense) -> None:
    permissions.require_change(
        context,
        "ki_expenses",
        action,
        expense.userID,
        cleared=expense.cleared,
        ended=expense.timestamp,
    )


def _find(context: CallContext, expense_id: int) -> m.Expense:
    permissions.require_access(context, "ki_expenses")
    expense = context.session.get(m.Expense, expense_id, with_for_update=True)
    if expense is None:
        raise Refused("Invalid ID")
    return expense


def _set_fields(context: CallContext, expense: m.Expense, record: Record) -> None:
    flags: dict[str, Any] = {
        name: int(record[name])
        for name in ("refundable", "cleared")
        if record.get(name) is not None
    }
    values = {
        **flags,
        **validation.text(record, "designation"),
        **without_none(
            commentType=validation.integer(record, "commentType", 0, 2),
            multiplier=validation.money(record, "multiplier", negative=True),
            value=validation.money(record, "value", negative=True),
        ),
    }
    for name, value in values.items():
        setattr(expense, name, value)
    validation.set_texts(context, expense, record, "comment")
