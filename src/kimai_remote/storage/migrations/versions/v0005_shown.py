"""Counts of time entries by what they refer to, and indexes in the order of lists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import conv

revision = "0005"
down_revision = "0004"

#: The engine replaces this by the prefix of table names.
PREFIX_TOKEN = "kimai0prefix0"  # noqa: S105
#: New indexes by name: their table and columns. ``-`` is before those in descending order.
INDEXES = {
    "timeSheet_page": ("timeSheet", ("userID", "-start", "timeEntryID", "end", "cleared")),
    "expenses_user": ("expenses", ("userID", "-timestamp", "expenseID")),
}


def upgrade() -> None:
    connection = op.get_bind()
    prefix = connection.get_execution_options()["prefix"]
    inspector = sa.inspect(connection)
    _replace_counts(connection, inspector, prefix)
    for name, (table_name, columns) in INDEXES.items():
        existing = {index["name"] for index in inspector.get_indexes(f"{prefix}{table_name}")}
        table = sa.Table(
            _quoted(table_name),
            sa.MetaData(),
            *(sa.Column(column.lstrip("-"), sa.Integer) for column in columns),
        )
        parts = [
            table.c[column.lstrip("-")].desc() if column.startswith("-") else table.c[column]
            for column in columns
        ]
        # Made under another name first would need twice the space; lists are slower meanwhile.
        index = sa.Index(conv(_quoted(name)), *parts)
        if f"{prefix}{name}" in existing:
            index.drop(connection)
        index.create(connection)


def _replace_counts(connection: sa.Connection, inspector: sa.Inspector, prefix: str) -> None:
    """Make a new table of counts. After all migrations they are counted anew, and triggers are
    created, where the tables are our own."""
    counts = sa.Table(
        _quoted("remote_counts"),
        sa.MetaData(),
        *(
            sa.Column(name, kind, primary_key=True, autoincrement=False)
            for name, kind in (
                ("userID", sa.Integer),
                ("cleared", sa.SmallInteger),
                ("projectID", sa.Integer),
                ("activityID", sa.Integer),
                ("statusID", sa.Integer),
            )
        ),
        sa.Column("entries", sa.Integer, nullable=False, server_default="0"),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mariadb_engine="InnoDB",
        mariadb_charset="utf8mb4",
    )
    quote = connection.dialect.identifier_preparer.initial_quote
    table = f"{quote}{prefix}timeSheet{quote}"
    where = f" ON {table}" if connection.dialect.name == "postgresql" else ""
    exists = inspector.has_table(f"{prefix}remote_counts")
    if exists:
        # First: MariaDB commits each of the next statements, and this row of user -1 says that
        # triggers keep the counts.
        connection.execute(counts.delete().where(counts.c.userID == -1))
    triggers = [f"{prefix}remote_counts_{event}" for event in ("insert", "update", "delete")]
    if connection.dialect.name in ("mysql", "mariadb"):
        # A server with a binary log refuses many accounts even the removal of a trigger that
        # doesn't exist. On Kimai's tables there are none: nothing is counted there.
        existing = connection.exec_driver_sql(
            "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = database()"
        ).scalars()
        names = {name.lower() for name in existing}
        triggers = [trigger for trigger in triggers if trigger.lower() in names]
    for trigger in triggers:
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {quote}{trigger}{quote}{where}")
    if exists:
        counts.drop(connection)
    counts.create(connection)


def _quoted(name: str) -> sa.quoted_name:
    return sa.quoted_name(PREFIX_TOKEN + name, quote=True)
