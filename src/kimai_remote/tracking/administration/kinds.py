"""The kinds of objects that are administrated, and where they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...storage import models as m


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object.

    :param key: column of its number.
    :param name: column of its name.
    :param trashes: whether it is put into the trash instead of being removed.
    """

    noun: str
    plural: str
    model: type[m.Base]
    key: str
    name: str = "name"
    trashes: bool = True

    @property
    def columns(self) -> Any:
        return self.model.__table__.c

    @property
    def key_column(self) -> Any:
        return self.columns[self.key]

    @property
    def name_column(self) -> Any:
        return self.columns[self.name]

    def label(self, entity: Any) -> str:
        """How people are told of an object: its name and number."""
        return f"{self.noun} {getattr(entity, self.name)!r} ({getattr(entity, self.key)})"


USER = Kind("user", "users", m.User, "userID")
CUSTOMER = Kind("customer", "customers", m.Customer, "customerID")
PROJECT = Kind("project", "projects", m.Project, "projectID")
ACTIVITY = Kind("activity", "activities", m.Activity, "activityID")
GROUP = Kind("group", "groups", m.Group, "groupID")
STATUS = Kind("status", "statuses", m.Status, "statusID", name="status", trashes=False)
GLOBAL_ROLE = Kind("global role", "global roles", m.GlobalRole, "globalRoleID", trashes=False)
MEMBERSHIP_ROLE = Kind(
    "membership role", "membership roles", m.MembershipRole, "membershipRoleID", trashes=False
)

#: The tables that say what belongs to a group.
GROUP_LINKS: dict[Kind, type[m.Base]] = {
    USER: m.GroupUser,
    CUSTOMER: m.GroupCustomer,
    PROJECT: m.GroupProject,
    ACTIVITY: m.GroupActivity,
}
