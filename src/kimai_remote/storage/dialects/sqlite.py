"""SQLite: one file, which one transaction at a time writes."""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, Insert, Table, event
from sqlalchemy.dialects import sqlite

from ...errors import ConfigurationError
from ..models import real_name
from ..tallies import Tally, Trigger
from .base import LOCK_TIMEOUT, Dialect, Failure, ServerInfo

#: The clock is read after this many steps of SQLite's virtual machine.
_STEPS = 10_000


class SQLite(Dialect):
    name = "sqlite"
    drivers = {"sqlite": "sqlite+pysqlite"}
    has_server = False
    failures = {
        "SQLITE_BUSY": Failure.CONFLICT,
        "SQLITE_LOCKED": Failure.CONFLICT,
        # The file couldn't be opened, read or written. A connection that was opened so stays so,
        # even when the file is all right again.
        "SQLITE_READONLY": Failure.LOST_CONNECTION,
        "SQLITE_IOERR": Failure.LOST_CONNECTION,
        "SQLITE_CANTOPEN": Failure.LOST_CONNECTION,
    }
    write_options = {"sqlite_immediate": True}
    snapshot_isolation = None
    trigger_names = "SELECT name FROM sqlite_master WHERE type = 'trigger'"

    def file(self, url: URL) -> Path | None:
        return Path(url.database) if url.database else None

    def connect_url(self, url: URL, *, read_only: bool) -> URL:
        if url.database in (None, "", ":memory:"):
            raise ConfigurationError("An SQLite database needs a file name.")
        if not read_only:
            return url
        file = Path(url.database or "").absolute()
        # Without these files nobody has the database open, and reading it would create them.
        query = {"mode": "ro", "uri": "true"}
        if not all(file.with_name(file.name + end).exists() for end in ("-wal", "-shm")):
            query["immutable"] = "1"
        return url.set(database=f"file:{quote(str(file))}", query=query)

    def engine_options(self, *, statement_timeout: int, read_only: bool) -> dict[str, Any]:
        return {}

    def add_listeners(self, engine: Engine, *, statement_timeout: int, read_only: bool) -> None:
        event.listen(engine, "connect", _prepare_reading if read_only else _prepare)
        event.listen(engine, "begin", _prepare_transaction)
        engine.dialect.do_begin = _begin  # type: ignore[assignment, method-assign]
        event.listen(engine, "handle_error", self._close_cursor)
        if statement_timeout:
            event.listen(engine, "connect", _install_deadline)

    def limit_transaction(self, connection: Connection, seconds: int) -> None:
        if seconds:
            connection.info["deadline"][0] = time.monotonic() + seconds

    def error_code(self, error: BaseException | None) -> object:
        # SQLITE_BUSY_SNAPSHOT is a kind of SQLITE_BUSY.
        return "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])

    def _close_cursor(self, context: Any) -> None:
        # The exception refers to the cursor; as long as that is open, the files are too.
        lost = self.failure(context.original_exception) is Failure.LOST_CONNECTION
        if lost and context.execution_context is not None:
            context.execution_context.cursor.close()

    def insert_or_update(self, table: Table, *columns: str) -> Insert:
        statement = sqlite.insert(table)
        values = {column: statement.excluded[column] for column in columns}
        return statement.on_conflict_do_update(index_elements=table.primary_key, set_=values)

    def create_trigger(self, trigger: Trigger) -> Iterator[str]:
        yield trigger.for_each_row(self._add_to_count)

    def _add_to_count(self, tally: Tally, row: str, step: int, condition: str) -> str:
        return (
            f'INSERT INTO "{tally.target}" ({tally.columns}, entries) '
            f"SELECT {tally.values(row)}, {step} WHERE {condition} {self.on_existing_count(tally)};"
        )

    def on_existing_count(self, tally: Tally) -> str:
        return f"ON CONFLICT ({tally.columns}) DO UPDATE SET entries = entries + excluded.entries"

    def next_id(self, connection: Connection, table: Any) -> int | None:
        exists = "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"
        if connection.exec_driver_sql(exists).first() is None:
            return None
        name = (real_name(table.name, connection),)
        last = "SELECT seq FROM sqlite_sequence WHERE name = ?"
        used = connection.exec_driver_sql(last, name).scalar()
        return None if used is None else used + 1

    def reserve_ids(self, connection: Connection, table: Any, next_id: int) -> None:
        if not table.dialect_options["sqlite"]["autoincrement"]:
            return
        used, name = next_id - 1, real_name(table.name, connection)
        known = self.next_id(connection, table)
        if known is None:
            statement = "INSERT INTO sqlite_sequence (seq, name) VALUES (?, ?)"
        elif known < next_id:
            statement = "UPDATE sqlite_sequence SET seq = ? WHERE name = ?"
        else:
            return
        connection.exec_driver_sql(statement, (used, name))

    def server_info(self, connection: Connection) -> ServerInfo:
        version = connection.exec_driver_sql("SELECT sqlite_version()").scalar()
        encoding = connection.exec_driver_sql("PRAGMA encoding").scalar()
        return ServerInfo(f"SQLite {version}", str(encoding))


def copy(source: Path, target: Path) -> list[str]:
    """Copy a database that may be in use.

    :returns: what is wrong with the copy.
    :raises sqlite3.Error: a file can't be read or written.
    """
    with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(target)) as copied:
        # In one step: in several, each write meanwhile would restart it.
        original.backup(copied, pages=-1)
        copied.execute("PRAGMA journal_mode=DELETE")  # one file, complete by itself
        problems = [text for (text,) in copied.execute("PRAGMA quick_check")]
    return [] if problems == ["ok"] else problems


def _prepare_reading(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # _begin begins transactions
    with closing(connection.cursor()) as cursor:
        cursor.execute(f"PRAGMA busy_timeout={LOCK_TIMEOUT * 1000}")


def _prepare(connection: Any, record: Any) -> None:
    _prepare_reading(connection, record)
    with closing(connection.cursor()) as cursor:
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        _use_write_ahead_log(cursor)


def _use_write_ahead_log(cursor: Any) -> None:
    # SQLite doesn't wait for another process that switches at the same time.
    deadline = time.monotonic() + LOCK_TIMEOUT
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorname.startswith("SQLITE_BUSY")
            if not busy or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _prepare_transaction(connection: Connection) -> None:
    # A transaction that reads first and writes later can't wait for a lock (SQLITE_BUSY at once),
    # so calls that write take the write lock when they begin.
    immediate = connection.get_execution_options().get("sqlite_immediate")
    connection.info["begin"] = "BEGIN IMMEDIATE" if immediate else "BEGIN"
    if "deadline" in connection.info:  # of the transaction before
        connection.info["deadline"][0] = math.inf


def _begin(connection: Any) -> None:
    # Not as a statement of SQLAlchemy's, which would cost as much as the call's own.
    connection.dbapi_connection.execute(connection.info["begin"]).close()


def _install_deadline(connection: Any, record: Any) -> None:
    deadline = record.info["deadline"] = [math.inf]
    connection.set_progress_handler(lambda: time.monotonic() > deadline[0], _STEPS)
