"""Memberships, assignments to groups, and activities of projects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from ...errors import NotFound
from ...storage import models as m
from . import field_checks as checks
from .entities import ACTIVITY, GROUP, GROUP_LINKS, MEMBERSHIP_ROLE, PROJECT, EntityType, find_id

#: Membership role of a new member by default; Kimai's installation creates it.
DEFAULT_ROLE = "User"
_AMOUNTS = ("budget", "effort", "approved")


def join(session: Session, user: m.User, group: str, role: str | None = None) -> m.GroupUser:
    """Make a user a member of a group, or give a member another role.

    :param role: membership role; by default a member keeps its role, and a new member gets
        :data:`DEFAULT_ROLE`.
    """
    group_id = find_id(session, GROUP, group, trash=False)
    membership = session.get(m.GroupUser, {"groupID": group_id, "userID": user.userID})
    if membership is None:
        role_id = find_id(session, MEMBERSHIP_ROLE, role or DEFAULT_ROLE)
        membership = m.GroupUser(groupID=group_id, userID=user.userID, membershipRoleID=role_id)
        session.add(membership)
    elif role is not None:
        membership.membershipRoleID = find_id(session, MEMBERSHIP_ROLE, role)
    session.flush()
    return membership


def assign(session: Session, entity_type: EntityType, entity: Any, group: str) -> None:
    """Let the members of a group see a customer, a project or an activity."""
    key = _key(entity_type, entity, find_id(session, GROUP, group, trash=False))
    if session.get(GROUP_LINKS[entity_type], key) is None:
        session.add(GROUP_LINKS[entity_type](**key))
    session.flush()


def unassign(session: Session, entity_type: EntityType, entity: Any, group: str) -> None:
    """Remove a user, customer, project or activity from a group.

    :raises NotFound: it isn't in that group.
    """
    key = _key(entity_type, entity, find_id(session, GROUP, group))
    link = session.get(GROUP_LINKS[entity_type], key)
    if link is None:
        raise NotFound(f"The {entity_type.label(entity)} isn't in the group {group!r}.")
    session.delete(link)
    session.flush()


def assign_to_project(
    session: Session, activity: m.Activity, project: str, amounts: Mapping[str, str]
) -> None:
    """Assign an activity to a project, or change the amounts planned for it there.

    An activity that is assigned to projects can be recorded only on those.

    :param amounts: ``budget, effort, approved``, unchecked.
    """
    key = _project_key(activity, find_id(session, PROJECT, project, trash=False))
    link = session.get(m.ProjectActivity, key)
    if link is None:
        link = m.ProjectActivity(**key)
        session.add(link)
    for name in _AMOUNTS:
        if name in amounts:
            setattr(link, name, checks.amount(name, amounts[name], empty=True))
    session.flush()


def unassign_from_project(session: Session, activity: m.Activity, project: str) -> None:
    """:raises NotFound: the activity isn't assigned to that project."""
    key = _project_key(activity, find_id(session, PROJECT, project))
    link = session.get(m.ProjectActivity, key)
    if link is None:
        raise NotFound(f"The {ACTIVITY.label(activity)} isn't assigned to the project {project!r}.")
    session.delete(link)
    session.flush()


def _project_key(activity: m.Activity, project_id: int) -> dict[str, int]:
    return {"projectID": project_id, "activityID": activity.activityID}


def _key(entity_type: EntityType, entity: Any, group_id: int) -> dict[str, int]:
    return {"groupID": group_id, entity_type.key: getattr(entity, entity_type.key)}
