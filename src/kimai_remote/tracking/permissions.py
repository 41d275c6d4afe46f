"""Permissions: the only place that decides who may do what.

Rights are Kimai's role columns. A global right holds everywhere; a membership right holds for
entries of users who share that group with the caller. Customers have no rights: they see what is
theirs and change nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Table,
    and_,
    bindparam,
    exists,
    or_,
    select,
    union,
)

from ..errors import Denied, Refused, UnknownRecord
from ..storage.entry_counts import MARKER
from ..storage.tables import (
    CALLER,
    CUSTOMER,
    ONE,
    ZERO,
    activities,
    customers,
    entry_counts,
    groups,
    groups_activities,
    groups_customers,
    groups_projects,
    groups_users,
    membership_roles,
    not_trashed,
    number,
    projects,
    projects_activities,
    statuses,
    time_entries,
)
from .context import CallContext, CallerType, select_memberships

Subject = Literal["ki_timesheets", "ki_expenses"]
Change = Literal["edit", "delete"]
Action = Literal["add", Change]
CHANGES: tuple[Change, ...] = ("edit", "delete")

_ACCESS = {"ki_timesheets": "ki_timesheet-access", "ki_expenses": "ki_expenses-access"}
#: Owner and project of a record that isn't there. Checking it takes the same queries as checking a
#: stranger's, so neither the response nor its duration tells which IDs exist.
NOBODY = NOWHERE = -2


def require(context: CallContext, right: str) -> None:
    """:raises Denied: the caller lacks a global right."""
    if right not in context.principal.rights:
        raise Denied


def require_access(context: CallContext, subject: Subject) -> None:
    """:raises Denied: the caller may not see time sheets, or expenses, at all."""
    if context.principal.customer_id is None:
        require_use(context, subject)


def require_use(context: CallContext, subject: Subject) -> None:
    """:raises Denied: the caller may not see time sheets, or expenses, at all, or is a customer,
    who changes nothing."""
    require(context, _ACCESS[subject])


def require_entry(context: CallContext, subject: Subject, action: Action, owner_id: int) -> None:
    """:raises UnknownRecord: the caller may neither do this to entries of that user's nor see them.
    :raises Denied: the caller may see them, but not do this.
    """
    require_use(context, subject)
    if not _may(context, subject, action, owner_id):
        is_visible = owner_id != NOBODY and _sees_entries_of(context, subject, owner_id)
        raise Denied if is_visible else UnknownRecord


def require_readable(
    context: CallContext, subject: Subject, owner_id: int, project_id: int
) -> None:
    """:raises Denied: the caller may not see time sheets, or expenses, at all.
    :raises UnknownRecord: an entry of somebody whom the caller may neither watch nor work for; for
        a customer, one that isn't on its projects.
    """
    require_access(context, subject)
    if context.principal.customer_id is not None:
        is_visible = context.fetch_first(_OWN_PROJECT, project=project_id) is not None
    else:
        is_visible = _sees_entries_of(context, subject, owner_id)
    if not is_visible:
        raise UnknownRecord


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

    :raises UnknownRecord: as :func:`require_entry`.
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


def in_own_group(links: Table, column: ColumnElement[int]) -> ColumnElement[bool]:
    """SQL condition: ``column``'s object is assigned to a group of the caller's.

    :param links: groups_customers, groups_projects or groups_activities, with a column of the same
        name.
    """
    own_groups = (
        select(groups_users.c.groupID)
        .join(groups, groups.c.groupID == groups_users.c.groupID)
        .where(groups_users.c.userID == CALLER, not_trashed(groups))
    )
    linked = select(links.c[column.key]).where(links.c.groupID.in_(own_groups))  # type: ignore[index]
    return column.in_(linked)


#: SQL conditions that depend on what the caller is.
Condition = Mapping[CallerType, ColumnElement[bool]]

_of_customer = and_(
    projects.c.customerID == CUSTOMER, projects.c.internal == ZERO, not_trashed(projects)
)
projects_of_customer = select(projects.c.projectID).where(_of_customer)
_OWN_PROJECT = projects_of_customer.where(projects.c.projectID == bindparam("project"))

#: Customers of a group of the caller's; a customer sees itself.
sees_customer: Condition = {
    "user": in_own_group(groups_customers, customers.c.customerID),
    "customer": customers.c.customerID == CUSTOMER,
}
#: Projects of a group of the caller's; a customer sees its own ones.
sees_project: Condition = {
    "user": in_own_group(groups_projects, projects.c.projectID),
    "customer": _of_customer,
}


_marked = entry_counts.alias()
#: SQL condition: triggers keep counts of entries.
counts_are_kept = exists().where(_marked.c.userID == number(MARKER))
#: The pairs of project and activity that time was recorded on for the calling customer.
recorded_tasks = union(
    select(entry_counts.c.projectID, entry_counts.c.activityID).where(
        entry_counts.c.projectID.in_(projects_of_customer), entry_counts.c.entries > ZERO
    ),
    select(time_entries.c.projectID, time_entries.c.activityID).where(
        ~counts_are_kept, time_entries.c.projectID.in_(projects_of_customer)
    ),
)
#: Activities of a group of the caller's; a customer sees those that were recorded on its projects.
sees_task: Condition = {
    "user": in_own_group(groups_activities, activities.c.activityID),
    "customer": activities.c.activityID.in_(select(recorded_tasks.subquery().c.activityID)),
}
#: Activities that the caller may record on the project ``project``; a customer sees those that were
#: recorded on it.
_recorded = recorded_tasks.subquery()
sees_task_of_project: Condition = {
    "user": sees_task["user"],
    "customer": activities.c.activityID.in_(
        select(_recorded.c.activityID).where(_recorded.c.projectID == bindparam("project"))
    ),
}


def lists_entry(table: Table, *, of_customer: bool) -> ColumnElement[bool]:
    """SQL condition on entries, or on counts of them: the caller's own; a customer sees those on
    its projects, whose IDs are the parameter ``projects``."""
    own: ColumnElement[bool] = table.c.userID == CALLER
    if not of_customer:
        return own
    # MariaDB searches an index for a project and a period only if the statement names both.
    return table.c.projectID.in_(
        bindparam("projects", type_=Integer, expanding=True, literal_execute=True)
    )


@functools.cache
def is_shown(table: Table) -> ColumnElement[bool]:
    """SQL condition on entries, or on counts of them: what they refer to exists. Kimai lists no
    others."""
    project = (
        select(projects.c.projectID)
        .join(customers, customers.c.customerID == projects.c.customerID)
        .where(projects.c.projectID == table.c.projectID)
    )
    lookups = [project]
    if "activityID" in table.c:
        lookups += [
            select(activities.c.activityID).where(activities.c.activityID == table.c.activityID),
            select(statuses.c.statusID).where(statuses.c.statusID == table.c.statusID),
        ]
    # With EXISTS, MariaDB may begin at the projects, and then sorts all entries.
    return and_(*(lookup.correlate(table).scalar_subquery().is_not(None) for lookup in lookups))


_is_listed = select(time_entries.c.timeEntryID).where(
    time_entries.c.timeEntryID == bindparam("entry"), is_shown(time_entries)
)


def is_listed(context: CallContext, entry_id: int) -> bool:
    """Return whether lists show a time entry; see :func:`is_shown`."""
    return context.fetch_first(_is_listed, entry=entry_id) is not None


def usable_project(caller: CallerType, project: Any) -> ColumnElement[bool]:
    """SQL condition: the caller may record time on a project, visible in lists or not."""
    return and_(projects.c.projectID == project, not_trashed(projects), sees_project[caller])


_assignment, _other_assignment = projects_activities.alias(), projects_activities.alias()
#: SQL condition on activities: assigned to a project, so that no other project offers them.
#: With EXISTS, MariaDB reads all assignments.
assigned_to_any_project = (
    select(_other_assignment.c.projectID)
    .where(_other_assignment.c.activityID == activities.c.activityID)
    .limit(ONE)
    .correlate(activities)
    .scalar_subquery()
    .is_not(None)
)


def usable_task(caller: CallerType, project: Any, activity: Any) -> ColumnElement[bool]:
    """SQL condition: the caller may record an activity on a project; the two belong together."""
    is_assigned = (
        exists()
        .where(
            _assignment.c.projectID == project, _assignment.c.activityID == activities.c.activityID
        )
        .correlate_except(_assignment)
    )
    return and_(
        activities.c.activityID == activity,
        not_trashed(activities),
        sees_task[caller],
        or_(is_assigned, ~assigned_to_any_project),
    )


def _members_where(right: str) -> Select[int]:
    """Select the members of the groups in which the caller's membership role has a right."""
    granting = select_memberships(groups_users.c.groupID).where(membership_roles.c[right] != ZERO)
    members = groups_users.alias()
    return select(members.c.userID).where(members.c.groupID.in_(granting))


#: The IDs of users whom a user without the right to see all may see: its own, and the members of
#: groups in which it may watch the others. To be joined: as a condition, databases would ask it of
#: every user.
visible_users = union(
    select(CALLER.label("userID")),
    _members_where("core-user-view"),
).subquery()


def is_changeable(
    owner: ColumnElement[int], subject: Subject, action: Change
) -> ColumnElement[bool]:
    """SQL condition: the caller owns an entry of that owner, or may do this to it. The statement
    has the parameter ``everywhere``: what :func:`changes_everywhere` returns, as a number."""
    return or_(
        owner == CALLER,
        bindparam("everywhere", type_=Integer) != ZERO,
        owner.in_(_members_where(_in_own_group(subject, action))),
    )


def changes_everywhere(context: CallContext, subject: Subject, action: Action) -> bool:
    """Return whether the caller may do this to entries of all others."""
    return f"{subject}-otherEntry-otherGroup-{action}" in context.principal.rights


def sees_all_users(context: CallContext) -> bool:
    """Return whether the caller may see users of all groups."""
    return "core-user-otherGroup-view" in context.principal.rights


def _sees_entries_of(context: CallContext, subject: Subject, owner_id: int) -> bool:
    """Return whether a user may read entries of a user's: an own one always."""
    return (
        owner_id == context.principal.user_id
        or sees_all_users(context)
        or "core-user-view" in context.rights_over(owner_id)
        or _may_others(context, subject, "edit", owner_id)
    )


def _may(context: CallContext, subject: Subject, action: Action, owner_id: int) -> bool:
    if owner_id == context.principal.user_id:
        return f"{subject}-ownEntry-{action}" in context.principal.rights
    return _may_others(context, subject, action, owner_id)


def _may_others(context: CallContext, subject: Subject, action: Action, owner_id: int) -> bool:
    return changes_everywhere(context, subject, action) or (
        _in_own_group(subject, action) in context.rights_over(owner_id)
    )


def _in_own_group(subject: Subject, action: Action) -> str:
    """Return the membership right to do this to entries of others of the group."""
    return f"{subject}-otherEntry-ownGroup-{action}"
