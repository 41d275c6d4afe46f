"""Tables and constants for statements that are built once, at import, and executed many times.

Building an SQL expression takes ten times as long as executing it, and each bound parameter has a
price. So statements of calls are module constants whose parameters are named by ``bindparam``, and
what never changes is part of their text.
"""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import ColumnElement, FromClause, Integer, Table, bindparam, literal_column

from . import models as m


def _table(model: type[m.Base]) -> Table:
    return cast(Table, model.__table__)


activities = _table(m.Activity)
configuration = _table(m.Configuration)
customers = _table(m.Customer)
entry_counts = _table(m.EntryCount)
expenses = _table(m.Expense)
fixed_rates = m.fixed_rates
global_roles = _table(m.GlobalRole)
groups = _table(m.Group)
groups_activities = _table(m.GroupActivity)
groups_customers = _table(m.GroupCustomer)
groups_projects = _table(m.GroupProject)
groups_users = _table(m.GroupUser)
membership_roles = _table(m.MembershipRole)
period_counts = _table(m.PeriodCount)
preferences = _table(m.Preference)
projects = _table(m.Project)
projects_activities = _table(m.ProjectActivity)
rates = m.rates
remote_keys = _table(m.RemoteKey)
statuses = _table(m.Status)
time_entries = _table(m.TimeEntry)
users = _table(m.User)

#: ID of the calling user, and of the calling customer.
CALLER: Any = bindparam("caller", type_=Integer)
CUSTOMER: Any = bindparam("customer", type_=Integer)


def number(value: int) -> ColumnElement[int]:
    """Return a number as part of a statement's text."""
    return literal_column(str(int(value)), Integer)


ZERO, ONE = number(0), number(1)


def word(text: str) -> ColumnElement[str]:
    """Return a word as part of a statement's text.

    :param text: a name of Kimai's; no quotes, no backslashes.
    """
    if not text.replace("-", "").replace(".", "").replace("_", "").isalnum():
        raise ValueError(text)
    return literal_column(f"'{text}'")


def not_trashed(table: FromClause) -> ColumnElement[bool]:
    return table.c.trash == ZERO


def without_index(column: Any) -> Any:
    """Return a number column as an expression, so that databases use no index by it: in the order
    of one, records are read one by one from all over the table."""
    return column + ZERO
