"""Counts of time entries, and an index that lists of them are paged by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kimai_remote.storage import entry_counts
from kimai_remote.storage.models import index_name, prefixed, real_name

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    connection = op.get_bind()
    metadata = sa.MetaData()
    table = sa.Table(
        prefixed("remote_counts"),
        metadata,
        sa.Column("userID", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("cleared", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("entries", sa.Integer, nullable=False, server_default="0"),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mariadb_engine="InnoDB",
        mariadb_charset="utf8mb4",
    )
    inspector = sa.inspect(connection)
    if not inspector.has_table(real_name(table.name, connection)):
        table.create(connection)
    entries = sa.Table(
        prefixed("timeSheet"),
        metadata,
        *(
            sa.Column(name, sa.Integer)
            for name in ("userID", "start", "timeEntryID", "end", "cleared")
        ),
    )
    known = {
        index["name"]: index["column_names"]
        for index in inspector.get_indexes(real_name(entries.name, connection))
    }
    columns = list(entries.c)
    if [column.name for column in columns] not in known.values():
        sa.Index(index_name("timeSheet_page"), *columns).create(connection)
    old = index_name("timeSheet_user")
    if real_name(old, connection) in known:
        sa.Index(old, *columns[:3]).drop(connection)
    entry_counts.enable(connection)
