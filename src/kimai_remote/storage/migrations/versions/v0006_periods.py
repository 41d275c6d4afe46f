"""Counts of time entries and expenses by period, and indexes for reports and assignments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import conv

revision = "0006"
down_revision = "0005"

#: The engine replaces this by the prefix of table names.
PREFIX_TOKEN = "kimai0prefix0"  # noqa: S105
#: New indexes by name: their table and columns. ``-`` is before those in descending order.
INDEXES = {
    "groups_users_user": ("groups_users", ("userID",)),
    "groups_customers_customer": ("groups_customers", ("customerID",)),
    "groups_projects_project": ("groups_projects", ("projectID",)),
    "groups_activities_activity": ("groups_activities", ("activityID",)),
    "projects_activities_activity": ("projects_activities", ("activityID",)),
    "remote_counts_project": ("remote_counts", ("projectID",)),
    "timeSheet_project_page": (
        "timeSheet",
        ("projectID", "-start", "timeEntryID", "end", "cleared"),
    ),
    "timeSheet_period": ("timeSheet", ("end", "start", "projectID", "cleared")),
    "expenses_user_page": (
        "expenses",
        ("userID", "-timestamp", "expenseID", "cleared", "refundable"),
    ),
    "expenses_project_page": (
        "expenses",
        ("projectID", "-timestamp", "expenseID", "cleared", "refundable"),
    ),
    "expenses_period": ("expenses", ("timestamp",)),
}
#: Indexes that the new ones replace, by name, with their table.
FORMER_INDEXES = {
    "timeSheet_project": "timeSheet",
    "expenses_user": "expenses",
    "expenses_project": "expenses",
}


def upgrade() -> None:
    connection = op.get_bind()
    prefix = connection.get_execution_options()["prefix"]
    inspector = sa.inspect(connection)
    _create_counts(connection, inspector, prefix)
    indexes = {
        table_name: inspector.get_indexes(f"{prefix}{table_name}")
        for table_name, _ in INDEXES.values()
    }
    existing = {index["name"] for known in indexes.values() for index in known}
    # MariaDB has an index for each foreign key, and removes it for one of the same columns.
    is_own = bool(inspector.get_foreign_keys(f"{prefix}groups_users"))
    for name, (table_name, columns) in INDEXES.items():
        known = [index["column_names"] for index in indexes[table_name]]
        if f"{prefix}{name}" in existing or (not is_own and list(columns) in known):
            continue
        table = sa.Table(
            _quoted(table_name),
            sa.MetaData(),
            *(sa.Column(column.lstrip("-"), sa.Integer) for column in columns),
        )
        parts = [
            table.c[column.lstrip("-")].desc() if column.startswith("-") else table.c[column]
            for column in columns
        ]
        sa.Index(conv(_quoted(name)), *parts).create(connection)
    for name, table_name in FORMER_INDEXES.items():
        if f"{prefix}{name}" in existing:
            column = sa.Column("projectID", sa.Integer)
            sa.Table(_quoted(table_name), sa.MetaData(), column)
            sa.Index(conv(_quoted(name)), column).drop(connection)


def _create_counts(connection: sa.Connection, inspector: sa.Inspector, prefix: str) -> None:
    """Create a table of counts. After all migrations the triggers are created anew and all is
    counted, where the tables are our own, since nothing says then that the counts are right."""
    counts = sa.Table(
        _quoted("remote_period_counts"),
        sa.MetaData(),
        *(
            sa.Column(name, kind, primary_key=True, autoincrement=False)
            for name, kind in (
                ("userID", sa.Integer),
                ("kind", sa.SmallInteger),
                ("period", sa.Integer),
                ("projectID", sa.Integer),
                ("flags", sa.SmallInteger),
            )
        ),
        sa.Column("entries", sa.Integer, nullable=False, server_default="0"),
        sa.Index(conv(_quoted("remote_period_counts_project")), "projectID", "kind", "period"),
        sqlite_with_rowid=False,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mariadb_engine="InnoDB",
        mariadb_charset="utf8mb4",
    )
    if not inspector.has_table(f"{prefix}remote_period_counts"):
        counts.create(connection)
    marked = sa.Table(_quoted("remote_counts"), sa.MetaData(), sa.Column("userID", sa.Integer))
    connection.execute(marked.delete().where(marked.c.userID == -1))


def _quoted(name: str) -> sa.quoted_name:
    return sa.quoted_name(PREFIX_TOKEN + name, quote=True)
