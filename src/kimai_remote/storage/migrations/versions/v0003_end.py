"""An index that running entries, and those that ended after a date, are found by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import conv

revision = "0003"
down_revision = "0002"

#: The engine replaces this by the prefix of table names.
PREFIX_TOKEN = "kimai0prefix0"  # noqa: S105


def upgrade() -> None:
    connection = op.get_bind()
    prefix = connection.get_execution_options()["prefix"]
    names = ("userID", "end", "start", "timeEntryID", "cleared")
    entries = sa.Table(
        _quoted("timeSheet"), sa.MetaData(), *(sa.Column(name, sa.Integer) for name in names)
    )
    indexes = sa.inspect(connection).get_indexes(f"{prefix}timeSheet")
    if f"{prefix}timeSheet_end" not in [index["name"] for index in indexes]:
        sa.Index(conv(_quoted("timeSheet_end")), *entries.c).create(connection)


def _quoted(name: str) -> sa.quoted_name:
    return sa.quoted_name(PREFIX_TOKEN + name, quote=True)
