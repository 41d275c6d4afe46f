"""The databases that tests run on: SQLite always, the others where a server answers."""

from __future__ import annotations

import os
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path

import pytest
import sqlalchemy

from kimai_remote.errors import ConfigurationError
from kimai_remote.storage import schema
from kimai_remote.storage.models import Base
from kimai_remote.storage.transactions import Database

from .requirements import missing

#: Where the servers are looked for; overridden by KIMAI_REMOTE_TEST_POSTGRESQL and _MARIADB.
SERVERS = {
    "postgresql": "postgresql://postgres@127.0.0.1:5432/test",
    "mariadb": "mariadb://root@127.0.0.1:3306/test",
}
KINDS = ("sqlite", *SERVERS)
#: Those that the tests are to run on; set when pytest starts.
asked_for: tuple[str, ...] = KINDS


def url_of(backend: str, directory: Path) -> str:
    """The URL of a database of this kind; skips the test if it isn't asked for or no server
    answers.

    If KIMAI_REMOTE_TEST_ALL is set (as CI does), a server that doesn't answer is a failure.
    """
    if backend == "sqlite":
        return f"sqlite:///{directory / 'test.sqlite3'}"
    require(backend)
    url = os.environ.get(f"KIMAI_REMOTE_TEST_{backend.upper()}", SERVERS[backend])
    try:
        database = Database(url)
        with database.engine.connect():
            pass
        database.close()
    except (sqlalchemy.exc.OperationalError, ConfigurationError) as error:
        missing(f"no {backend} server for tests: {str(error).splitlines()[0]}")
    return url


def require(backend: str) -> None:
    """Skip the test if ``--databases`` doesn't ask for databases of this kind."""
    if backend not in asked_for:
        pytest.skip(f"{backend} isn't asked for, see --databases")


def create(backend: str, directory: Path) -> Database:
    """A database with a new Kimai schema under a prefix of its own."""
    prefix = f"t{os.getpid()}_{backend[:2]}_"
    if backend == "sqlite":
        return create_file(directory / "test.sqlite3", prefix)
    database = Database(url_of(backend, directory), prefix)
    drop(database)
    schema.create(database)
    return database


def create_file(path: Path, prefix: str = "kimai_") -> Database:
    """A new SQLite file with a new Kimai schema."""
    path.write_bytes(_empty_file(prefix))
    return Database(f"sqlite:///{path}", prefix)


@cache
def _empty_file(prefix: str) -> bytes:
    """What is in such a file; writing it takes a thirtieth of the time of creating the schema."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.sqlite3"
        with closing(Database(f"sqlite:///{path}", prefix)) as database:
            schema.create(database)
        return path.read_bytes()


def drop(database: Database) -> None:
    """Remove the tables from a database server."""
    if database.dialect.name == "sqlite":
        return
    there = set(sqlalchemy.inspect(database.engine).get_table_names())
    tables = [
        table for table in Base.metadata.sorted_tables if schema.real_name(database, table) in there
    ]
    Base.metadata.drop_all(database.engine, tables, checkfirst=False)


def empty(database: Database) -> None:
    """Remove all rows of all tables but statuses, roles and options."""
    kept = {"statuses", "globalRoles", "membershipRoles", "remote_version", "remote_counts"}
    with database.engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            if not any(table.name.endswith(name) for name in kept):
                connection.execute(table.delete())
