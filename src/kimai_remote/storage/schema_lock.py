"""Taking turns: only one process at a time changes the schema of a database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError, OperationalError

from ..errors import ConfigurationError
from . import engine
from .transactions import Database

#: What MariaDB and MySQL say of a statement that takes longer than it may.
_TOO_LONG = (1969, 3024)
#: Seconds to wait for another process on MariaDB; the others wait as for any lock.
PATIENCE = 10


@contextmanager
def acquire(database: Database) -> Iterator[Connection]:
    """One transaction in which no other process changes the tables with this prefix.

    What was looked at before must be looked at again: another process may have had its turn.

    :raises ConfigurationError: another process has taken its turn and keeps it.
    """
    name = _name(database)
    with _named_lock(database, name), database.begin() as connection:
        if database.is_postgresql:
            _wait(connection, name)
        yield connection


def _wait(connection: Connection, name: str) -> None:
    """Take PostgreSQL's lock of that name; it is given back when the transaction ends."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
    try:
        connection.execute(select(func.pg_advisory_xact_lock(number)))
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != "55P03":  # lock not available
            raise
        raise ConfigurationError(_BUSY) from None


@contextmanager
def _named_lock(database: Database, name: str) -> Iterator[None]:
    """MariaDB's lock of that name, on a connection of its own: a transaction there ends with each
    change of a table. SQLite lets only one process write as it is."""
    if not database.is_mariadb:
        yield
        return
    with database.engine.connect() as guard:
        try:
            is_taken = guard.scalar(select(func.get_lock(name, PATIENCE)))
        except DBAPIError as error:
            if engine.error_number(error.orig) not in _TOO_LONG:
                raise
            is_taken = False
        if not is_taken:
            raise ConfigurationError(_BUSY)
        try:
            yield
        finally:
            guard.scalar(select(func.release_lock(name)))


def _name(database: Database) -> str:
    # MariaDB's names are the server's and hold 64 characters.
    place = f"{database.url.database}/{database.prefix}"
    return f"kimai-remote {hashlib.sha256(place.encode()).hexdigest()[:32]}"


_BUSY = "Another process is changing the tables of this database. Wait until it is done."
