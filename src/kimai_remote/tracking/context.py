"""Context of one call: its transaction, its caller, its time, the options of the installation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection, CursorResult, Executable, Select, bindparam, select
from sqlalchemy.orm import Session

from ..storage import prepared_statements
from ..storage.prepared_statements import Query, Row
from ..storage.tables import (
    CALLER,
    configuration,
    groups,
    groups_users,
    membership_roles,
    not_trashed,
    word,
)
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


CallerType = Literal["user", "customer"]
CALLER_TYPES: tuple[CallerType, ...] = ("user", "customer")


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


#: The options that calls follow, by their names in Kimai's table ``configuration``.
OPTIONS = (
    "allowRoundDown",
    "defaultStatusID",
    "durationWithSeconds",
    "editLimit",
    "loginBanTime",
    "loginTries",
    "revision",
    "roundPrecision",
    "roundingMethod",
    "version",
)


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
    def load(cls, connection: Connection | Session) -> Options:
        return cls.of(dict(connection.execute(_OPTIONS).all()))

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


_OPTIONS = select(configuration.c.option, configuration.c.value).where(
    configuration.c.option.in_([word(name) for name in OPTIONS])
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

    @property
    def type(self) -> CallerType:
        return "user" if self.customer_id is None else "customer"

    def prefers(self, option: str) -> bool:
        """Return whether a preference is set: in PHP, only ``""`` and ``"0"`` are not."""
        return self.preferences.get(option, "") not in ("", "0")


@dataclass(kw_only=True)
class AnonymousContext:
    """Context of one call before its caller is known. It lasts for one transaction."""

    connection: Connection
    #: The server's time in unix seconds, the same all through the call.
    now: int
    #: The server's time zone, for users who chose none.
    zone: ZoneInfo
    #: Run once the transaction is committed: until then the call may be run again from its start.
    on_commit: list[Callable[[], None]] = field(default_factory=list)

    @cached_property
    def options(self) -> Options:
        return Options.load(self.connection)

    def authenticated(self, principal: Principal, *, has_entry_counts: bool) -> CallContext:
        """Return the context of the same call, now that its caller is known."""
        context = CallContext(
            connection=self.connection,
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

    def execute(self, statement: Executable, **parameters: Any) -> CursorResult[*tuple[Any, ...]]:
        """Do the same as :meth:`fetch` for a long list: the result is read as it is iterated."""
        return self.connection.execute(statement, self._with_caller(parameters))

    def fetch(self, query: Query, **parameters: Any) -> list[Row]:
        """Return all rows of a query that was built at import (see :mod:`..storage.tables`).

        :param parameters: those of the query, but the IDs of the caller.
        """
        return prepared_statements.fetch(self.connection, query, self._with_caller(parameters))

    def fetch_first(self, query: Query, **parameters: Any) -> Row | None:
        """Return the first row of a query, or None if there is none."""
        rows = self.fetch(query, **parameters)
        return rows[0] if rows else None

    def _with_caller(self, parameters: dict[str, Any]) -> dict[str, Any]:
        principal = self.principal
        parameters["caller"], parameters["customer"] = principal.user_id, principal.customer_id
        return parameters

    def rights_over(self, owner_id: int) -> frozenset[str]:
        """Return the rights over entries of a user: those in the groups that both are in."""
        if owner_id not in self._rights_over:
            self._rights_over[owner_id] = frozenset().union(
                *(
                    granted(ENTRY_RIGHTS_IN_GROUP, flags)
                    for flags in self.fetch(_SHARED_MEMBERSHIPS, owner=owner_id)
                )
            )
        return self._rights_over[owner_id]

    def parse_date(self, value: object, field: str) -> int | None:
        """Return the unix seconds of a date to be stored; see :func:`dates.parse`."""
        return dates.parse(value, self.principal.zone, now=self.now, field=field)

    def parse_bound(self, value: object, field: str) -> int | None:
        """Return the unix seconds of an end of a period; see :func:`dates.parse_bound`."""
        return dates.parse_bound(value, self.principal.zone, now=self.now, field=field)


def select_memberships(*columns: Any) -> Select[Any]:
    """Select columns of the caller's memberships of groups, with their roles."""
    return (
        select(*columns)
        .select_from(groups_users)
        .join(groups, groups.c.groupID == groups_users.c.groupID)
        .join(
            membership_roles,
            membership_roles.c.membershipRoleID == groups_users.c.membershipRoleID,
        )
        .where(groups_users.c.userID == CALLER, not_trashed(groups))
    )


_of_owner = groups_users.alias()
_SHARED_MEMBERSHIPS = select_memberships(
    *(membership_roles.c[right] for right in ENTRY_RIGHTS_IN_GROUP)
).where(
    groups_users.c.groupID.in_(
        select(_of_owner.c.groupID).where(_of_owner.c.userID == bindparam("owner"))
    )
)
