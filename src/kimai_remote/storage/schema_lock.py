"""The schema lock: only one process at a time changes the schema of a database."""

from __future__ import annotations

import hashlib
from contextlib import AbstractContextManager

from sqlalchemy import Connection

from .transactions import Database


def acquire(database: Database) -> AbstractContextManager[Connection]:
    """Context with a transaction in which no other process changes the tables with this prefix.

    Read again there what was read before: another process may have held the lock meanwhile.

    :raises ConfigurationError: another process keeps the lock.
    """
    schema = f"{database.url.database}/{database.prefix}"
    # MariaDB's names of locks are the server's and hold 64 characters.
    name = f"kimai-remote {hashlib.sha256(schema.encode()).hexdigest()[:32]}"
    return database.dialect.schema_lock(database.engine, name)
