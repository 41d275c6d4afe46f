"""What belongs to what: memberships, assignments to groups, activities of projects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from ...errors import NotFound
from ...storage import models as m
from . import field_checks as checks
from .entities import ACTIVITY, GROUP, GROUP_LINKS, MEMBERSHIP_ROLE, PROJECT, Kind, find

#: The role of a new member where none is named; Kimai's installation has it.
USUAL_ROLE = "User"
_MONEY = ("budget", "effort", "approved")


def join(session: Session, user: m.User, group: str, role: str | None = None) -> m.GroupUser:
    """Make a user a member of a group, or give a member another role.

    :param role: the membership role; by default a member keeps its own, and a new one gets
        :data:`USUAL_ROLE`.
    """
    group_id = find(session, GROUP, group, trash=False).groupID
    link = session.get(m.GroupUser, {"groupID": group_id, "userID": user.userID})
    if link is None:
        link = m.GroupUser(
            groupID=group_id, userID=user.userID, membershipRoleID=_role(session, role)
        )
        session.add(link)
    elif role is not None:
        link.membershipRoleID = _role(session, role)
    session.flush()
    return link


def assign(session: Session, kind: Kind, entity: Any, group: str) -> None:
    """Let the members of a group see a customer, a project or an activity."""
    key = _key(session, kind, entity, group, trash=False)
    if session.get(GROUP_LINKS[kind], key) is None:
        session.add(GROUP_LINKS[kind](**key))
    session.flush()


def unassign(session: Session, kind: Kind, entity: Any, group: str) -> None:
    """Take a user, customer, project or activity out of a group.

    :raises NotFound: it isn't in that group.
    """
    link = session.get(GROUP_LINKS[kind], _key(session, kind, entity, group))
    if link is None:
        raise NotFound(f"The {kind.label(entity)} isn't in the group {group!r}.")
    session.delete(link)
    session.flush()


def assign_to_project(
    session: Session, activity: m.Activity, project: str, fields: Mapping[str, str]
) -> None:
    """Offer an activity on a project (then only on those that it is assigned to), or change what
    is planned for it there.

    :param fields: ``budget, effort, approved`` as somebody wrote them.
    """
    project_id = find(session, PROJECT, project, trash=False).projectID
    link = _project_link(session, activity, project_id)
    if link is None:
        link = m.ProjectActivity(projectID=project_id, activityID=activity.activityID)
        session.add(link)
    for name in _MONEY:
        if name in fields:
            setattr(link, name, checks.amount(name, fields[name], empty=True))
    session.flush()


def unassign_from_project(session: Session, activity: m.Activity, project: str) -> None:
    """:raises NotFound: the activity isn't assigned to that project."""
    link = _project_link(session, activity, find(session, PROJECT, project).projectID)
    if link is None:
        raise NotFound(f"The {ACTIVITY.label(activity)} isn't assigned to project {project!r}.")
    session.delete(link)
    session.flush()


def _project_link(
    session: Session, activity: m.Activity, project_id: int
) -> m.ProjectActivity | None:
    key = {"projectID": project_id, "activityID": activity.activityID}
    return session.get(m.ProjectActivity, key)


def _key(
    session: Session, kind: Kind, entity: Any, group: str, trash: bool | None = None
) -> dict[str, int]:
    found = find(session, GROUP, group, trash=trash)
    return {"groupID": found.groupID, kind.key: getattr(entity, kind.key)}


def _role(session: Session, role: str | None) -> int:
    number: int = find(session, MEMBERSHIP_ROLE, role or USUAL_ROLE).membershipRoleID
    return number
