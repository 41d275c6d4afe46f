"""Counts of time entries, and an index that lists of them are paged by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import conv

revision = "0002"
down_revision = "0001"

#: The engine replaces this by the prefix of table names.
PREFIX_TOKEN = "kimai0prefix0"  # noqa: S105


def upgrade() -> None:
    # The triggers that keep the counts are created after all migrations.
    connection = op.get_bind()
    prefix = connection.get_execution_options()["prefix"]
    inspector = sa.inspect(connection)
    metadata = sa.MetaData()
    counts = sa.Table(
        _quoted("remote_counts"),
        metadata,
        sa.Column("userID", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("cleared", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("entries", sa.Integer, nullable=False, server_default="0"),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mariadb_engine="InnoDB",
        mariadb_charset="utf8mb4",
    )
    if not inspector.has_table(f"{prefix}remote_counts"):
        counts.create(connection)
    names = ("userID", "start", "timeEntryID", "end", "cleared")
    columns = [sa.Column(name, sa.Integer) for name in names]
    sa.Table(_quoted("timeSheet"), metadata, *columns)
    indexes = {
        index["name"]: index["column_names"]
        for index in inspector.get_indexes(f"{prefix}timeSheet")
    }
    if list(names) not in indexes.values():
        sa.Index(conv(_quoted("timeSheet_page")), *columns).create(connection)
    if f"{prefix}timeSheet_user" in indexes:
        sa.Index(conv(_quoted("timeSheet_user")), *columns[:3]).drop(connection)


def _quoted(name: str) -> sa.quoted_name:
    return sa.quoted_name(PREFIX_TOKEN + name, quote=True)
