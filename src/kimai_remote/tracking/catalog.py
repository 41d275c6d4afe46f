"""The lists to choose from: users, customers, projects and tasks (Kimai's activities)."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from ..errors import Refused
from ..storage import models as m
from .context import CallContext
from .permissions import (
    assigned_to_any_project,
    recorded_tasks,
    sees_customer,
    sees_project,
    sees_task,
    usable_project,
    visible_users,
)
from .record_set import RecordSet


def users(context: CallContext) -> RecordSet:
    """Users whom the caller may see, by name: ``userID, name``."""
    statement = select(m.User.userID, m.User.name).where(m.User.trash == 0)
    condition = visible_users(context)
    if condition is not None:
        statement = statement.where(condition)
    return RecordSet.fetch(
        context.session, statement.order_by(*_by_name(m.User.name, m.User.userID))
    )


def customers(context: CallContext) -> RecordSet:
    """Visible customers of the caller's groups, by name: ``customerID, name, contact, visible``."""
    customer = m.Customer
    statement = (
        select(customer.customerID, customer.name, customer.contact, customer.visible)
        .where(customer.trash == 0, customer.visible == 1)
        .where(sees_customer(context))
        .order_by(*_by_name(customer.name, customer.customerID))
    )
    return RecordSet.fetch(context.session, statement)


def projects(context: CallContext, *, with_tasks: bool = False) -> RecordSet:
    """Visible projects of visible customers, in the caller's groups, by name.

    With tasks, each record has the :class:`RecordSet` of its tasks as its last value, ``tasks``.
    """
    project, customer = m.Project, m.Customer
    statement = (
        select(
            project.projectID,
            project.customerID,
            project.name,
            project.comment,
            project.visible,
            project.filter,
            project.trash,
            project.budget,
            project.effort,
            project.approved,
            project.internal,
            customer.name.label("customerName"),
            customer.visible.label("customerVisible"),
        )
        .join(customer, customer.customerID == project.customerID)
        .where(project.trash == 0, project.visible == 1)
        .where(customer.trash == 0, customer.visible == 1)
        .where(sees_project(context))
        .order_by(*_by_name(project.name, project.projectID))
    )
    visible = RecordSet.fetch(context.session, statement)
    if not with_tasks:
        return visible
    assigned = _assigned_tasks(context)
    records = []
    for record in visible.values:
        # Tasks of no project at all (None) fit every one; merging keeps the order by name.
        own = sorted(assigned[record[0]] + assigned[None], key=lambda task: task[0])
        records.append((*record, RecordSet(_TASK_OF_PROJECT, [task[1] for task in own])))
    return RecordSet((*visible.columns, "tasks"), records)


def tasks(context: CallContext, project_id: int | None) -> RecordSet:
    """Visible tasks of the caller's groups, by name: ``activityID, name, visible``.

    With a project: those assigned to it or to no project at all, with ``budget, approved,
    effort`` (null where the task isn't assigned to the project).

    :raises Refused: no such project among the caller's.
    """
    activity = m.Activity
    statement = _visible_tasks(
        context, select(activity.activityID, activity.name, activity.visible)
    ).order_by(*_by_name(activity.name, activity.activityID))
    if project_id:
        known = select(m.Project.projectID).where(usable_project(context, project_id))
        if context.session.scalar(known) is None:
            raise Refused("Invalid projectId.")
        link = m.ProjectActivity
        # A customer sees what was recorded, whatever a task is assigned to now.
        fits = (
            or_(link.projectID.is_not(None), ~assigned_to_any_project())
            if context.principal.customer_id is None
            else sees_task(context, project_id)
        )
        statement = (
            statement.add_columns(link.budget, link.approved, link.effort)
            .outerjoin(
                link, and_(link.activityID == activity.activityID, link.projectID == project_id)
            )
            .where(fits)
        )
    return RecordSet.fetch(context.session, statement)


def _by_name(name: InstrumentedAttribute[str], key: InstrumentedAttribute[int]) -> tuple[Any, ...]:
    """Order by name as people read it: capitals don't come first, on any database."""
    return func.lower(name), name, key


_TASK_OF_PROJECT = ("activityID", "name", "visible", "budget", "approved", "effort")


def _visible_tasks(
    context: CallContext, statement: Select[*tuple[Any, ...]]
) -> Select[*tuple[Any, ...]]:
    return statement.where(m.Activity.trash == 0, m.Activity.visible == 1).where(sees_task(context))


_Tasks = dict[int | None, list[tuple[int, tuple[Any, ...]]]]


def _assigned_tasks(context: CallContext) -> _Tasks:
    """Visible tasks by project ID (None: of no project), with their positions in order of name."""
    activity, link = m.Activity, m.ProjectActivity
    task = (activity.activityID, activity.name, activity.visible)
    budget = (link.budget, link.approved, link.effort)
    if context.principal.customer_id is None:
        statement = _visible_tasks(context, select(link.projectID, *task, *budget)).outerjoin(
            link, link.activityID == activity.activityID
        )
    else:
        used = recorded_tasks(context).subquery()
        statement = (
            _visible_tasks(context, select(used.c.projectID, *task, *budget))
            .join(used, used.c.activityID == activity.activityID)
            .outerjoin(
                link,
                and_(link.activityID == activity.activityID, link.projectID == used.c.projectID),
            )
        )
    statement = statement.order_by(*_by_name(activity.name, activity.activityID))
    tasks_by_project: _Tasks = defaultdict(list)
    for position, (project_id, *fields) in enumerate(context.session.execute(statement)):
        tasks_by_project[project_id].append((position, tuple(fields)))
    return tasks_by_project
