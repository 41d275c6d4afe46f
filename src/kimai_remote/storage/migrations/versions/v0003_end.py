"""An index that running entries, and those that ended after a date, are found by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kimai_remote.storage.models import index_name, prefixed, real_name

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    connection = op.get_bind()
    entries = sa.Table(
        prefixed("timeSheet"),
        sa.MetaData(),
        *(
            sa.Column(name, sa.Integer)
            for name in ("userID", "end", "start", "timeEntryID", "cleared")
        ),
    )
    index = sa.Index(index_name("timeSheet_end"), *entries.c)
    known = sa.inspect(connection).get_indexes(real_name(entries.name, connection))
    if real_name(str(index.name), connection) not in [each["name"] for each in known]:
        index.create(connection)
