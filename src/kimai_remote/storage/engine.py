"""Making an engine: drivers, pool, time limits, and what each kind of database needs."""

from __future__ import annotations

import math
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy
from sqlalchemy import URL, Engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from ..errors import ConfigurationError
from .models import PREFIX_TOKEN

#: How long to wait for a lock that another call holds, or for a pooled connection, in seconds.
LOCK_TIMEOUT = 10
#: How long to wait for a server that doesn't answer, in seconds.
CONNECT_TIMEOUT = 5
#: Connections are renewed after this many seconds, before a server or firewall forgets them.
RECYCLE = 3600
#: SQLite looks at the clock after this many steps of its virtual machine.
_SQLITE_STEPS = 10_000

_DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
#: What a server says when it breaks off a connection: SQLSTATEs of PostgreSQL (administrator's
#: command, crash, starting up) and error numbers of MariaDB (shutdown, connection killed). And
#: what it says when it is read-only, as one is after a failover: a new connection may find the
#: other one.
_BROKEN_OFF: frozenset[object] = frozenset(
    {"57P01", "57P02", "57P03", "25006", 1053, 1927, 1290, 1792, 1836}
)
#: What SQLite says of a file that it couldn't open, read or write as it should. A connection that
#: was opened so stays so, even when the file is all right again.
_BROKEN_FILE = ("SQLITE_READONLY", "SQLITE_IOERR", "SQLITE_CANTOPEN")


def parse(text: str) -> URL:
    """:raises ConfigurationError: not a database URL."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        raise ConfigurationError(
            "The database URL can't be read. It looks like sqlite:////var/lib/kimai.sqlite3, "
            "postgresql://user:password@host/name or mariadb://user:password@host/name."
        ) from None
    if "@" in (url.host or ""):
        raise ConfigurationError(
            "The database URL has more than one @. In its user name and password write %40 for @, "
            "%2F for / and %3A for a colon."
        )
    if "\0" in (url.database or ""):
        raise ConfigurationError("The database URL has a NUL character in the database's name.")
    return url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))


def make(
    url: URL, prefix: str, *, pool_size: int, statement_timeout: int, read_only: bool = False
) -> Engine:
    """:param statement_timeout: seconds a statement may take; 0 sets no limit.
    :param read_only: nothing can be changed; an SQLite file that isn't there isn't made.
    """
    kind = url.get_backend_name()
    if kind == "sqlite" and url.database in (None, "", ":memory:"):
        raise ConfigurationError("An SQLite database needs a file name.")
    if kind == "sqlite" and read_only:
        url = _read_only_file(url)
    options: dict[str, Any] = {
        "pool_size": pool_size,
        "max_overflow": 2,
        "pool_timeout": LOCK_TIMEOUT,
        # Errors are logged; the values of a statement may be an API key or the text of an entry.
        "hide_parameters": True,
        # For what asks the database by the real name of a table; see models.real_name.
        "execution_options": {"prefix": prefix},
    }
    if kind != "sqlite":
        options |= {
            "pool_pre_ping": True,
            "pool_recycle": RECYCLE,
            # After waiting for a lock, a statement must see what the other call has written.
            "isolation_level": "READ COMMITTED",
        }
    if kind in ("mysql", "mariadb"):
        url = url.update_query_dict({"charset": "utf8mb4"})
        options["connect_args"] = _mariadb_arguments(statement_timeout)
    if kind == "postgresql":
        options["connect_args"] = _postgresql_arguments(statement_timeout, read_only)
    try:
        engine = sqlalchemy.create_engine(url, **options)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise ConfigurationError(
            f"The driver for {url.drivername} is missing ({error}). Install it with "
            "pip install 'kimai-remote[postgresql]' or 'kimai-remote[mariadb]'."
        ) from None

    # Only names of the schema, which are always quoted: parameters may be named after a table too.
    mark = engine.dialect.identifier_preparer.initial_quote

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def _set_prefix(_conn, _cursor, statement, parameters, _context, _many):  # type: ignore[no-untyped-def]
        return statement.replace(mark + PREFIX_TOKEN, mark + prefix), parameters

    event.listen(engine, "handle_error", _notice_broken_off)
    if read_only and kind in ("mysql", "mariadb"):
        event.listen(engine, "connect", _forbid_writing)
    if kind == "sqlite":
        event.listen(engine, "connect", _read_sqlite if read_only else _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        if statement_timeout:
            _limit_sqlite(engine, statement_timeout)
    if kind in ("mysql", "mariadb") and statement_timeout:
        _limit_mariadb(engine, statement_timeout)
    if kind == "postgresql" and statement_timeout:
        _limit_postgresql(engine, statement_timeout)
    return engine


def _read_only_file(url: URL) -> URL:
    file = Path(url.database or "").absolute()
    # Where these aren't there nobody has the file open; they would be made, by whoever looks.
    query = {"mode": "ro", "uri": "true"}
    if not all(file.with_name(file.name + end).exists() for end in ("-wal", "-shm")):
        query["immutable"] = "1"
    return url.set(database=f"file:{quote(str(file))}", query=query)


def _forbid_writing(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION READ ONLY")


def _mariadb_arguments(statement_timeout: int) -> dict[str, Any]:
    # Kimai 1 needs a non-strict mode; a value that doesn't fit must be an error here.
    mode = "SET SESSION sql_mode='STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ENGINE_SUBSTITUTION'"
    return {
        "init_command": f"{mode}, innodb_lock_wait_timeout={LOCK_TIMEOUT}",
        "connect_timeout": CONNECT_TIMEOUT,
        # The server breaks a statement off; this is for a server that went away without a word.
        "read_timeout": statement_timeout + LOCK_TIMEOUT if statement_timeout else None,
    }


def _postgresql_arguments(statement_timeout: int, read_only: bool) -> dict[str, Any]:
    session = {
        # A call that isn't the only one waits twice: for its turn, and then for the row.
        "lock_timeout": f"{LOCK_TIMEOUT * 1000 // 2}ms",
        "statement_timeout": f"{statement_timeout}s",
        "TimeZone": "UTC",
        "client_encoding": "UTF8",
    }
    if read_only:  # else the server's own setting holds
        session["default_transaction_read_only"] = "on"
    return {
        "connect_timeout": CONNECT_TIMEOUT,
        "options": " ".join(f"-c {name}={value}" for name, value in session.items()),
        # Notice within a minute a server that went away without a word.
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 60_000,
    }


def watch(engine: Engine, changed: Callable[[int], None]) -> None:
    """Have a function told how many of an engine's connections are in use."""
    in_use: set[int] = set()
    guard = threading.Lock()

    @event.listens_for(engine, "checkout")
    def taken(_connection: Any, record: Any, _proxy: Any) -> None:
        with guard:
            in_use.add(id(record))
            changed(len(in_use))

    # Comes without the other one for a connection that couldn't be made; so no mere counting.
    @event.listens_for(engine, "checkin")
    def given_back(_connection: Any, record: Any) -> None:
        with guard:
            in_use.discard(id(record))
            changed(len(in_use))


def error_number(origin: object) -> object:
    """What a driver's error begins with: in PyMySQL's, the number of the server's error."""
    return next(iter(getattr(origin, "args", ())), None)


def _notice_broken_off(context: Any) -> None:
    origin = context.original_exception
    if getattr(origin, "sqlstate", None) in _BROKEN_OFF or error_number(origin) in _BROKEN_OFF:
        context.is_disconnect = True
    if getattr(origin, "sqlite_errorname", "").startswith(_BROKEN_FILE):
        context.is_disconnect = True
        if context.execution_context is not None:
            # The exception knows the cursor; as long as that is open, the files are too.
            context.execution_context.cursor.close()


def _limit_mariadb(engine: Engine, seconds: int) -> None:
    @event.listens_for(engine, "connect")
    def limit(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            if "MariaDB" in connection.get_server_info():
                cursor.execute(f"SET SESSION max_statement_time={seconds}")
            else:  # MySQL limits only reading
                cursor.execute(f"SET SESSION max_execution_time={seconds * 1000}")


def _limit_postgresql(engine: Engine, seconds: int) -> None:
    from .patience import connection_class  # not everybody has the driver

    patient = connection_class(seconds + LOCK_TIMEOUT)

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, arguments: Any, options: Any) -> Any:
        return patient.connect(*arguments, **options)


def _limit_sqlite(engine: Engine, seconds: int) -> None:
    @event.listens_for(engine, "connect")
    def install(connection: Any, record: Any) -> None:
        deadline = record.info["deadline"] = [math.inf]
        connection.set_progress_handler(lambda: time.monotonic() > deadline[0], _SQLITE_STEPS)

    @event.listens_for(engine, "before_cursor_execute")
    def start(conn, _cursor, _statement, _parameters, _context, _many):  # type: ignore[no-untyped-def]
        conn.info["deadline"][0] = time.monotonic() + seconds


def _read_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout={LOCK_TIMEOUT * 1000}")


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by _begin_sqlite
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={LOCK_TIMEOUT * 1000}",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    _keep_log(cursor)
    cursor.close()


def _keep_log(cursor: Any) -> None:
    """Switch to the write-ahead log; SQLite waits for no other process that does so too."""
    patience = time.monotonic() + LOCK_TIMEOUT
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorname.startswith("SQLITE_BUSY")
            if not busy or time.monotonic() > patience:
                raise
            time.sleep(0.02)


def _begin_sqlite(connection: Any) -> None:
    # A transaction that reads first and writes later can't wait for a lock (SQLITE_BUSY at once),
    # so writing calls take the write lock when they begin.
    immediate = connection.get_execution_options().get("sqlite_immediate")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
