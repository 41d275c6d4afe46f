"""The schema: creating it like a fresh Kimai installation, and reading its state."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, inspect, select
from sqlalchemy.orm import Session

from .. import SCHEMA_REVISION
from ..errors import ConfigurationError
from . import dialects, entry_counts, models, schema_lock, shared_values
from .models import (
    Base,
    Configuration,
    GlobalRole,
    MembershipRole,
    SharedValue,
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

#: Versions of the schema, oldest first; each has a migration. The tables of the latest are those of
#: :mod:`kimai_remote.storage.models`.
VERSIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007")
LATEST = VERSIONS[-1]
#: The oldest version whose programs can serve the latest, as the migrations say it (``SERVES``).
OLDEST_PROGRAM = "0007"

#: Options of a fresh installation, as Kimai 1.3.5 sets them.
DEFAULT_OPTIONS: dict[str, str] = {
    "adminmail": "admin@example.com",
    "allowRoundDown": "1",
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
    "version": "1.3.5",
}
STATUSES = ("open", "review", "closed")
#: Roles of a fresh installation with their rights.
ADMIN, USER, GROUPLEADER = "Admin", "User", "Groupleader"
_GLOBAL_ROLES = {ADMIN: frozenset(GLOBAL_RIGHTS), USER: DEFAULT_USER_RIGHTS}
_MEMBERSHIP_ROLES = {
    ADMIN: frozenset(MEMBERSHIP_RIGHTS),
    USER: frozenset[str](),
    GROUPLEADER: DEFAULT_GROUPLEADER_RIGHTS,
}
#: What a fresh installation has rows of.
_FILLED: tuple[type[Base], ...] = (Status, Configuration, GlobalRole, MembershipRole)


class Condition(enum.Enum):
    """How the tables of a database relate to this program."""

    #: There are none with this prefix.
    EMPTY = enum.auto()
    #: Their creation was interrupted, as can happen on MariaDB, which can't roll it back.
    UNFINISHED = enum.auto()
    #: Kimai 1 or another program created them.
    FOREIGN = enum.auto()
    OLDER = enum.auto()
    CURRENT = enum.auto()
    #: A newer program has upgraded them, and this one can serve them all the same.
    COMPATIBLE = enum.auto()
    #: A newer program has upgraded them, or is doing so, and this one can't serve them.
    NEWER = enum.auto()


@dataclass(frozen=True, slots=True)
class SchemaState:
    """The condition of a schema, with its version if it has one.

    :param secret: fingerprint of the secret that its servers have; None if none is stored.
    """

    condition: Condition
    version: str | None = None
    secret: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether the tables are yet to be created."""
        return self.condition in (Condition.EMPTY, Condition.UNFINISHED)


class SchemaError(ConfigurationError):
    """The service can't use the schema."""


class SchemaMissing(SchemaError):
    """There are no tables."""

    def __init__(self, database: Database) -> None:
        super().__init__(f"There are no tables {database.prefix}… in {database.name} yet.")


class SchemaForeign(SchemaError):
    """Another program created the tables."""

    def __init__(self, database: Database) -> None:
        super().__init__(
            f"The tables {database.prefix}… in {database.name} were not created by kimai-remote."
        )


class SchemaOlder(SchemaError):
    """The schema must be upgraded."""

    def __init__(self, database: Database, version: str | None) -> None:
        super().__init__(
            f"The schema of {database.name} has version {version}; this program needs {LATEST}."
        )


class SchemaNewer(SchemaError):
    """A newer program has upgraded the schema."""

    def __init__(self, database: Database, version: str | None) -> None:
        super().__init__(
            f"The schema of {database.name} has version {version}, which needs a newer "
            f"kimai-remote; this one supports {LATEST}. Install the newer one."
        )


def state(database: Database) -> SchemaState:
    """Return the state of the schema, read over one connection."""
    return database.read(read_state)


def read_state(connection: Connection) -> SchemaState:
    """Return the state of the schema, read over an open connection."""
    has_table = inspect(connection).has_table

    def exists(table: Any) -> bool:
        return has_table(models.real_name(table.name, connection.engine))

    def has_rows(table: Any) -> bool:
        return exists(table) and connection.execute(select(table).limit(1)).first() is not None

    if not exists(schema_version):
        return SchemaState(Condition.FOREIGN if exists(_table(User)) else Condition.EMPTY)
    version = connection.scalar(select(schema_version.c.version_num))
    if version is None:
        # The version is written last, together with all other rows.
        is_filled = any(has_rows(_table(model)) for model in (User, TimeEntry))
        return SchemaState(Condition.FOREIGN if is_filled else Condition.UNFINISHED)
    # After the version: before a newer one is stored, the oldest program that can serve it is.
    values = shared_values.read(connection) if exists(_table(SharedValue)) else {}
    oldest = values.get(shared_values.OLDEST_PROGRAM, version)
    secret = values.get(shared_values.SECRET)
    if oldest not in VERSIONS:
        return SchemaState(Condition.NEWER, max(version, oldest), secret)
    if version not in VERSIONS:
        return SchemaState(Condition.COMPATIBLE, version, secret)
    condition = Condition.CURRENT if version == LATEST else Condition.OLDER
    return SchemaState(condition, version, secret)


def check(database: Database, known: SchemaState | None = None) -> None:
    """Check that the service can use the schema.

    :param known: its state, if it was read already.
    :raises SchemaError: it can't.
    """
    current = known or state(database)
    match current.condition:
        case Condition.EMPTY | Condition.UNFINISHED:
            raise SchemaMissing(database)
        case Condition.FOREIGN:
            raise SchemaForeign(database)
        case Condition.OLDER:
            raise SchemaOlder(database, current.version)
        case Condition.NEWER:
            raise SchemaNewer(database, current.version)


def create(database: Database, populate: Callable[[Connection], None] = lambda _: None) -> bool:
    """Create all tables and fill in statuses, roles and options, all or nothing.

    MariaDB can't roll back a new table: there, the next call starts over.

    :param populate: adds further rows, in the same transaction.
    :returns: False if there is a schema, perhaps created by another process just now.
    :raises sqlalchemy.exc.DBAPIError: a table exists already or may not be created.
    """
    with schema_lock.acquire(database) as connection:
        current = read_state(connection)
        if current.version is not None:
            return False
        if current.condition is Condition.UNFINISHED:
            _drop(connection)
        others = [
            models.with_key(table)
            for table in Base.metadata.sorted_tables
            if table is not schema_version
        ]
        Base.metadata.create_all(connection, [schema_version], checkfirst=False)
        Base.metadata.create_all(connection, others, checkfirst=False)
        entry_counts.enable(connection)
        fill(connection)
        populate(connection)
        shared_values.add(connection, shared_values.OLDEST_PROGRAM, OLDEST_PROGRAM)
        connection.execute(schema_version.insert(), {"version_num": LATEST})
    return True


def _drop(connection: Connection) -> None:
    """Remove all tables that exist; that of the version last, since it says what the others are."""
    has_table = inspect(connection).has_table
    tables = [
        table
        for table in Base.metadata.sorted_tables
        if table is not schema_version
        and has_table(models.real_name(table.name, connection.engine))
    ]
    Base.metadata.drop_all(connection, tables, checkfirst=False)
    schema_version.drop(connection)


def table_prefixes(connection: Connection) -> list[str]:
    """Return the prefixes of the Kimai installations in this database."""
    suffix = "timesheet"
    return sorted(
        name[: -len(suffix)]
        for name in inspect(connection).get_table_names()
        if name.lower().endswith(suffix)
    )


def real_name(database: Database, table: Any) -> str:
    """Return the name of a table in the database."""
    return models.real_name(table.name, database.engine)


def fill(connection: Connection) -> None:
    """Insert the rows of a fresh installation into empty tables."""
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        _fill(session)
        session.commit()
    for model in _FILLED:
        dialects.of(connection).after_import(connection, _table(model))


def is_filled(connection: Connection) -> bool:
    """Return whether there are rows where :func:`fill` inserts some."""
    return any(connection.execute(select(_table(each)).limit(1)).first() for each in _FILLED)


def clear(connection: Connection) -> None:
    """Remove the rows that :func:`fill` inserted."""
    for model in _FILLED:
        connection.execute(_table(model).delete())


def _table(model: type[Base]) -> Any:
    return model.__table__


def _fill(session: Session) -> None:
    for status_id, status in enumerate(STATUSES, 1):
        session.add(Status(statusID=status_id, status=status))
    for option, value in DEFAULT_OPTIONS.items():
        session.add(Configuration(option=option, value=value))
    # Kimai's IDs, whatever steps a server counts new ones in.
    for role_id, (name, granted) in enumerate(_GLOBAL_ROLES.items(), 1):
        rights = {right: int(right in granted) for right in GLOBAL_RIGHTS}
        session.add(GlobalRole(globalRoleID=role_id, name=name, **rights))
    for role_id, (name, granted) in enumerate(_MEMBERSHIP_ROLES.items(), 1):
        rights = {right: int(right in granted) for right in MEMBERSHIP_RIGHTS}
        session.add(MembershipRole(membershipRoleID=role_id, name=name, **rights))
