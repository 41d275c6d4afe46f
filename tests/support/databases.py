"""The databases that tests run on: SQLite always, others if a server is available."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import Connection, event

from kimai_remote.errors import ConfigurationError
from kimai_remote.storage import schema
from kimai_remote.storage.models import Base
from kimai_remote.storage.transactions import Database

from .requirements import missing

#: The default URLs of the servers; overridden by KIMAI_REMOTE_TEST_POSTGRESQL and _MARIADB.
SERVERS = {
    "postgresql": "postgresql://postgres@127.0.0.1:5432/test",
    "mariadb": "mariadb://root@127.0.0.1:3306/test",
}
KINDS = ("sqlite", *SERVERS)
#: MariaDB through PyMySQL, for tests with the marker ``each_driver``.
PYMYSQL = "pymysql"
#: The backends that tests run on; set when pytest starts.
asked_for: tuple[str, ...] = KINDS


def url_of(backend: str, directory: Path) -> str:
    """Return the URL of a database on this backend; skip the test if ``--databases`` excludes it or
    no server is available.

    If KIMAI_REMOTE_TEST_ALL is set, as CI does, the test fails without a server.
    """
    if backend == "sqlite":
        return f"sqlite:///{directory / 'test.sqlite3'}"
    if backend == PYMYSQL:
        parsed = sqlalchemy.make_url(url_of("mariadb", directory))
        return parsed.set(drivername="mariadb+pymysql").render_as_string(hide_password=False)
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


def hide_mysqlclient() -> None:
    """Have this process and those that it starts use PyMySQL."""
    folder = str(Path(__file__).parent / "without_mysqlclient")
    sys.path.insert(0, folder)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (folder, os.environ.get("PYTHONPATH"))))


def require(backend: str) -> None:
    """Skip the test if ``--databases`` doesn't ask for databases on this backend."""
    if backend not in asked_for:
        pytest.skip(f"{backend} isn't asked for, see --databases")


def create(backend: str, directory: Path) -> Database:
    """Create a database with a new Kimai schema under a prefix of its own."""
    prefix = f"t{os.getpid()}_{backend[:2]}_"
    if backend == "sqlite":
        return create_file(directory / "test.sqlite3", prefix)
    database = Database(url_of(backend, directory), prefix)
    if backend == "postgresql":
        _do_not_wait_for_disk(database)
    drop(database)
    schema.create(database)
    return database


def create_file(path: Path, prefix: str = "kimai_") -> Database:
    """Create an SQLite file with a new Kimai schema."""
    path.write_bytes(_empty_file(prefix))
    return open_file(path, prefix)


def open_file(path: Path, prefix: str) -> Database:
    """Open an SQLite file of :func:`create_file` or a copy of it."""
    database = Database(f"sqlite:///{path}", prefix)
    _do_not_wait_for_disk(database)
    return database


def _do_not_wait_for_disk(database: Database) -> None:
    """Let commits return before they are on disk: no test cuts the power."""
    is_file = database.dialect.name == "sqlite"
    statement = "PRAGMA synchronous=OFF" if is_file else "SET synchronous_commit TO off"

    def prepare(connection: Any, _record: Any) -> None:
        connection.execute(statement).close()
        connection.commit()

    event.listen(database.engine, "connect", prepare)


@cache
def _empty_file(prefix: str) -> bytes:
    """Return the content of such a file. Writing it takes a thirtieth of creating a schema."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.sqlite3"
        with closing(Database(f"sqlite:///{path}", prefix)) as database:
            schema.create(database)
        return path.read_bytes()


@contextmanager
def without_tables(database: Database, directory: Path, prefix: str) -> Iterator[Database]:
    """Context with a database without tables on the same backend as another one."""
    url = f"sqlite:///{directory / 'blank.sqlite3'}"
    if database.dialect.has_server:
        url = database.url.render_as_string(hide_password=False)
    with closing(Database(url, prefix)) as blank:
        drop(blank)
        yield blank
        drop(blank)


def drop(database: Database) -> None:
    """Remove the tables from a database server."""
    if database.dialect.name == "sqlite":
        return
    existing = set(sqlalchemy.inspect(database.engine).get_table_names())
    tables = [
        table
        for table in Base.metadata.sorted_tables
        if schema.real_name(database, table) in existing
    ]
    Base.metadata.drop_all(database.engine, tables, checkfirst=False)


def empty(database: Database) -> None:
    """Remove all rows of all tables but statuses, roles and options."""
    kept_tables = {
        "statuses",
        "globalRoles",
        "membershipRoles",
        "remote_version",
        "remote_counts",
        "remote_period_counts",
        "remote_values",
    }

    def delete(connection: Connection) -> None:
        for table in reversed(Base.metadata.sorted_tables):
            if not any(table.name.endswith(name) for name in kept_tables):
                connection.execute(table.delete())

    database.execute(delete, writes=True)
