"""The lists to choose from: users, customers, projects and tasks (Kimai's activities)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, and_, or_, select

from ..errors import Refused
from ..storage import models as m
from .collation import collation_key
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
    return _by_name(RecordSet.fetch(context.session, statement))


def customers(context: CallContext) -> RecordSet:
    """Visible customers of the caller's groups, by name: ``customerID, name, contact, visible``."""
    customer = m.Customer
    statement = (
        select(customer.customerID, customer.name, customer.contact, customer.visible)
        .where(customer.trash == 0, customer.visible == 1)
        .where(sees_customer(context))
    )
    return _by_name(RecordSet.fetch(context.session, statement))


def projects(context: CallContext, *, with_tasks: bool = False) -> RecordSet:
    """Visible projects of visible customers, in the caller's groups, by name; by customer and name
    where the caller's preference is to see the customer first (``ui.flip_project_display``).

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
    )
    visible = RecordSet.fetch(context.session, statement)
    if context.principal.prefers("ui.flip_project_display"):
        visible = _by_name(visible, "customerName", "name")
    else:
        visible = _by_name(visible)
    if not with_tasks:
        return visible
    assigned = _assigned_tasks(context)
    # Tasks of no project at all (None) fit every one.
    records = [
        (*record, _by_name(RecordSet(_TASK_OF_PROJECT, assigned[record[0]] + assigned[None])))
        for record in visible.values
    ]
    return RecordSet((*visible.columns, "tasks"), records)


def tasks(context: CallContext, project_id: int | None) -> RecordSet:
    """Visible tasks of the caller's groups, by name: ``activityID, name, visible``.

    With a project: those assigned to it or to no project at all, with ``budget, approved,
    effort`` (null where the task isn't assigned to the project).

    :param project_id: 0 for the tasks of no project at all, None for all tasks.
    :raises Refused: no such project among the caller's.
    """
    activity = m.Activity
    statement = _visible_tasks(
        context, select(activity.activityID, activity.name, activity.visible)
    )
    if project_id:
        known = select(m.Project.projectID).where(usable_project(context, project_id))
        if context.session.scalar(known) is None:
            raise Refused("Invalid projectId.")
    if project_id is not None:
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
    return _by_name(RecordSet.fetch(context.session, statement))


def _by_name(records: RecordSet, *columns: str) -> RecordSet:
    """Return the records in order of their names, or of the columns given.

    Sorted here, since databases differ in the order of capitals and accents.
    """
    indexes = [records.columns.index(name) for name in columns or ("name",)]

    def order(record: Sequence[Any]) -> tuple[Any, ...]:
        names = [record[index] for index in indexes]
        return [collation_key(name) for name in names], names, record[0]

    return replace(records, values=sorted(records.values, key=order))


_TASK_OF_PROJECT = ("activityID", "name", "visible", "budget", "approved", "effort")


def _visible_tasks(
    context: CallContext, statement: Select[*tuple[Any, ...]]
) -> Select[*tuple[Any, ...]]:
    return statement.where(m.Activity.trash == 0, m.Activity.visible == 1).where(sees_task(context))


_Tasks = dict[int | None, list[tuple[Any, ...]]]


def _assigned_tasks(context: CallContext) -> _Tasks:
    """Visible tasks by project ID (None: of no project)."""
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
    tasks_by_project: _Tasks = defaultdict(list)
    for project_id, *fields in context.session.execute(statement):
        tasks_by_project[project_id].append(tuple(fields))
    return tasks_by_project
