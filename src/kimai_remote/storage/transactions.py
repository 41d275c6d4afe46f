"""Sessions and transactions: the one place where a transaction begins and ends."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from ..errors import Denied, Refused, Unavailable
from . import engine, entry_counts

log = logging.getLogger(__name__)
T = TypeVar("T")

#: How often a call is tried when the database broke it off for the sake of another one.
ATTEMPTS = 6
#: Seconds that one statement may take.
STATEMENT_TIMEOUT = 30
#: SQLSTATEs of PostgreSQL: serialization failure, deadlock.
_POSTGRESQL_CONFLICTS = frozenset({"40001", "40P01"})
#: Error numbers of MariaDB: deadlock, record changed since last read.
_MARIADB_CONFLICTS = frozenset({1213, 1020})
#: MariaDB, where a text has characters that a column of another character set can't hold: it was
#: to be stored there; it was compared with it. PyMySQL calls both operational.
_MARIADB_BAD_TEXT, _MARIADB_MIXED_TEXT = 1366, 1267


class Database:
    """A database that calls are served from.

    :param url: SQLAlchemy URL; ``postgresql://``, ``mariadb://`` and ``mysql://`` get the drivers
        this package is tested with.
    :param prefix: prefix of Kimai's table names.
    :param statement_timeout: seconds that a statement may take; 0 sets no limit.
    :param read_only: nothing can be changed; an SQLite file that isn't there isn't made.
    """

    def __init__(
        self,
        url: str,
        prefix: str = "kimai_",
        *,
        pool_size: int = 8,
        statement_timeout: int = STATEMENT_TIMEOUT,
        read_only: bool = False,
    ) -> None:
        self.url = engine.parse(url)
        self.prefix = prefix
        self.engine = engine.make(
            self.url,
            prefix,
            pool_size=pool_size,
            statement_timeout=statement_timeout,
            read_only=read_only,
        )
        self._keeps_counts: bool | None = None
        self._watcher: Callable[[int], None] | None = None
        #: Connections that are kept open; a few more are opened under load.
        self.pool_size = pool_size

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @property
    def is_postgresql(self) -> bool:
        return self.engine.dialect.name == "postgresql"

    @property
    def is_mariadb(self) -> bool:
        """MariaDB or MySQL."""
        return self.engine.dialect.name in ("mariadb", "mysql")

    @property
    def name(self) -> str:
        """The database as people are told of it: without the password."""
        return self.url.render_as_string(hide_password=True)

    def run(self, work: Callable[[Session], T], *, writes: bool) -> T:
        """Run ``work`` in one transaction: committed when it returns, rolled back if it raises.

        A call that the database broke off because of another call (deadlock) is run again from its
        start, a bounded number of times, so ``work`` must have no effect but on its session; but
        not after it has waited for a lock in vain, since its client has waited too. So is, once, a
        call whose connection was lost; but not one whose connection was lost while it was
        committed, since it may be there.

        :raises Unavailable: the database can't be reached or stays locked.
        :raises Refused: a text has characters that its column can't hold.
        :raises Denied: a name or key has, so that it is nobody's.
        """
        patience = time.monotonic() + engine.LOCK_TIMEOUT
        for attempt in range(1, ATTEMPTS + 1):
            commits = False
            try:
                with self._session(writes=writes) as session:
                    result = work(session)
                    session.flush()
                    commits = writes
                    session.commit()
                    return result
            except (DBAPIError, PoolTimeout) as error:
                lost = isinstance(error, DBAPIError) and error.connection_invalidated
                if lost:
                    again = attempt == 1 and not commits
                else:  # SQLite says the same at once and after waiting in vain
                    again = _is_conflict(error) and time.monotonic() < patience
                if again and attempt < ATTEMPTS:
                    time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311
                    continue
                if _number(error) == _MARIADB_MIXED_TEXT:
                    raise Denied from error  # only names and keys are compared
                if _is_bad_text(error):
                    raise Refused(
                        "A text has characters that the database can't store; often that is an "
                        "emoji and the table of an old Kimai."
                    ) from error
                if lost or self._failed(error):
                    reason = getattr(error, "orig", None) or error
                    log.error("The database did not serve a call: %s", str(reason).strip())
                    raise Unavailable from error
                raise
        raise AssertionError("unreachable")

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction that writes, without the care that :meth:`run` takes; for work that no
        client waits for."""
        engine = self.engine.execution_options(sqlite_immediate=True)
        with engine.begin() as connection:
            yield connection

    def has_entry_counts(self, session: Session) -> bool:
        """Whether the numbers of time entries can be read instead of counted; asked once a
        process, in the transaction at hand."""
        if self._keeps_counts is None:
            self._keeps_counts = entry_counts.enabled(session.connection())
        return self._keeps_counts

    def watch_connections(self, changed: Callable[[int], None]) -> None:
        """Have a function told the number of connections in use whenever it changes, in place of
        the one that was told until now."""
        if self._watcher is None:
            engine.watch(self.engine, self._tell)
        self._watcher = changed

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()

    def _tell(self, number: int) -> None:
        if self._watcher is not None:
            self._watcher(number)

    def _failed(self, error: Exception) -> bool:
        """Whether the database is to blame, and not the call."""
        kinds: tuple[type[Exception], ...] = (OperationalError, PoolTimeout)
        if self.is_mariadb:
            kinds += (InternalError,)  # files that it can't write, answers that are cut off
        return isinstance(error, kinds)

    def _session(self, *, writes: bool) -> Session:
        bind: Any = self.engine
        if self.is_sqlite and writes:
            bind = self.engine.execution_options(sqlite_immediate=True)
        return Session(bind, expire_on_commit=False)


def _number(error: Exception) -> object:
    return engine.error_number(getattr(error, "orig", None))


def _is_conflict(error: Exception) -> bool:
    origin = getattr(error, "orig", None)
    if origin is None:
        return False
    if getattr(origin, "sqlstate", None) in _POSTGRESQL_CONFLICTS:
        return True
    if getattr(origin, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return True
    return _number(error) in _MARIADB_CONFLICTS


def _is_bad_text(error: Exception) -> bool:
    if _number(error) == _MARIADB_BAD_TEXT:
        return True
    sqlstate = getattr(getattr(error, "orig", None), "sqlstate", None)
    # PostgreSQL: untranslatable character, character not in repertoire.
    return isinstance(error, DataError) and sqlstate in ("22P05", "22021")
