"""Named values that all servers of a database have to agree on."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from . import dialects
from .models import SharedValue

#: Fingerprint of the server secret.
SECRET = "secret"  # noqa: S105
#: The oldest version of the schema whose programs can serve this one. While MariaDB's tables are
#: upgraded step by step, it is that of the version to come.
OLDEST_PROGRAM = "oldest_program"

_table: Any = SharedValue.__table__


def read(connection: Connection) -> dict[str, str]:
    """Return all values by name."""
    return {row.name: row.value for row in connection.execute(select(_table))}


def store(connection: Connection, name: str, value: str) -> None:
    """Store a value, in place of one of that name."""
    statement = dialects.of(connection).insert_or_update(_table, "value")
    connection.execute(statement, {"name": name, "value": value})


def add(connection: Connection, name: str, value: str) -> None:
    """Store a value that there is none of yet.

    :raises sqlalchemy.exc.IntegrityError: another process was faster.
    """
    connection.execute(_table.insert(), {"name": name, "value": value})
