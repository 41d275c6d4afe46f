"""Origin of a database: made by this program, copied from Kimai 1, or Kimai's own."""

from __future__ import annotations

import enum

from sqlalchemy import Connection, select

from .entry_counts import is_own_schema
from .models import Configuration


class DatabaseOrigin(enum.Enum):
    """Where the tables of a database and their records come from."""

    #: This program made the tables, and the records were entered through it.
    OWN = enum.auto()
    #: This program made the tables, and ``kimai1 import`` filled them from Kimai 1.
    IMPORTED = enum.auto()
    #: Kimai 1 made the tables.
    IN_PLACE = enum.auto()

    @property
    def is_adopted(self) -> bool:
        """Whether the database is adopted from Kimai 1, so that programs of Kimai's use it."""
        return self is not DatabaseOrigin.OWN


#: Options of Kimai's web pages that its installers of all releases wrote, and that this program
#: never writes. An import keeps all options.
WEB_OPTIONS = (
    "date_format_0",
    "date_format_1",
    "date_format_2",
    "show_daySeperatorLines",
    "show_gabBreaks",
    "show_RecordAgain",
    "show_TrackingNr",
)


def read(connection: Connection) -> DatabaseOrigin:
    """Return the origin of a database whose tables exist."""
    if not is_own_schema(connection):
        return DatabaseOrigin.IN_PLACE
    option = select(Configuration.option).where(Configuration.option.in_(WEB_OPTIONS)).limit(1)
    imported = connection.execute(option).first() is not None
    return DatabaseOrigin.IMPORTED if imported else DatabaseOrigin.OWN
