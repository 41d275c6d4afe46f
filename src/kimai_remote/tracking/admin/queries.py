"""Objects as dictionaries: their fields, and what belongs to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Literal

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from ...storage import models as m
from .entities import (
    ACTIVITY,
    CUSTOMER,
    GROUP,
    GROUP_LINKS,
    MEMBERSHIP_ROLE,
    PROJECT,
    USER,
    EntityType,
    find_id,
)

Record = dict[str, Any]
#: Which objects are listed: those not in the trash, only those in it, or all.
Trash = Literal["no", "only", "all"]

#: Columns that are never shown.
_SECRET = ("password", "passwordResetHash", "secure", "apikey")
_FLAGS = ("trash", "active", "visible", "internal")


def show(session: Session, entity_type: EntityType, reference: str) -> Record:
    """Return one object: its fields, and lists of what belongs to it."""
    entity_id = find_id(session, entity_type, reference)
    (record,) = _records(session, entity_type, entity_type.key_column == entity_id)
    return record | _BELONGINGS[entity_type](session, entity_id)


def listing(
    session: Session,
    entity_type: EntityType,
    *,
    trash: Trash = "no",
    group: str | None = None,
    customer: str | None = None,
    project: str | None = None,
) -> list[Record]:
    """Return objects ordered by name, with the names of their groups.

    :param group: only those in this group.
    :param customer: only projects of this customer.
    :param project: only activities that are assigned to this project.
    """
    conditions: list[Any] = []
    if trash != "all":
        conditions.append(entity_type.columns["trash"] == int(trash == "only"))
    if group is not None:
        links: Any = GROUP_LINKS[entity_type].__table__
        group_id = find_id(session, GROUP, group)
        members = select(links.c[entity_type.key]).where(links.c["groupID"] == group_id)
        conditions.append(entity_type.key_column.in_(members))
    if customer is not None:
        customer_id = find_id(session, CUSTOMER, customer)
        conditions.append(m.Project.customerID == customer_id)
    if project is not None:
        link = m.ProjectActivity
        project_id = find_id(session, PROJECT, project)
        assigned = select(link.activityID).where(link.projectID == project_id)
        conditions.append(m.Activity.activityID.in_(assigned))
    records = _records(session, entity_type, *conditions)
    if entity_type is not GROUP:
        names = _group_names(session, entity_type)
        for record in records:
            record["groups"] = names[record[entity_type.key]]
    return records


def _records(session: Session, entity_type: EntityType, *conditions: Any) -> list[Record]:
    columns = [column for column in entity_type.columns if column.name not in _SECRET]
    statement = select(*columns).where(*conditions)
    statement = statement.order_by(
        func.lower(entity_type.name_column), entity_type.name_column, entity_type.key_column
    )
    return [_plain(row) for row in session.execute(_completed(entity_type, statement)).mappings()]


def _completed(
    entity_type: EntityType, statement: Select[*tuple[Any, ...]]
) -> Select[*tuple[Any, ...]]:
    """Add what is shown besides the columns of the object's own table."""
    if entity_type is PROJECT:
        joined = statement.join(
            m.Customer, m.Customer.customerID == m.Project.customerID, isouter=True
        )
        return joined.add_columns(m.Customer.name.label("customerName"))
    if entity_type is CUSTOMER:
        return statement.add_columns(_has(m.Customer.password).label("hasPassword"))
    if entity_type is not USER:
        return statement
    role: Any = m.GlobalRole.__table__
    zone = (m.Preference.userID == m.User.userID) & (m.Preference.option == "timezone")
    return (
        statement.outerjoin(role, role.c["globalRoleID"] == m.User.globalRoleID)
        .outerjoin(m.Preference, zone)
        .add_columns(
            role.c["name"].label("globalRole"),
            m.Preference.value.label("timezone"),
            _has(m.User.password).label("hasPassword"),
        )
    )


def _has(column: Any) -> Any:
    return func.length(func.coalesce(column, "")) > 0


def _plain(row: Any) -> Record:
    record = dict(row)
    for name in (*_FLAGS, "hasPassword"):
        if name in record:
            record[name] = bool(record[name])
    return record


def _group_names(session: Session, entity_type: EntityType) -> dict[int, list[str]]:
    links: Any = GROUP_LINKS[entity_type].__table__
    names: dict[int, list[str]] = defaultdict(list)
    for entity_id, name in session.execute(
        select(links.c[entity_type.key], m.Group.name)
        .join(m.Group, m.Group.groupID == links.c["groupID"])
        .where(m.Group.trash == 0)
        .order_by(func.lower(m.Group.name), m.Group.groupID)
    ):
        names[entity_id].append(name)
    return names


def _linked(
    session: Session,
    link: type[m.Base],
    own: EntityType,
    entity_id: int,
    other: EntityType,
    *columns: Any,
) -> list[Record]:
    """Return the objects that a table links to an object; those in the trash are left out."""
    links: Any = link.__table__
    statement = (
        select(other.key_column, other.name_column, *columns)
        .join(links, links.c[other.key] == other.key_column)
        .where(links.c[own.key] == entity_id, other.columns["trash"] == 0)
        .order_by(func.lower(other.name_column), other.key_column)
    )
    if other is USER or own is USER:
        role: Any = MEMBERSHIP_ROLE.columns
        statement = statement.outerjoin(
            MEMBERSHIP_ROLE.model, role["membershipRoleID"] == links.c["membershipRoleID"]
        ).add_columns(links.c["membershipRoleID"], role["name"].label("membershipRole"))
    return [dict(row) for row in session.execute(statement).mappings()]


def _groups(session: Session, entity_type: EntityType, entity_id: int) -> Record:
    return {"groups": _linked(session, GROUP_LINKS[entity_type], entity_type, entity_id, GROUP)}


_PLANNED: Sequence[Any] = (
    m.ProjectActivity.budget,
    m.ProjectActivity.effort,
    m.ProjectActivity.approved,
)


def _of_user(session: Session, entity_id: int) -> Record:
    return _groups(session, USER, entity_id)


def _of_customer(session: Session, entity_id: int) -> Record:
    owned = select(m.Project.projectID, m.Project.name).where(
        m.Project.customerID == entity_id, m.Project.trash == 0
    )
    projects = session.execute(owned.order_by(m.Project.name, m.Project.projectID)).mappings()
    return _groups(session, CUSTOMER, entity_id) | {"projects": [dict(row) for row in projects]}


def _of_project(session: Session, entity_id: int) -> Record:
    links = _linked(session, m.ProjectActivity, PROJECT, entity_id, ACTIVITY, *_PLANNED)
    return _groups(session, PROJECT, entity_id) | {"activities": links}


def _of_activity(session: Session, entity_id: int) -> Record:
    links = _linked(session, m.ProjectActivity, ACTIVITY, entity_id, PROJECT, *_PLANNED)
    return _groups(session, ACTIVITY, entity_id) | {"projects": links}


def _of_group(session: Session, entity_id: int) -> Record:
    return {
        entity_type.plural: _linked(session, link, GROUP, entity_id, entity_type)
        for entity_type, link in GROUP_LINKS.items()
    }


_BELONGINGS: dict[EntityType, Callable[[Session, int], Record]] = {
    USER: _of_user,
    CUSTOMER: _of_customer,
    PROJECT: _of_project,
    ACTIVITY: _of_activity,
    GROUP: _of_group,
}
