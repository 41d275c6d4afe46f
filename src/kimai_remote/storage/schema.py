"""The schema: creating it with what a fresh Kimai installation has in it, and recognising it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, inspect, select
from sqlalchemy.orm import Session

from .. import SCHEMA_REVISION
from ..errors import ConfigurationError
from . import entry_counts, models, schema_lock
from .models import (
    Base,
    Configuration,
    GlobalRole,
    MembershipRole,
    Status,
    TimeEntry,
    User,
    schema_version,
)
from .rights import (
    DEFAULT_GROUPLEADER_RIGHTS,
    DEFAULT_USER_RIGHTS,
    GLOBAL_RIGHTS,
    MEMBERSHIP_RIGHTS,
)
from .transactions import Database

#: Versions of the schema, oldest first, each the name of a migration. The tables of the newest
#: one are those of :mod:`kimai_remote.storage.models`.
VERSIONS = ("0001", "0002", "0003")
LATEST = VERSIONS[-1]

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
    """Whether the database has no Kimai tables with this prefix yet, or only such as a creation
    left that broke off."""
    return not has_table(database, User.__table__) or _is_unfinished(database)


def _is_unfinished(database: Database) -> bool:
    """Whether a creation broke off, as it can on MariaDB: it makes the table of versions first and
    fills it last, together with everything else."""
    if not has_table(database, schema_version) or version(database) is not None:
        return False
    return not any(_has_rows(database, model) for model in (User, TimeEntry))


def _has_rows(database: Database, model: type[Base]) -> bool:
    if not has_table(database, model.__table__):
        return False
    with database.engine.connect() as connection:
        return connection.execute(select(model.__table__).limit(1)).first() is not None


def create(database: Database, populate: Callable[[Connection], None] = lambda _: None) -> bool:
    """Create all tables and fill in statuses, roles and options.

    All or nothing, but on MariaDB, which can't take back a new table: a creation that broke off
    there is begun again by the next one.

    :param populate: adds what else a new database must have, in the same transaction.
    :returns: False where there is a schema, perhaps made by another process just now.
    :raises sqlalchemy.exc.DBAPIError: a table exists already or may not be created.
    """
    with schema_lock.acquire(database) as connection:
        if version(database) is not None:
            return False
        if _is_unfinished(database):
            _drop(database, connection)
        others = [table for table in Base.metadata.sorted_tables if table is not schema_version]
        Base.metadata.create_all(connection, [schema_version], checkfirst=False)
        Base.metadata.create_all(connection, others, checkfirst=False)
        entry_counts.enable(connection)
        fill(connection)
        populate(connection)
        connection.execute(schema_version.insert(), {"version_num": LATEST})
    return True


def _drop(database: Database, connection: Connection) -> None:
    """Remove the tables that there are."""
    made = [table for table in Base.metadata.sorted_tables if has_table(database, table)]
    Base.metadata.drop_all(connection, made, checkfirst=False)


def version(database: Database) -> str | None:
    """The version of the schema; None where :mod:`migrate` has never been at work."""
    if not has_table(database, schema_version):
        return None
    with database.engine.connect() as connection:
        return connection.scalar(select(schema_version.c.version_num))


def check(database: Database) -> None:
    """:raises ConfigurationError: the service can't run on this schema; the text says what to
    do."""
    found = version(database)
    if found == LATEST:
        return
    if found is None:
        raise ConfigurationError(
            f"The tables {database.prefix}… in {database.name} were not made by this program. "
            "To serve a Kimai 1 database where it is, look at it with 'kimai-remote kimai1 check' "
            "and then add this program's tables with 'kimai-remote db upgrade'."
        )
    if found not in VERSIONS:
        raise ConfigurationError(
            f"The schema of {database.name} has version {found}, which only a newer kimai-remote "
            f"knows; this one knows {LATEST}. Install the newer one."
        )
    raise ConfigurationError(
        f"The schema of {database.name} has version {found}, this program needs {LATEST}. Make a "
        "backup, then run 'kimai-remote db upgrade'."
    )


def table_prefixes(connection: Connection) -> list[str]:
    """Prefixes of the Kimai installations in this database, by a table that each has."""
    suffix = "timesheet"
    return sorted(
        name[: -len(suffix)]
        for name in inspect(connection).get_table_names()
        if name.lower().endswith(suffix)
    )


def has_table(database: Database, table: Any) -> bool:
    return inspect(database.engine).has_table(real_name(database, table))


def real_name(database: Database, table: Any) -> str:
    """The name of a table in the database."""
    return models.real_name(table.name, database.engine)


def fill(connection: Connection) -> None:
    """Fill empty tables with what a fresh installation has."""
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        _fill(session)
        session.commit()


def clear(connection: Connection) -> None:
    """Remove what :func:`fill` filled in."""
    for model in (Status, Configuration, GlobalRole, MembershipRole):
        connection.execute(_table(model).delete())


def _table(model: type[Base]) -> Any:
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
