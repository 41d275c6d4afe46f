"""The schema of Kimai 1.3.5 (revision 1394) as SQLAlchemy models, plus the tables of our own.

Column names are Kimai's, since its PHP may share the database. Every table name starts with
:data:`PREFIX_TOKEN`, which the engine replaces by the configured prefix when it compiles a
statement, so one process can serve databases with different prefixes. In SQL that is sent as it is,
:func:`real_name` does it.

Units: times are unix seconds, durations seconds, money DECIMAL(10,2). ``end`` is 0 while a time
entry is running. Flags are small integers, as Kimai stores them.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.schema import conv
from sqlalchemy.sql.elements import quoted_name

from .rights import GLOBAL_RIGHTS, MEMBERSHIP_RIGHTS

#: Stands for the configured table prefix in every statement until it is executed.
PREFIX_TOKEN = "kimai0prefix0"  # noqa: S105


class _Amount(Numeric[Decimal]):
    """Where a driver returns floats, each of those met last becomes a Decimal once: that takes
    longer than reading the rest of a row."""

    def result_processor(self, dialect: Any, coltype: object) -> Any:
        convert = super().result_processor(dialect, coltype)  # type: ignore[no-untyped-call]
        return None if convert is None else lru_cache(maxsize=512)(convert)


Money = _Amount(10, 2)
Flag = SmallInteger
#: MariaDB's TEXT holds 64 KiB in any character set; SQLite and PostgreSQL have no limit.
LongText = Text().with_variant(mysql.TEXT(), "mysql", "mariadb")


def _exact(length: int) -> String:
    """Type of text that is compared with case and accents, as SQLite and PostgreSQL always do."""
    binary = mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin")
    return String(length).with_variant(binary, "mysql", "mariadb")


def prefixed(name: str) -> quoted_name:
    """Return a table's name before the prefix is known; always quoted, since case counts."""
    return quoted_name(PREFIX_TOKEN + name, quote=True)


def plain_name(table: Any) -> str:
    """Return the name of a table without its prefix."""
    name: str = table.name
    return name.removeprefix(PREFIX_TOKEN)


def real_name(name: str, bind: Connection | Engine) -> str:
    """Return the name of a table or index in a database; or SQL, with the real names in it."""
    prefix: str = bind.get_execution_options()["prefix"]
    return name.replace(PREFIX_TOKEN, prefix)


def index_name(name: str) -> Any:
    """Return a name for an index or constraint; on SQLite and PostgreSQL unique in the schema."""
    return conv(quoted_name(f"{PREFIX_TOKEN}{name}", quote=True))


class Base(DeclarativeBase):
    """Base of all models."""

    metadata = MetaData()


def _key() -> Mapped[int]:
    return mapped_column(Integer, primary_key=True, autoincrement=True)


def _flag(default: int = 0) -> Mapped[int]:
    return mapped_column(Flag, default=default, server_default=str(default))


def _integer(default: int = 0) -> Mapped[int]:
    return mapped_column(Integer, default=default, server_default=str(default))


def _rights(names: tuple[str, ...]) -> list[Column[int]]:
    return [Column(name, SmallInteger, default=0, server_default="0") for name in names]


class GlobalRole(Base):
    """Rights that hold everywhere. One column for each right, see :data:`rights.GLOBAL_RIGHTS`."""

    __table__ = Table(
        prefixed("globalRoles"),
        Base.metadata,
        Column("globalRoleID", Integer, primary_key=True, autoincrement=True),
        Column("name", String(255), nullable=False),
        *_rights(GLOBAL_RIGHTS),
    )


class MembershipRole(Base):
    """Rights inside a group, see :data:`rights.MEMBERSHIP_RIGHTS`."""

    __table__ = Table(
        prefixed("membershipRoles"),
        Base.metadata,
        Column("membershipRoleID", Integer, primary_key=True, autoincrement=True),
        Column("name", String(255), nullable=False),
        *_rights(MEMBERSHIP_RIGHTS),
    )


class User(Base):
    """A person who records time."""

    __tablename__ = prefixed("users")

    userID: Mapped[int] = _key()
    name: Mapped[str] = mapped_column(_exact(160))
    alias: Mapped[str | None] = mapped_column(String(160))
    trash: Mapped[int] = _flag()
    active: Mapped[int] = _flag(1)
    mail: Mapped[str] = mapped_column(String(160), default="", server_default="")
    password: Mapped[str | None] = mapped_column(String(254))
    passwordResetHash: Mapped[str | None] = mapped_column(String(32))
    #: Failed logins since the last good one, and the time of the last failed one.
    ban: Mapped[int] = _integer()
    banTime: Mapped[int] = _integer()
    secure: Mapped[str] = mapped_column(String(60), default="0", server_default="0")
    lastProject: Mapped[int] = _integer(1)
    lastActivity: Mapped[int] = _integer(1)
    lastRecord: Mapped[int] = _integer()
    timeframeBegin: Mapped[str] = mapped_column(String(60), default="0", server_default="0")
    timeframeEnd: Mapped[str] = mapped_column(String(60), default="0", server_default="0")
    #: A key that Kimai gave out; ours are in :class:`RemoteKey`.
    apikey: Mapped[str | None] = mapped_column(_exact(30))
    globalRoleID: Mapped[int]

    __table_args__ = (
        UniqueConstraint("name", name=index_name("users_name")),
        UniqueConstraint("apikey", name=index_name("users_apikey")),
    )


class Preference(Base):
    """One chosen option of a user, such as ``timezone``."""

    __tablename__ = prefixed("preferences")

    userID: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    option: Mapped[str] = mapped_column(_exact(255), primary_key=True)
    value: Mapped[str] = mapped_column(String(255))


class Group(Base):
    """Users, customers, projects and activities that belong together."""

    __tablename__ = prefixed("groups")

    groupID: Mapped[int] = _key()
    name: Mapped[str] = mapped_column(String(160))
    trash: Mapped[int] = _flag()


class Customer(Base):
    """A customer, for whom work is done."""

    __tablename__ = prefixed("customers")

    customerID: Mapped[int] = _key()
    name: Mapped[str] = mapped_column(String(255))
    password: Mapped[str | None] = mapped_column(String(255))
    passwordResetHash: Mapped[str | None] = mapped_column(String(32))
    secure: Mapped[str] = mapped_column(String(60), default="0", server_default="0")
    comment: Mapped[str | None] = mapped_column(LongText)
    visible: Mapped[int] = _flag(1)
    filter: Mapped[int] = _flag()
    company: Mapped[str | None] = mapped_column(String(255))
    vat: Mapped[str | None] = mapped_column(String(255))
    contact: Mapped[str | None] = mapped_column(String(255))
    street: Mapped[str | None] = mapped_column(String(255))
    zipcode: Mapped[str | None] = mapped_column(String(255))
    city: Mapped[str | None] = mapped_column(String(255))
    country: Mapped[str | None] = mapped_column(String(2))
    phone: Mapped[str | None] = mapped_column(String(255))
    fax: Mapped[str | None] = mapped_column(String(255))
    mobile: Mapped[str | None] = mapped_column(String(255))
    mail: Mapped[str | None] = mapped_column(String(255))
    homepage: Mapped[str | None] = mapped_column(String(255))
    timezone: Mapped[str] = mapped_column(String(255))
    trash: Mapped[int] = _flag()


class Project(Base):
    """A project of a customer."""

    __tablename__ = prefixed("projects")

    projectID: Mapped[int] = _key()
    customerID: Mapped[int]
    name: Mapped[str] = mapped_column(String(255))
    comment: Mapped[str | None] = mapped_column(LongText)
    visible: Mapped[int] = _flag(1)
    filter: Mapped[int] = _flag()
    trash: Mapped[int] = _flag()
    budget: Mapped[Decimal | None] = mapped_column(Money, default=0, server_default="0.00")
    effort: Mapped[Decimal | None] = mapped_column(Money)
    approved: Mapped[Decimal | None] = mapped_column(Money)
    internal: Mapped[int] = _flag()

    __table_args__ = (Index(index_name("projects_customer"), "customerID"),)


class Activity(Base):
    """A kind of work; the API calls it a task."""

    __tablename__ = prefixed("activities")

    activityID: Mapped[int] = _key()
    name: Mapped[str] = mapped_column(String(255))
    comment: Mapped[str | None] = mapped_column(LongText)
    visible: Mapped[int] = _flag(1)
    filter: Mapped[int] = _flag()
    trash: Mapped[int] = _flag()


def _reference(target: str) -> Mapped[int]:
    return mapped_column(ForeignKey(f"{PREFIX_TOKEN}{target}"), primary_key=True)


class GroupUser(Base):
    """A user's membership of a group."""

    __tablename__ = prefixed("groups_users")

    groupID: Mapped[int] = _reference("groups.groupID")
    userID: Mapped[int] = _reference("users.userID")
    membershipRoleID: Mapped[int]

    __table_args__ = (Index(index_name("groups_users_user"), "userID"),)


class GroupCustomer(Base):
    __tablename__ = prefixed("groups_customers")

    groupID: Mapped[int] = _reference("groups.groupID")
    customerID: Mapped[int] = _reference("customers.customerID")

    __table_args__ = (Index(index_name("groups_customers_customer"), "customerID"),)


class GroupProject(Base):
    __tablename__ = prefixed("groups_projects")

    groupID: Mapped[int] = _reference("groups.groupID")
    projectID: Mapped[int] = _reference("projects.projectID")

    __table_args__ = (Index(index_name("groups_projects_project"), "projectID"),)


class GroupActivity(Base):
    __tablename__ = prefixed("groups_activities")

    groupID: Mapped[int] = _reference("groups.groupID")
    activityID: Mapped[int] = _reference("activities.activityID")

    __table_args__ = (Index(index_name("groups_activities_activity"), "activityID"),)


class ProjectActivity(Base):
    """An activity that was assigned to a project, with its share of the budget."""

    __tablename__ = prefixed("projects_activities")

    projectID: Mapped[int] = _reference("projects.projectID")
    activityID: Mapped[int] = _reference("activities.activityID")
    budget: Mapped[Decimal | None] = mapped_column(Money, default=0, server_default="0.00")
    effort: Mapped[Decimal | None] = mapped_column(Money)
    approved: Mapped[Decimal | None] = mapped_column(Money)

    __table_args__ = (Index(index_name("projects_activities_activity"), "activityID"),)


class TimeEntry(Base):
    """One time entry. No foreign keys: Kimai keeps entries of deleted projects and users."""

    __tablename__ = prefixed("timeSheet")

    timeEntryID: Mapped[int] = _key()
    start: Mapped[int] = _integer()
    end: Mapped[int] = _integer()
    duration: Mapped[int] = _integer()
    userID: Mapped[int]
    projectID: Mapped[int]
    activityID: Mapped[int]
    description: Mapped[str | None] = mapped_column(LongText)
    comment: Mapped[str | None] = mapped_column(LongText)
    commentType: Mapped[int] = _flag()
    cleared: Mapped[int] = _flag()
    location: Mapped[str | None] = mapped_column(String(50))
    trackingNumber: Mapped[str | None] = mapped_column(String(30))
    rate: Mapped[Decimal] = mapped_column(Money, default=0, server_default="0.00")
    fixedRate: Mapped[Decimal | None] = mapped_column(Money)
    budget: Mapped[Decimal | None] = mapped_column(Money)
    approved: Mapped[Decimal | None] = mapped_column(Money)
    statusID: Mapped[int] = mapped_column(SmallInteger)
    billable: Mapped[int | None] = mapped_column(SmallInteger)

    __table_args__ = (
        # All that lists are filtered and ordered by, so that skipping a page reads nothing else.
        Index(
            index_name("timeSheet_page"), "userID", start.desc(), "timeEntryID", "end", "cleared"
        ),
        # The running entry of a user, and the entries that ended after a date.
        Index(index_name("timeSheet_end"), "userID", "end", "start", "timeEntryID", "cleared"),
        # The entries on projects of a customer.
        Index(
            index_name("timeSheet_project_page"),
            "projectID",
            start.desc(),
            "timeEntryID",
            "end",
            "cleared",
        ),
        # The entries of all users in a period.
        Index(index_name("timeSheet_period"), "end", "start", "projectID", "cleared"),
        Index(index_name("timeSheet_activity"), "activityID"),
    )


class Expense(Base):
    """Money spent on a project."""

    __tablename__ = prefixed("expenses")

    expenseID: Mapped[int] = _key()
    timestamp: Mapped[int] = _integer()
    userID: Mapped[int]
    projectID: Mapped[int]
    designation: Mapped[str] = mapped_column(LongText)
    comment: Mapped[str | None] = mapped_column(LongText)
    commentType: Mapped[int] = _flag()
    refundable: Mapped[int] = _flag()
    cleared: Mapped[int] = _flag()
    multiplier: Mapped[Decimal] = mapped_column(Money, default=1, server_default="1.00")
    value: Mapped[Decimal] = mapped_column(Money, default=0, server_default="0.00")

    __table_args__ = (
        Index(
            index_name("expenses_user_page"),
            "userID",
            timestamp.desc(),
            "expenseID",
            "cleared",
            "refundable",
        ),
        Index(
            index_name("expenses_project_page"),
            "projectID",
            timestamp.desc(),
            "expenseID",
            "cleared",
            "refundable",
        ),
        Index(index_name("expenses_period"), "timestamp"),
    )


class Configuration(Base):
    """One option of the installation."""

    __tablename__ = prefixed("configuration")

    option: Mapped[str] = mapped_column(_exact(255), primary_key=True)
    value: Mapped[str] = mapped_column(String(255))


class Status(Base):
    """The status of a time entry: open, review or closed."""

    __tablename__ = prefixed("statuses")

    statusID: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    status: Mapped[str] = mapped_column(String(200))


# Kimai's rate tables have a unique key with NULLs in it and no primary key, which a mapped class
# can't have; they are read and written as plain tables. Those of our own schema have one, see
# :func:`with_key`.
rates = Table(
    prefixed("rates"),
    Base.metadata,
    Column("userID", Integer),
    Column("projectID", Integer),
    Column("activityID", Integer),
    Column("rate", Money, nullable=False),
    UniqueConstraint("userID", "projectID", "activityID", name=index_name("rates_key")),
)
fixed_rates = Table(
    prefixed("fixedRates"),
    Base.metadata,
    Column("projectID", Integer),
    Column("activityID", Integer),
    Column("rate", Money, nullable=False),
    UniqueConstraint("projectID", "activityID", name=index_name("fixedRates_key")),
)

#: Primary keys of our own rate tables, which replication needs. No statement names them.
_KEYS = {rates: "rateID", fixed_rates: "fixedRateID"}


def with_key(table: Table) -> Table:
    """Return a table as our own schema has it: with a primary key, which some of Kimai's lack."""
    key = _KEYS.get(table)
    if key is None:
        return table
    copy = table.to_metadata(MetaData())
    copy.append_column(Column(key, Integer, primary_key=True))
    return copy


#: Who holds the schema lock of a cluster. Not among the others, since it exists on clusters only.
schema_lock = Table(
    prefixed("remote_lock"),
    MetaData(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("node", String(255), nullable=False),
    Column("connection", BigInteger, nullable=False),
    Column("since", Integer, nullable=False),
)

#: Version of the schema, in the form that Alembic keeps it. Not one of Kimai's tables.
schema_version = Table(
    prefixed("remote_version"),
    Base.metadata,
    Column("version_num", String(32), primary_key=True),
)


class SharedValue(Base):
    """A value that all servers of the database have to agree on; see :mod:`.shared_values`.

    Not one of Kimai's tables.
    """

    __tablename__ = prefixed("remote_values")

    name: Mapped[str] = mapped_column(_exact(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(255))


class RemoteKey(Base):
    """The API key that this service gave out to a user or customer, as a keyed hash. Not one of
    Kimai's tables.

    Rows of kind ``nobody`` are written at failed logins with names that nobody has, so that these
    take the same steps as others.
    """

    __tablename__ = prefixed("remote_keys")

    #: ``user``, ``customer`` or ``nobody``.
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    ownerID: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: Null where no key has been given out yet.
    keyHash: Mapped[str | None] = mapped_column(String(64))
    #: Counted up to revoke the key given out before.
    generation: Mapped[int] = _integer()
    created: Mapped[int] = _integer()
    #: Failed logins since the last good one and the time of the last one; users have Kimai's
    #: columns ``ban`` and ``banTime`` for this.
    failures: Mapped[int] = _integer()
    failedAt: Mapped[int] = _integer()

    __table_args__ = (UniqueConstraint("keyHash", name=index_name("remote_keys_hash")),)


class EntryCount(Base):
    """Number of a user's time entries of one kind; see :mod:`.entry_counts`.

    Not one of Kimai's tables.
    """

    __tablename__ = prefixed("remote_counts")

    userID: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: Whether the count is that of the cleared entries.
    cleared: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    #: So that entries of what no longer exists can be left out.
    projectID: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    activityID: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    statusID: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entries: Mapped[int] = _integer()

    __table_args__ = (Index(index_name("remote_counts_project"), "projectID"),)


class PeriodCount(Base):
    """Number of a user's time entries or expenses on a project in a period; see :mod:`.tallies`.

    Not one of Kimai's tables. The key has the user and the project, so calls of different users
    never wait for the same row.
    """

    __tablename__ = prefixed("remote_period_counts")

    userID: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: A :class:`.tallies.Kind`.
    kind: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    #: Its begin in unix seconds.
    period: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    projectID: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: Sum of :data:`.tallies.CLEARED` and others.
    flags: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    entries: Mapped[int] = _integer()

    __table_args__ = (
        Index(index_name("remote_period_counts_project"), "projectID", "kind", "period"),
        # The counts of a user stand side by side.
        {"sqlite_with_rowid": False},
    )


for _table in (*Base.metadata.tables.values(), schema_lock):
    # SQLite would give the ID of a removed record to a new one; programs may still know it.
    # That of a status is small, which SQLite can't count up.
    _key_column = _table.autoincrement_column
    _table.dialect_options["sqlite"]["autoincrement"] = _key_column is not None and not isinstance(
        _key_column.type, SmallInteger
    )
    # Four-byte characters (emoji) need utf8mb4; a database's own default may be less.
    _table.dialect_options["mysql"]["charset"] = "utf8mb4"
    _table.dialect_options["mysql"]["engine"] = "InnoDB"
    _table.dialect_options["mariadb"]["charset"] = "utf8mb4"
    _table.dialect_options["mariadb"]["engine"] = "InnoDB"
