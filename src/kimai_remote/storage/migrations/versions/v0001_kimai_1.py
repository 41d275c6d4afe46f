"""The tables of Kimai 1 (revision 1400) and the keys that this service gives out.

In a Kimai 1 database, Kimai's tables stay as they are except for two more indexes.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import conv

revision = "0001"
down_revision = None

#: The engine replaces this by the prefix of table names.
PREFIX_TOKEN = "kimai0prefix0"  # noqa: S105
MONEY = sa.Numeric(10, 2)
TEXT = sa.Text().with_variant(mysql.TEXT(), "mysql", "mariadb")

GLOBAL_RIGHTS = (
    "deb_ext-access",
    "adminPanel_extension-access",
    "ki_budget-access",
    "ki_expenses-access",
    "ki_export-access",
    "ki_invoice-access",
    "ki_timesheet-access",
    "demo_ext-access",
    "core-customer-otherGroup-add",
    "core-customer-otherGroup-edit",
    "core-customer-otherGroup-delete",
    "core-customer-otherGroup-assign",
    "core-customer-otherGroup-unassign",
    "core-project-otherGroup-add",
    "core-project-otherGroup-edit",
    "core-project-otherGroup-delete",
    "core-project-otherGroup-assign",
    "core-project-otherGroup-unassign",
    "core-activity-otherGroup-add",
    "core-activity-otherGroup-edit",
    "core-activity-otherGroup-delete",
    "core-activity-otherGroup-assign",
    "core-activity-otherGroup-unassign",
    "core-user-otherGroup-add",
    "core-user-otherGroup-edit",
    "core-user-otherGroup-delete",
    "core-user-otherGroup-assign",
    "core-user-otherGroup-unassign",
    "core-status-add",
    "core-status-edit",
    "core-status-delete",
    "core-group-add",
    "core-group-otherGroup-edit",
    "core-group-otherGroup-delete",
    "adminPanel_extension-editAdvanced",
    "ki_timesheets-ownEntry-add",
    "ki_timesheets-otherEntry-otherGroup-add",
    "ki_timesheets-ownEntry-edit",
    "ki_timesheets-otherEntry-otherGroup-edit",
    "ki_timesheets-ownEntry-delete",
    "ki_timesheets-otherEntry-otherGroup-delete",
    "ki_timesheets-showRates",
    "ki_timesheets-editRates",
    "ki_expenses-ownEntry-add",
    "ki_expenses-otherEntry-otherGroup-add",
    "ki_expenses-ownEntry-edit",
    "ki_expenses-otherEntry-otherGroup-edit",
    "ki_expenses-ownEntry-delete",
    "ki_expenses-otherEntry-otherGroup-delete",
    "core-customer-otherGroup-view",
    "core-project-otherGroup-view",
    "core-activity-otherGroup-view",
    "core-group-otherGroup-view",
    "core-user-otherGroup-view",
)
MEMBERSHIP_RIGHTS = (
    "core-customer-add",
    "core-customer-edit",
    "core-customer-delete",
    "core-customer-assign",
    "core-customer-unassign",
    "core-project-add",
    "core-project-edit",
    "core-project-delete",
    "core-project-assign",
    "core-project-unassign",
    "core-activity-add",
    "core-activity-edit",
    "core-activity-delete",
    "core-activity-assign",
    "core-activity-unassign",
    "core-user-add",
    "core-user-edit",
    "core-user-delete",
    "core-user-assign",
    "core-user-unassign",
    "core-user-view",
    "core-group-edit",
    "core-group-delete",
    "ki_timesheets-otherEntry-ownGroup-add",
    "ki_timesheets-otherEntry-ownGroup-edit",
    "ki_timesheets-otherEntry-ownGroup-delete",
    "ki_expenses-otherEntry-ownGroup-add",
    "ki_expenses-otherEntry-ownGroup-edit",
    "ki_expenses-otherEntry-ownGroup-delete",
)


def upgrade() -> None:
    connection = op.get_bind()
    inspector = sa.inspect(connection)
    prefix = connection.get_execution_options()["prefix"]
    existing = set(inspector.get_table_names())
    for table in _tables():
        real = table.name.replace(PREFIX_TOKEN, prefix)
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
            _quoted(name),
            metadata,
            *items,
            mysql_engine="InnoDB",
            mysql_charset="utf8mb4",
            mariadb_engine="InnoDB",
            mariadb_charset="utf8mb4",
        )

    def key(name: str, type_: Any = sa.Integer) -> sa.Column[Any]:
        return sa.Column(name, type_, primary_key=True, autoincrement=True)

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
        sa.UniqueConstraint("name", name=_index("users_name")),
        sa.UniqueConstraint("apikey", name=_index("users_apikey")),
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
        sa.Index(_index("projects_customer"), "customerID"),
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
        sa.Index(_index("timeSheet_user"), "userID", "start", "timeEntryID"),
        sa.Index(_index("timeSheet_project"), "projectID"),
        sa.Index(_index("timeSheet_activity"), "activityID"),
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
        sa.Index(_index("expenses_user"), "userID", "timestamp", "expenseID"),
        sa.Index(_index("expenses_project"), "projectID"),
    )
    table("configuration", sa.Column("option", _exact(255), primary_key=True), _text("value", 255))
    table("statuses", key("statusID", sa.SmallInteger), _text("status", 200))
    numbers = [("userID", "projectID", "activityID"), ("projectID", "activityID")]
    for name, columns in zip(("rates", "fixedRates"), numbers, strict=True):
        table(
            name,
            *(sa.Column(column, sa.Integer) for column in columns),
            sa.Column("rate", MONEY, nullable=False),
            sa.UniqueConstraint(*columns, name=_index(f"{name}_key")),
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
        sa.UniqueConstraint("keyHash", name=_index("remote_keys_hash")),
    )
    return metadata.sorted_tables


def _quoted(name: str) -> Any:
    return sa.quoted_name(PREFIX_TOKEN + name, quote=True)


def _index(name: str) -> Any:
    return conv(_quoted(name))


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
