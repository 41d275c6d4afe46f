"""Objects as they are shown: their fields, and what belongs to them."""

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
    Kind,
    find,
)

Record = dict[str, Any]
#: Which objects are listed: those in use, those in the trash, or all.
Trash = Literal["no", "only", "all"]

#: Columns that nobody is shown.
_SECRET = ("password", "passwordResetHash", "secure", "apikey")
_FLAGS = ("trash", "active", "visible", "internal")


def show(session: Session, kind: Kind, given: str) -> Record:
    """One object: its fields, and lists of what belongs to it."""
    entity = find(session, kind, given)
    number = getattr(entity, kind.key)
    (record,) = _records(session, kind, kind.key_column == number)
    return record | _BELONGINGS[kind](session, number)


def listing(
    session: Session,
    kind: Kind,
    *,
    trash: Trash = "no",
    group: str | None = None,
    customer: str | None = None,
    project: str | None = None,
) -> list[Record]:
    """Objects by name, with the names of the groups that they are in.

    :param group: only those in this group.
    :param customer: only projects of this customer.
    :param project: only activities that are assigned to this project.
    """
    conditions: list[Any] = []
    if trash != "all":
        conditions.append(kind.columns["trash"] == int(trash == "only"))
    if group is not None:
        links: Any = GROUP_LINKS[kind].__table__
        number = find(session, GROUP, group).groupID
        members = select(links.c[kind.key]).where(links.c["groupID"] == number)
        conditions.append(kind.key_column.in_(members))
    if customer is not None:
        number = find(session, CUSTOMER, customer).customerID
        conditions.append(m.Project.customerID == number)
    if project is not None:
        link = m.ProjectActivity
        number = find(session, PROJECT, project).projectID
        assigned = select(link.activityID).where(link.projectID == number)
        conditions.append(m.Activity.activityID.in_(assigned))
    records = _records(session, kind, *conditions)
    if kind is not GROUP:
        names = _group_names(session, kind)
        for record in records:
            record["groups"] = names[record[kind.key]]
    return records


def _records(session: Session, kind: Kind, *conditions: Any) -> list[Record]:
    columns = [column for column in kind.columns if column.name not in _SECRET]
    statement = select(*columns).where(*conditions)
    statement = statement.order_by(func.lower(kind.name_column), kind.name_column, kind.key_column)
    return [_plain(row) for row in session.execute(_completed(kind, statement)).mappings()]


def _completed(kind: Kind, statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """What is shown besides the columns of the object's own table."""
    if kind is PROJECT:
        joined = statement.join(
            m.Customer, m.Customer.customerID == m.Project.customerID, isouter=True
        )
        return joined.add_columns(m.Customer.name.label("customerName"))
    if kind is CUSTOMER:
        return statement.add_columns(_has(m.Customer.password).label("hasPassword"))
    if kind is not USER:
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


def _group_names(session: Session, kind: Kind) -> dict[int, list[str]]:
    links: Any = GROUP_LINKS[kind].__table__
    found: dict[int, list[str]] = defaultdict(list)
    for number, name in session.execute(
        select(links.c[kind.key], m.Group.name)
        .join(m.Group, m.Group.groupID == links.c["groupID"])
        .where(m.Group.trash == 0)
        .order_by(func.lower(m.Group.name), m.Group.groupID)
    ):
        found[number].append(name)
    return found


def _linked(
    session: Session, link: type[m.Base], own: Kind, number: int, other: Kind, *columns: Any
) -> list[Record]:
    """The objects of another kind that a table links to one of ours; trashed ones left out."""
    links: Any = link.__table__
    statement = (
        select(other.key_column, other.name_column, *columns)
        .join(links, links.c[other.key] == other.key_column)
        .where(links.c[own.key] == number, other.columns["trash"] == 0)
        .order_by(func.lower(other.name_column), other.key_column)
    )
    if other is USER or own is USER:
        role: Any = MEMBERSHIP_ROLE.columns
        statement = statement.outerjoin(
            MEMBERSHIP_ROLE.model, role["membershipRoleID"] == links.c["membershipRoleID"]
        ).add_columns(links.c["membershipRoleID"], role["name"].label("membershipRole"))
    return [dict(row) for row in session.execute(statement).mappings()]


def _groups(session: Session, kind: Kind, number: int) -> Record:
    return {"groups": _linked(session, GROUP_LINKS[kind], kind, number, GROUP)}


_PLANNED: Sequence[Any] = (
    m.ProjectActivity.budget,
    m.ProjectActivity.effort,
    m.ProjectActivity.approved,
)


def _of_user(session: Session, number: int) -> Record:
    return _groups(session, USER, number)


def _of_customer(session: Session, number: int) -> Record:
    owned = select(m.Project.projectID, m.Project.name).where(
        m.Project.customerID == number, m.Project.trash == 0
    )
    projects = session.execute(owned.order_by(m.Project.name, m.Project.projectID)).mappings()
    return _groups(session, CUSTOMER, number) | {"projects": [dict(row) for row in projects]}


def _of_project(session: Session, number: int) -> Record:
    found = _linked(session, m.ProjectActivity, PROJECT, number, ACTIVITY, *_PLANNED)
    return _groups(session, PROJECT, number) | {"activities": found}


def _of_activity(session: Session, number: int) -> Record:
    found = _linked(session, m.ProjectActivity, ACTIVITY, number, PROJECT, *_PLANNED)
    return _groups(session, ACTIVITY, number) | {"projects": found}


def _of_group(session: Session, number: int) -> Record:
    return {
        kind.plural: _linked(session, link, GROUP, number, kind)
        for kind, link in GROUP_LINKS.items()
    }


_BELONGINGS: dict[Kind, Callable[[Session, int], Record]] = {
    USER: _of_user,
    CUSTOMER: _of_customer,
    PROJECT: _of_project,
    ACTIVITY: _of_activity,
    GROUP: _of_group,
}
