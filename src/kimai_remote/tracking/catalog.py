"""The lists to choose from: users, customers, projects and tasks (Kimai's activities)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Table,
    and_,
    bindparam,
    null,
    or_,
    select,
    union_all,
)

from ..errors import Refused
from ..storage import tables as t
from ..storage.prepared_statements import Query, columns_of
from ..storage.tables import ONE, not_trashed
from .collation import collation_key
from .context import CallContext, CallerType
from .permissions import (
    assigned_to_any_project,
    in_own_group,
    recorded_tasks,
    sees_all_users,
    sees_customer,
    sees_project,
    sees_task,
    sees_task_of_project,
    usable_project,
    visible_users,
)
from .record_set import RecordSet
from .validation import is_usable_project


def users(context: CallContext) -> RecordSet:
    """Users whom the caller may see, by name: ``userID, name``. A customer sees none."""
    if context.principal.customer_id is not None:
        return RecordSet(("userID", "name"), [])
    return _by_name(_fetch(context, _ALL_USERS if sees_all_users(context) else _USERS))


def customers(context: CallContext) -> RecordSet:
    """Visible customers of the caller's groups, by name: ``customerID, name, contact, visible``."""
    return _by_name(_fetch(context, _CUSTOMERS[context.principal.type]))


def projects(context: CallContext, *, with_tasks: bool = False) -> RecordSet:
    """Visible projects of visible customers, in the caller's groups, by name; by customer and name
    where the caller's preference is to see the customer first (``ui.flip_project_display``).

    With tasks, each record has the :class:`RecordSet` of its tasks as its last value, ``tasks``.
    """
    visible = _fetch(context, _PROJECTS[context.principal.type])
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
    caller = context.principal.type
    if project_id is None:
        return _by_name(_fetch(context, _TASKS[caller]))
    if not project_id:
        return _by_name(_fetch(context, _TASKS_OF_PROJECT[caller], project=0))
    found = _fetch(context, _TASKS_OF_USABLE_PROJECT[caller], project=project_id)
    if not found.values and not is_usable_project(context, project_id):
        raise Refused("Invalid projectId.")
    return _by_name(found)


def _fetch(
    context: CallContext, statement: Select[*tuple[Any, ...]], **parameters: int
) -> RecordSet:
    """Return all records of a statement whose columns are labelled with the API's field names."""
    return RecordSet(columns_of(statement), context.fetch(statement, **parameters))


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
_TasksByProject = dict[int | None, list[tuple[Any, ...]]]


def _assigned_tasks(context: CallContext) -> _TasksByProject:
    """Visible tasks by project ID (None: of no project)."""
    tasks_by_project: _TasksByProject = defaultdict(list)
    for project_id, *fields in context.fetch(_ASSIGNED_TASKS[context.principal.type]):
        tasks_by_project[project_id].append(tuple(fields))
    return tasks_by_project


# Statements -------------------------------------------------------------------------------------

_user, _customer, _project, _activity = t.users, t.customers, t.projects, t.activities


def _visible(table: Table) -> ColumnElement[bool]:
    return and_(not_trashed(table), table.c.visible == ONE)


_ALL_USERS = select(_user.c.userID, _user.c.name).where(not_trashed(_user))
_USERS = _ALL_USERS.join(visible_users, visible_users.c.userID == _user.c.userID)

_CUSTOMERS = {
    caller: select(
        _customer.c.customerID, _customer.c.name, _customer.c.contact, _customer.c.visible
    ).where(_visible(_customer), sees)
    for caller, sees in sees_customer.items()
}
_PROJECTS = {
    caller: select(
        _project.c.projectID,
        _project.c.customerID,
        _project.c.name,
        _project.c.comment,
        _project.c.visible,
        _project.c.filter,
        _project.c.trash,
        _project.c.budget,
        _project.c.effort,
        _project.c.approved,
        _project.c.internal,
        _customer.c.name.label("customerName"),
        _customer.c.visible.label("customerVisible"),
    )
    .join(_customer, _customer.c.customerID == _project.c.customerID)
    .where(_visible(_project), _visible(_customer), sees)
    for caller, sees in sees_project.items()
}

_assignment = t.projects_activities
_BUDGET = (_assignment.c.budget, _assignment.c.approved, _assignment.c.effort)
_TASK = (_activity.c.activityID, _activity.c.name, _activity.c.visible)
_TASKS = {
    caller: select(*_TASK).where(_visible(_activity), sees) for caller, sees in sees_task.items()
}
_PROJECT_ID = bindparam("project", type_=Integer)
#: A customer sees what was recorded, whatever a task is assigned to now.
_FITS: Mapping[CallerType, ColumnElement[bool]] = {
    "user": or_(_assignment.c.projectID.is_not(None), ~assigned_to_any_project),
    "customer": sees_task_of_project["customer"],
}
_TASKS_OF_PROJECT = {
    caller: statement.add_columns(*_BUDGET)
    .outerjoin(
        _assignment,
        and_(
            _assignment.c.activityID == _activity.c.activityID,
            _assignment.c.projectID == _PROJECT_ID,
        ),
    )
    .where(_FITS[caller])
    for caller, statement in _TASKS.items()
}
_TASKS_OF_USABLE_PROJECT = {
    caller: statement.where(
        select(_project.c.projectID)
        .where(usable_project(caller, _PROJECT_ID))
        .scalar_subquery()
        .is_not(None)
    )
    for caller, statement in _TASKS_OF_PROJECT.items()
}

_recorded = recorded_tasks.subquery()
_ASSIGNED_TASKS: Mapping[CallerType, Query] = {
    # Not the assignments to all projects, of which a user may see few.
    "user": union_all(
        select(_assignment.c.projectID, *_TASK, *_BUDGET)
        .select_from(_activity)
        .join(_assignment, _assignment.c.activityID == _activity.c.activityID)
        .where(
            _visible(_activity),
            sees_task["user"],
            in_own_group(t.groups_projects, _assignment.c.projectID),
        ),
        select(null(), *_TASK, null(), null(), null()).where(
            _visible(_activity), sees_task["user"], ~assigned_to_any_project
        ),
    ),
    "customer": select(_recorded.c.projectID, *_TASK, *_BUDGET)
    .select_from(_activity)
    .join(_recorded, _recorded.c.activityID == _activity.c.activityID)
    .outerjoin(
        _assignment,
        and_(
            _assignment.c.activityID == _activity.c.activityID,
            _assignment.c.projectID == _recorded.c.projectID,
        ),
    )
    .where(_visible(_activity), sees_task["customer"]),
}
