"""Engine, sessions and transactions: the one place where a transaction begins and ends."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from typing import Any, TypeVar

import sqlalchemy
from sqlalchemy import URL, Engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from ..errors import ConfigurationError, Unavailable
from .models import PREFIX_TOKEN

log = logging.getLogger(__name__)
T = TypeVar("T")

#: How often a call is tried when the database broke it off for the sake of another one.
ATTEMPTS = 6
#: How long to wait for a lock that another call holds, in seconds.
LOCK_TIMEOUT = 10
#: SQLSTATEs of PostgreSQL: serialization failure, deadlock, lock not available.
_POSTGRESQL_CONFLICTS = frozenset({"40001", "40P01", "55P03"})
#: Error numbers of MariaDB: lock wait timeout, deadlock, record changed since last read.
_MARIADB_CONFLICTS = frozenset({1205, 1213, 1020})

_DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}


class Database:
    """A database that calls are served from.

    :param url: SQLAlchemy URL; ``postgresql://``, ``mariadb://`` and ``mysql://`` get the drivers
        this package is tested with.
    :param prefix: prefix of Kimai's table names.
    """

    def __init__(self, url: str, prefix: str = "kimai_", *, pool_size: int = 8) -> None:
        self.url = _url(url)
        self.prefix = prefix
        self.engine = _engine(self.url, prefix, pool_size)

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    def run(self, work: Callable[[Session], T], *, writes: bool) -> T:
        """Run ``work`` in one transaction: committed when it returns, rolled back if it raises.

        A call that the database broke off because of another call (deadlock, lock wait) is run
        again from its start, a bounded number of times, so ``work`` must have no effect but on
        its session.

        :raises Unavailable: the database can't be reached or stays locked.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self._session(writes=writes) as session, session.begin():
                    return work(session)
            except (DBAPIError, PoolTimeout) as error:
                lost = isinstance(error, DBAPIError) and error.connection_invalidated
                if (lost or _is_conflict(error)) and attempt < ATTEMPTS:
                    # A lost connection is retried once: the pool has dropped its other ones too.
                    if lost and attempt > 1:
                        raise Unavailable from error
                    time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311
                    continue
                if lost or isinstance(error, (OperationalError, PoolTimeout)):
                    log.exception("The database did not serve a call")
                    raise Unavailable from error
                raise
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()

    def _session(self, *, writes: bool) -> Session:
        bind: Any = self.engine
        if self.is_sqlite and writes:
            bind = self.engine.execution_options(sqlite_immediate=True)
        return Session(bind, expire_on_commit=False)


def _url(text: str) -> URL:
    try:
        url = make_url(text)
    except ArgumentError:
        raise ConfigurationError(
            "The database URL can't be read. It looks like sqlite:////var/lib/kimai.sqlite3, "
            "postgresql://user:password@host/name or mariadb://user:password@host/name."
        ) from None
    return url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))


def _engine(url: URL, prefix: str, pool_size: int) -> Engine:
    kind = url.get_backend_name()
    options: dict[str, Any] = {"pool_pre_ping": kind != "sqlite"}
    if kind == "sqlite" and url.database in (None, "", ":memory:"):
        raise ConfigurationError("An SQLite database needs a file name.")
    options |= {"pool_size": pool_size, "max_overflow": 2, "pool_timeout": LOCK_TIMEOUT}
    if kind in ("mysql", "mariadb"):
        url = url.update_query_dict({"charset": "utf8mb4"})
        # Kimai 1 needs a non-strict mode; a value that doesn't fit must be an error here.
        init = "SET SESSION sql_mode='STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ENGINE_SUBSTITUTION'"
        options["connect_args"] = {
            "init_command": f"{init}, innodb_lock_wait_timeout={LOCK_TIMEOUT}",
            "connect_timeout": 5,
        }
        options["pool_recycle"] = 3600
    if kind == "postgresql":
        options["connect_args"] = {
            "connect_timeout": 5,
            "options": f"-c lock_timeout={LOCK_TIMEOUT}s -c TimeZone=UTC",
        }
    if kind != "sqlite":
        # After waiting for a lock, a statement must see what the other call has written.
        options["isolation_level"] = "READ COMMITTED"
    try:
        engine = sqlalchemy.create_engine(url, **options)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise ConfigurationError(
            f"The driver for {url.drivername} is missing ({error}). Install it with "
            "pip install 'kimai-remote[postgresql]' or 'kimai-remote[mariadb]'."
        ) from None

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def _set_prefix(_conn, _cursor, statement, parameters, _context, _many):  # type: ignore[no-untyped-def]
        return statement.replace(PREFIX_TOKEN, prefix), parameters

    if kind == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by _begin_sqlite
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={LOCK_TIMEOUT * 1000}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    # A transaction that reads first and writes later can't wait for a lock (SQLITE_BUSY at once),
    # so writing calls take the write lock when they begin.
    immediate = connection.get_execution_options().get("sqlite_immediate")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _is_conflict(error: Exception) -> bool:
    origin = getattr(error, "orig", None)
    if origin is None:
        return False
    if getattr(origin, "sqlstate", None) in _POSTGRESQL_CONFLICTS:
        return True
    if getattr(origin, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return True
    number: object = next(iter(getattr(origin, "args", ())), None)
    return number in _MARIADB_CONFLICTS
