"""The tables of Kimai 1 (revision 1400) and the keys that this service gives out.

In a Kimai 1 database Kimai's own tables stay as they are, but for two more indexes.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from kimai_remote.storage.models import PREFIX_TOKEN, index_name, prefixed, real_name
from kimai_remote.storage.rights import GLOBAL_RIGHTS, MEMBERSHIP_RIGHTS

revision = "0001"
down_revision = None

MONEY = sa.Numeric(10, 2)
TEXT = sa.Text().with_variant(mysql.TEXT(), "mysql", "mariadb")


def upgrade() -> None:
    connection = op.get_bind()
    inspector = sa.inspect(connection)
    names = {real_name(name, connection) for name in (table.name for table in _tables())}
    existing = names & set(inspector.get_table_names())
    for table in _tables():
        real = real_name(table.name, connection)
        if real not in existing:
            table.create(connection)
            continue
        known = [index["column_names"] for index in inspector.get_indexes(real)]
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            if [column.name for column in index.columns] not in known:
                index.create(connection)


def _tables() -> list[sa.Table]:
    metadata = sa.MetaData()

    def table(name: str, *items: Any) -> None:
        sa.Table(
            prefixed(name),
            metadata,
            *items,
            mysql_engine="InnoDB",
            mysql_charset="utf8mb4",
            mariadb_engine="InnoDB",
            mariadb_charset="utf8mb4",
        )

    def key(name: str, kind: Any = sa.Integer) -> sa.Column[Any]:
        return sa.Column(name, kind, primary_key=True, autoincrement=True)

    def link(first: tuple[str, str], second: tuple[str, str], *items: Any) -> None:
        columns: list[Any] = [
            sa.Column(column, sa.ForeignKey(f"{PREFIX_TOKEN}{target}.{column}"), primary_key=True)
            for target, column in (first, second)
        ]
        table(f"{first[0]}_{second[0]}", *columns, *items)

    table(
        "globalRoles",
        key("globalRoleID"),
        sa.Column("name", sa.String(255), nullable=False),
        *map(_right, GLOBAL_RIGHTS),
    )
    table(
        "membershipRoles",
        key("membershipRoleID"),
        sa.Column("name", sa.String(255), nullable=False),
        *map(_right, MEMBERSHIP_RIGHTS),
    )
    table(
        "users",
        key("userID"),
        sa.Column("name", _exact(160), nullable=False),
        sa.Column("alias", sa.String(160)),
        _flag("trash"),
        _flag("active", 1),
        _text("mail", 160, ""),
        sa.Column("password", sa.String(254)),
        sa.Column("passwordResetHash", sa.String(32)),
        _integer("ban", 0),
        _integer("banTime", 0),
        _text("secure", 60, "0"),
        _integer("lastProject", 1),
        _integer("lastActivity", 1),
        _integer("lastRecord", 0),
        _text("timeframeBegin", 60, "0"),
        _text("timeframeEnd", 60, "0"),
        sa.Column("apikey", _exact(30)),
        _integer("globalRoleID"),
        sa.UniqueConstraint("name", name=index_name("users_name")),
        sa.UniqueConstraint("apikey", name=index_name("users_apikey")),
    )
    table(
        "preferences",
        sa.Column("userID", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("option", _exact(255), primary_key=True),
        _text("value", 255),
    )
    table("groups", key("groupID"), _text("name", 160), _flag("trash"))
    table(
        "customers",
        key("customerID"),
        _text("name", 255),
        sa.Column("password", sa.String(255)),
        sa.Column("passwordResetHash", sa.String(32)),
        _text("secure", 60, "0"),
        sa.Column("comment", TEXT),
        _flag("visible", 1),
        _flag("filter"),
        *(
            sa.Column(name, sa.String(255))
            for name in ("company", "vat", "contact", "street", "zipcode", "city")
        ),
        sa.Column("country", sa.String(2)),
        *(
            sa.Column(name, sa.String(255))
            for name in ("phone", "fax", "mobile", "mail", "homepage")
        ),
        _text("timezone", 255),
        _flag("trash"),
    )
    table(
        "projects",
        key("projectID"),
        _integer("customerID"),
        _text("name", 255),
        sa.Column("comment", TEXT),
        _flag("visible", 1),
        _flag("filter"),
        _flag("trash"),
        sa.Column("budget", MONEY, server_default="0.00"),
        sa.Column("effort", MONEY),
        sa.Column("approved", MONEY),
        _flag("internal"),
        sa.Index(index_name("projects_customer"), "customerID"),
    )
    table(
        "activities",
        key("activityID"),
        _text("name", 255),
        sa.Column("comment", TEXT),
        _flag("visible", 1),
        _flag("filter"),
        _flag("trash"),
    )
    group, activity = ("groups", "groupID"), ("activities", "activityID")
    link(group, ("users", "userID"), _integer("membershipRoleID"))
    link(group, ("customers", "customerID"))
    link(group, ("projects", "projectID"))
    link(group, activity)
    link(
        ("projects", "projectID"),
        activity,
        sa.Column("budget", MONEY, server_default="0.00"),
        sa.Column("effort", MONEY),
        sa.Column("approved", MONEY),
    )
    table(
        "timeSheet",
        key("timeEntryID"),
        _integer("start", 0),
        _integer("end", 0),
        _integer("duration", 0),
        _integer("userID"),
        _integer("projectID"),
        _integer("activityID"),
        sa.Column("description", TEXT),
        sa.Column("comment", TEXT),
        _flag("commentType"),
        _flag("cleared"),
        sa.Column("location", sa.String(50)),
        sa.Column("trackingNumber", sa.String(30)),
        _money("rate", "0.00"),
        _money("fixedRate", "0.00"),
        sa.Column("budget", MONEY),
        sa.Column("approved", MONEY),
        sa.Column("statusID", sa.SmallInteger, nullable=False),
        sa.Column("billable", sa.SmallInteger),
        sa.Index(index_name("timeSheet_user"), "userID", "start", "timeEntryID"),
        sa.Index(index_name("timeSheet_project"), "projectID"),
        sa.Index(index_name("timeSheet_activity"), "activityID"),
    )
    table(
        "expenses",
        key("expenseID"),
        _integer("timestamp", 0),
        _integer("userID"),
        _integer("projectID"),
        sa.Column("designation", TEXT, nullable=False),
        sa.Column("comment", TEXT),
        _flag("commentType"),
        _flag("refundable"),
        _flag("cleared"),
        _money("multiplier", "1.00"),
        _money("value", "0.00"),
        sa.Index(index_name("expenses_user"), "userID", "timestamp", "expenseID"),
        sa.Index(index_name("expenses_project"), "projectID"),
    )
    table("configuration", sa.Column("option", _exact(255), primary_key=True), _text("value", 255))
    table("statuses", key("statusID", sa.SmallInteger), _text("status", 200))
    numbers = [("userID", "projectID", "activityID"), ("projectID", "activityID")]
    for name, columns in zip(("rates", "fixedRates"), numbers, strict=True):
        table(
            name,
            *(sa.Column(column, sa.Integer) for column in columns),
            sa.Column("rate", MONEY, nullable=False),
            sa.UniqueConstraint(*columns, name=index_name(f"{name}_key")),
        )
    table(
        "remote_keys",
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("ownerID", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("keyHash", sa.String(64)),
        _integer("generation", 0),
        _integer("created", 0),
        _integer("failures", 0),
        _integer("failedAt", 0),
        sa.UniqueConstraint("keyHash", name=index_name("remote_keys_hash")),
    )
    return metadata.sorted_tables


def _exact(length: int) -> Any:
    binary = mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin")
    return sa.String(length).with_variant(binary, "mysql", "mariadb")


def _right(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.SmallInteger, server_default="0")


def _flag(name: str, default: int = 0) -> sa.Column[Any]:
    return sa.Column(name, sa.SmallInteger, nullable=False, server_default=str(default))


def _integer(name: str, default: int | None = None) -> sa.Column[Any]:
    text = None if default is None else str(default)
    return sa.Column(name, sa.Integer, nullable=False, server_default=text)


def _text(name: str, length: int, default: str | None = None) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length), nullable=False, server_default=default)


def _money(name: str, default: str) -> sa.Column[Any]:
    return sa.Column(name, MONEY, nullable=False, server_default=default)
