"""Creating Kimai's schema with what a fresh Kimai installation has in it."""

from __future__ import annotations

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from .. import SCHEMA_REVISION
from .database import Database
from .models import (
    PREFIX_TOKEN,
    Base,
    Configuration,
    GlobalRole,
    MembershipRole,
    RemoteKey,
    Status,
    User,
)
from .rights import (
    DEFAULT_GROUPLEADER_RIGHTS,
    DEFAULT_USER_RIGHTS,
    GLOBAL_RIGHTS,
    MEMBERSHIP_RIGHTS,
)

#: Options of a fresh installation, as Kimai 1.3.5 sets them.
DEFAULT_OPTIONS: dict[str, str] = {
    "adminmail": "admin@example.com",
    "billable": "0,50,100",
    "currency_name": "Euro",
    "currency_sign": "€",
    "decimalSeparator": ",",
    "defaultStatusID": "1",
    "durationWithSeconds": "0",
    "editLimit": "0",
    "exactSums": "0",
    "language": "en",
    "login": "1",
    "loginBanTime": "900",
    "loginTries": "3",
    "revision": str(SCHEMA_REVISION),
    "roundMinutes": "0",
    "roundPrecision": "1",
    "roundSeconds": "0",
    "roundingMethod": "default",
    "version": "1.3.5",
}
STATUSES = ("open", "review", "closed")


def is_empty(database: Database) -> bool:
    """Whether the database has no Kimai tables with this prefix yet."""
    return not _has(database, User)


def create(database: Database) -> None:
    """Create all tables and fill in statuses, roles and options.

    :raises sqlalchemy.exc.DBAPIError: a table exists already or may not be created.
    """
    Base.metadata.create_all(database.engine, checkfirst=False)
    database.run(_fill, writes=True)


def add_own_tables(database: Database) -> None:
    """Create the tables that Kimai doesn't have, where they are missing."""
    if not _has(database, RemoteKey):
        Base.metadata.create_all(database.engine, tables=[_table(RemoteKey)], checkfirst=False)


def _has(database: Database, model: type[Base]) -> bool:
    name = model.__tablename__.replace(PREFIX_TOKEN, database.prefix)
    return inspect(database.engine).has_table(name)


def _table(model: type[Base]):  # type: ignore[no-untyped-def]
    return model.__table__


def _fill(session: Session) -> None:
    for number, status in enumerate(STATUSES, 1):
        session.add(Status(statusID=number, status=status))
    for option, value in DEFAULT_OPTIONS.items():
        session.add(Configuration(option=option, value=value))
    # One flush a role: their numbers must be Kimai's (1 Admin, 2 User, 3 Groupleader).
    for name, granted in (("Admin", set(GLOBAL_RIGHTS)), ("User", DEFAULT_USER_RIGHTS)):
        rights = {right: int(right in granted) for right in GLOBAL_RIGHTS}
        session.execute(_table(GlobalRole).insert(), {"name": name, **rights})
    for name, granted in (
        ("Admin", set(MEMBERSHIP_RIGHTS)),
        ("User", frozenset[str]()),
        ("Groupleader", DEFAULT_GROUPLEADER_RIGHTS),
    ):
        rights = {right: int(right in granted) for right in MEMBERSHIP_RIGHTS}
        session.execute(_table(MembershipRole).insert(), {"name": name, **rights})
