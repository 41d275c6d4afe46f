"""Context of one call: its transaction, its caller, its time, the options of the installation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from ..storage import models as m
from . import dates
from .rounding import Rounding, precision_of, rule_of

#: The rights of a membership role that the API asks for.
ENTRY_RIGHTS_IN_GROUP = (
    "core-user-view",
    *(
        f"{subject}-otherEntry-ownGroup-{action}"
        for subject in ("ki_timesheets", "ki_expenses")
        for action in ("add", "edit", "delete")
    ),
)


def granted(rights: Iterable[str], flags: Iterable[int | None]) -> frozenset[str]:
    """Return the rights whose column in a role is set."""
    return frozenset(right for right, flag in zip(rights, flags, strict=True) if flag)


def timezone(name: str | None, default: ZoneInfo) -> ZoneInfo:
    """Return the time zone of that name, or the default where there is none of that name."""
    if not name:
        return default
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return default


@dataclass(frozen=True, slots=True)
class Options:
    """Kimai's options (its table ``configuration``), with the defaults that Kimai assumes."""

    #: Minutes to which times are rounded when a recording stops; 0 rounds nothing.
    round_precision: int = 0
    rounding: Rounding = Rounding.UP
    #: Failed logins before a ban, and the seconds it lasts.
    login_tries: int = 3
    login_ban_time: int = 900
    default_status: int = 1
    #: Seconds after its end in which an entry may be changed; None means for ever.
    edit_limit: int | None = None
    duration_with_seconds: bool = False

    @classmethod
    def load(cls, session: Session) -> Options:
        stored = session.execute(select(m.Configuration.option, m.Configuration.value))
        return cls.of(dict(stored.all()))

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Options:
        """:param values: stored texts by option; one that can't be read counts as missing."""

        def integer(option: str, default: int) -> int:
            text = values.get(option, "").strip()
            return int(text) if text.isascii() and text.isdigit() else default

        return cls(
            round_precision=precision_of(values),
            rounding=rule_of(values),
            login_tries=integer("loginTries", 3),
            login_ban_time=integer("loginBanTime", 900),
            default_status=integer("defaultStatusID", 1),
            edit_limit=integer("editLimit", 0) or None,
            duration_with_seconds=integer("durationWithSeconds", 0) != 0,
        )


@dataclass(frozen=True, slots=True)
class Principal:
    """The user or customer whose API key a call carries."""

    name: str
    zone: ZoneInfo
    #: ID of the user; for a customer one that nobody has, not even entries without an owner.
    user_id: int = -1
    #: ID of the customer; None for a user.
    customer_id: int | None = None
    #: Names of the global rights that the API asks for and the user has.
    rights: frozenset[str] = frozenset()
    #: The stored ones of those that the API follows; a customer has none.
    preferences: Mapping[str, str] = field(default_factory=dict)

    def prefers(self, option: str) -> bool:
        """Return whether a preference is set: in PHP, only ``""`` and ``"0"`` are not."""
        return self.preferences.get(option, "") not in ("", "0")


@dataclass(kw_only=True)
class AnonymousContext:
    """Context of one call before its caller is known. It lasts for one transaction."""

    session: Session
    #: The server's time in unix seconds, the same all through the call.
    now: int
    #: The server's time zone, for users who chose none.
    zone: ZoneInfo
    #: Run once the transaction is committed: until then the call may be run again from its start.
    on_commit: list[Callable[[], None]] = field(default_factory=list)

    @cached_property
    def options(self) -> Options:
        return Options.load(self.session)

    def authenticated(self, principal: Principal, *, has_entry_counts: bool) -> CallContext:
        """Return the context of the same call, now that its caller is known."""
        context = CallContext(
            session=self.session,
            now=self.now,
            zone=self.zone,
            on_commit=self.on_commit,
            principal=principal,
            has_entry_counts=has_entry_counts,
        )
        if "options" in self.__dict__:  # they have been read
            context.__dict__["options"] = self.options
        return context


@dataclass(kw_only=True)
class CallContext(AnonymousContext):
    """Context of one call of a known user or customer."""

    principal: Principal
    #: Whether the numbers of time entries can be read instead of counted.
    has_entry_counts: bool = False
    _rights_over: dict[int, frozenset[str]] = field(default_factory=dict)

    @cached_property
    def memberships(self) -> dict[int, frozenset[str]]:
        """The rights in each group of the caller's that isn't trashed, by its ID."""
        return self._memberships()

    def rights_over(self, owner_id: int) -> frozenset[str]:
        """Return the rights over entries of a user: those in the groups that both are in."""
        if owner_id not in self._rights_over:
            shared = select(m.GroupUser.groupID).where(m.GroupUser.userID == owner_id)
            by_group = self._memberships(m.GroupUser.groupID.in_(shared))
            self._rights_over[owner_id] = frozenset().union(*by_group.values())
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
            group_id: granted(ENTRY_RIGHTS_IN_GROUP, flags)
            for group_id, *flags in self.session.execute(statement)
        }

    def parse_date(self, value: object, field: str) -> int | None:
        """Return the unix seconds of a date to be stored; see :func:`dates.parse`."""
        return dates.parse(value, self.principal.zone, now=self.now, field=field)

    def parse_bound(self, value: object, field: str) -> int | None:
        """Return the unix seconds of an end of a period; see :func:`dates.parse_bound`."""
        return dates.parse_bound(value, self.principal.zone, now=self.now, field=field)
