"""What one call works with: its transaction, who calls, and the time it has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from ..storage import models as m
from . import dates
from .options import Options

#: The rights of a membership role that the API asks for.
ENTRY_RIGHTS_IN_GROUP = (
    "core-user-view",
    *(
        f"{kind}-otherEntry-ownGroup-{action}"
        for kind in ("ki_timesheets", "ki_expenses")
        for action in ("add", "edit", "delete")
    ),
)


def granted(rights: Iterable[str], flags: Iterable[int | None]) -> frozenset[str]:
    """The rights whose column in a role is set."""
    return frozenset(right for right, flag in zip(rights, flags, strict=True) if flag)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a call is made for: the user, or the customer, whose key it carries."""

    name: str
    zone: ZoneInfo
    #: Number of the user; for a customer one that nobody has, not even entries without an owner.
    user_id: int = -1
    #: Number of the customer; None for a user.
    customer_id: int | None = None
    #: Names of the global rights that the API asks for and the user has.
    rights: frozenset[str] = frozenset()


@dataclass
class Call:
    """One call in one transaction.

    :param now: the server's time in unix seconds, the same all through the call.
    :param zone: the server's time zone, for users who chose none.
    """

    session: Session
    now: int
    zone: ZoneInfo
    #: Whether the numbers of time entries can be read instead of counted.
    has_entry_counts: bool = False
    _principal: Principal | None = field(default=None)
    _rights_over: dict[int, frozenset[str]] = field(default_factory=dict)

    @property
    def principal(self) -> Principal:
        if self._principal is None:
            raise RuntimeError("this call has not been authenticated")
        return self._principal

    @principal.setter
    def principal(self, principal: Principal) -> None:
        self._principal = principal

    @cached_property
    def options(self) -> Options:
        return Options.load(self.session)

    @cached_property
    def memberships(self) -> dict[int, frozenset[str]]:
        """The rights in each group of the caller's that isn't trashed."""
        return self._memberships()

    def rights_over(self, owner_id: int) -> frozenset[str]:
        """The rights over entries of a user's: those in the groups that both are in."""
        if owner_id not in self._rights_over:
            shared = select(m.GroupUser.groupID).where(m.GroupUser.userID == owner_id)
            found = self._memberships(m.GroupUser.groupID.in_(shared))
            self._rights_over[owner_id] = frozenset().union(*found.values())
        return self._rights_over[owner_id]

    def _memberships(self, *conditions: ColumnElement[bool]) -> dict[int, frozenset[str]]:
        role = m.MembershipRole.__table__.c
        rights = [role[name] for name in ENTRY_RIGHTS_IN_GROUP]
        statement = (
            select(m.GroupUser.groupID, *rights)
            .join(m.Group, m.Group.groupID == m.GroupUser.groupID)
            .outerjoin(m.MembershipRole, role.membershipRoleID == m.GroupUser.membershipRoleID)
            .where(m.GroupUser.userID == self.principal.user_id, m.Group.trash == 0, *conditions)
        )
        return {
            group: granted(ENTRY_RIGHTS_IN_GROUP, flags)
            for group, *flags in self.session.execute(statement)
        }

    def date(self, value: object, name: str) -> int | None:
        """Unix seconds of a date that the caller wrote; see :func:`dates.parse`."""
        return dates.parse(value, self.principal.zone, field=name)
