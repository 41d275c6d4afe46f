"""The schema lock: only one process at a time changes the schema of a database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import Connection

if TYPE_CHECKING:
    from .transactions import Database


@contextmanager
def acquire(database: Database) -> Iterator[Connection]:
    """Context with a transaction in which no other process changes the tables with this prefix.

    Read again there what was read before: another process may have held the lock meanwhile.

    :raises ConfigurationError: another process keeps the lock.
    """
    with hold(database), database.begin() as connection:
        yield connection


def hold(database: Database) -> AbstractContextManager[None]:
    """Context for several transactions, of which those of other processes are before or after all.

    SQLite has no such lock: it keeps other processes out of each transaction that writes.

    :raises ConfigurationError: another process keeps the lock.
    """
    schema = f"{database.url.database}/{database.prefix}"
    # MariaDB's names of locks are the server's and hold 64 characters.
    name = f"kimai-remote {hashlib.sha256(schema.encode()).hexdigest()[:32]}"
    return database.dialect.schema_lock(database.engine, name)
