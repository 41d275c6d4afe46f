"""Permissions: the only place that decides who may do what.

Rights are Kimai's role columns. A global right holds everywhere; a membership right holds for
entries of users who share that group with the caller. Customers have no rights: they see what is
theirs and change nothing.
"""

from __future__ import annotations

import functools
from typing import Literal

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from ..errors import Denied, Refused
from ..storage import models as m
from .context import CallContext

Subject = Literal["ki_timesheets", "ki_expenses"]
Action = Literal["add", "edit", "delete"]

_ACCESS = {"ki_timesheets": "ki_timesheet-access", "ki_expenses": "ki_expenses-access"}


def require(context: CallContext, right: str) -> None:
    """:raises Denied: the caller lacks a global right."""
    if right not in context.principal.rights:
        raise Denied


def require_access(context: CallContext, subject: Subject) -> None:
    """:raises Denied: the caller may not use time sheets, or expenses, at all."""
    if context.principal.customer_id is None:
        require(context, _ACCESS[subject])


def require_entry(context: CallContext, subject: Subject, action: Action, owner_id: int) -> None:
    """:raises Denied: the caller may not do this to an entry of that user's."""
    require_access(context, subject)
    if not _may(context, subject, action, owner_id):
        raise Denied


def require_readable(
    context: CallContext, subject: Subject, owner_id: int, project_id: int
) -> None:
    """:raises Denied: an entry of somebody whom the caller may neither watch nor work for; for a
    customer, one that isn't on its projects."""
    require_access(context, subject)
    if context.principal.customer_id is not None:
        own = _projects_of_customer(context).where(m.Project.projectID == project_id)
        if context.session.scalar(own) is None:
            raise Denied
        return
    if owner_id == context.principal.user_id:
        return
    if "core-user-otherGroup-view" in context.principal.rights:
        return
    if "core-user-view" in context.rights_over(owner_id):
        return
    if not _may(context, subject, "edit", owner_id):
        raise Denied


def require_change(
    context: CallContext,
    subject: Subject,
    action: Action,
    owner_id: int,
    *,
    cleared: int,
    ended: int,
) -> None:
    """Check whether a stored entry may be changed or removed.

    Cleared entries have been billed: changing them takes the right to others' entries.

    :raises Denied: the caller may not do this to an entry of that user's; or it is cleared and the
        caller has the right to others' entries neither in a group of the owner's nor everywhere.
    :raises Refused: the entry is locked.
    """
    require_entry(context, subject, action, owner_id)
    if cleared and not _may_others(context, subject, action, owner_id):
        raise Denied
    require_unlocked(context, ended)


def require_unlocked(context: CallContext, ended: int) -> None:
    """:raises Refused: the entry ended longer ago than the option editLimit allows."""
    limit = context.options.edit_limit
    if limit is not None and ended and context.now - ended > limit:
        raise Refused(
            f"The entry is locked: it ended more than {limit} seconds ago (option editLimit)."
        )


def shows_rates(context: CallContext) -> bool:
    """Return whether the caller may see rates and wages."""
    return "ki_timesheets-showRates" in context.principal.rights


def edits_rates(context: CallContext) -> bool:
    """Return whether the caller may set the rates of an entry; rates that it sends are ignored
    otherwise."""
    return "ki_timesheets-editRates" in context.principal.rights


def sees_customer(context: CallContext) -> ColumnElement[bool]:
    """SQL condition on customers: of a group of the caller's; a customer sees itself."""
    if context.principal.customer_id is not None:
        return m.Customer.customerID == context.principal.customer_id
    return _in_own_group(context, m.GroupCustomer, m.Customer.customerID)


def sees_project(context: CallContext) -> ColumnElement[bool]:
    """SQL condition on projects: of a group of the caller's; a customer sees its own ones."""
    if context.principal.customer_id is not None:
        return _of_customer(context)
    return _in_own_group(context, m.GroupProject, m.Project.projectID)


def sees_task(context: CallContext, project_id: int | None = None) -> ColumnElement[bool]:
    """SQL condition on activities: of a group of the caller's; a customer sees those that were
    recorded on its projects, or on one of them."""
    if context.principal.customer_id is None:
        return _in_own_group(context, m.GroupActivity, m.Activity.activityID)
    recorded = recorded_tasks(context).subquery()
    used = select(recorded.c.activityID)
    if project_id:
        used = used.where(recorded.c.projectID == project_id)
    return m.Activity.activityID.in_(used)


def recorded_tasks(context: CallContext) -> Select[int, int]:
    """The pairs of project and activity that time was recorded on for the calling customer."""
    entry = m.TimeEntry
    return (
        select(entry.projectID, entry.activityID)
        .where(entry.projectID.in_(_projects_of_customer(context)))
        .distinct()
    )


def lists_entry(
    context: CallContext, entry: type[m.TimeEntry] | type[m.Expense]
) -> ColumnElement[bool]:
    """SQL condition on entries: the caller's own; a customer sees those on its projects."""
    if context.principal.customer_id is None:
        return entry.userID == context.principal.user_id
    return entry.projectID.in_(_projects_of_customer(context))


@functools.cache
def is_shown(
    entry: type[m.TimeEntry] | type[m.EntryCount] | type[m.Expense],
) -> ColumnElement[bool]:
    """SQL condition on entries, or on counts of them: what they refer to exists. Kimai lists no
    others."""
    project = (
        select(m.Project.projectID)
        .join(m.Customer, m.Customer.customerID == m.Project.customerID)
        .where(m.Project.projectID == entry.projectID)
    )
    lookups = [project]
    if not issubclass(entry, m.Expense):
        lookups += [
            select(m.Activity.activityID).where(m.Activity.activityID == entry.activityID),
            select(m.Status.statusID).where(m.Status.statusID == entry.statusID),
        ]
    # With EXISTS, MariaDB may begin at the projects, and then sorts all entries.
    return and_(*(lookup.correlate(entry).scalar_subquery().is_not(None) for lookup in lookups))


def is_listed(context: CallContext, entry: m.TimeEntry) -> bool:
    """Return whether lists show a time entry; see :func:`is_shown`."""
    key = m.TimeEntry.timeEntryID
    found = select(key).where(key == entry.timeEntryID, is_shown(m.TimeEntry))
    return context.session.scalar(found) is not None


def _of_customer(context: CallContext) -> ColumnElement[bool]:
    return and_(
        m.Project.customerID == context.principal.customer_id,
        m.Project.internal == 0,
        m.Project.trash == 0,
    )


def _projects_of_customer(context: CallContext) -> Select[int]:
    return select(m.Project.projectID).where(_of_customer(context))


def _in_own_group(
    context: CallContext, link: type[m.Base], column: InstrumentedAttribute[int]
) -> ColumnElement[bool]:
    """SQL condition: ``column``'s object is assigned to a group of the caller's.

    :param link: GroupCustomer, GroupProject or GroupActivity, with a column of the same name.
    """
    links = link.__table__.c
    return column.in_(select(links[column.key]).where(links["groupID"].in_(own_groups(context))))


def own_groups(context: CallContext) -> Select[int]:
    """The groups of the caller's that aren't trashed."""
    return (
        select(m.GroupUser.groupID)
        .join(m.Group, m.Group.groupID == m.GroupUser.groupID)
        .where(m.GroupUser.userID == context.principal.user_id, m.Group.trash == 0)
    )


def usable_project(context: CallContext, project_id: int) -> ColumnElement[bool]:
    """SQL condition: the caller may record time on this project, visible in lists or not."""
    return and_(
        m.Project.projectID == project_id,
        m.Project.trash == 0,
        sees_project(context),
    )


def usable_task(context: CallContext, project_id: int, activity_id: int) -> ColumnElement[bool]:
    """SQL condition: the caller may record this task on that project; the two belong together."""
    link = aliased(m.ProjectActivity)
    assigned = exists().where(
        link.projectID == project_id, link.activityID == m.Activity.activityID
    )
    return and_(
        m.Activity.activityID == activity_id,
        m.Activity.trash == 0,
        sees_task(context),
        or_(assigned, ~assigned_to_any_project()),
    )


def assigned_to_any_project() -> ColumnElement[bool]:
    """SQL condition on activities: assigned to a project, so that no other project offers them."""
    link = aliased(m.ProjectActivity)
    return exists().where(link.activityID == m.Activity.activityID)


def visible_users(context: CallContext) -> ColumnElement[bool] | None:
    """SQL condition on users whom the caller may see; None means all of them."""
    if context.principal.customer_id is not None:
        return false()
    if "core-user-otherGroup-view" in context.principal.rights:
        return None
    watched = [group for group, rights in context.memberships.items() if "core-user-view" in rights]
    oneself = m.User.userID == context.principal.user_id
    if not watched:
        return oneself
    members = select(m.GroupUser.userID).where(m.GroupUser.groupID.in_(watched))
    return or_(oneself, m.User.userID.in_(members))


def _may(context: CallContext, subject: Subject, action: Action, owner_id: int) -> bool:
    if owner_id == context.principal.user_id:
        return f"{subject}-ownEntry-{action}" in context.principal.rights
    return _may_others(context, subject, action, owner_id)


def _may_others(context: CallContext, subject: Subject, action: Action, owner_id: int) -> bool:
    if f"{subject}-otherEntry-otherGroup-{action}" in context.principal.rights:
        return True
    right = f"{subject}-otherEntry-ownGroup-{action}"
    return right in context.rights_over(owner_id)
