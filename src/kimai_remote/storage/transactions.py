"""Sessions and transactions: the one place where a transaction begins and ends."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, Table, inspect
from sqlalchemy.exc import DBAPIError, NoSuchTableError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from ..errors import Denied, Refused, Unavailable
from . import dialects, engine, entry_counts, origin
from .dialects import LOCK_TIMEOUT, Failure
from .models import real_name
from .origin import DatabaseOrigin
from .tables import expenses, time_entries

log = logging.getLogger(__name__)
T = TypeVar("T")

#: Seconds of the longest pause between two attempts at a call.
LONGEST_PAUSE = 0.25
#: Seconds that one statement may take.
STATEMENT_TIMEOUT = 30
#: Seconds after which a database without counts of entries is asked again whether it has them.
LOOK_AT_COUNTS = 60


class Database:
    """A database that calls are served from.

    :param url: SQLAlchemy URL; without a driver in it, one that this package is tested with.
    :param prefix: prefix of Kimai's table names.
    :param statement_timeout: seconds that a statement may take; 0 sets no limit.
    :param wsrep_sync_wait: MariaDB's variable of this name, where it isn't 0.
    :param pooler: mode of a pooler in front of the server: none, session or transaction.
    :param read_only: nothing can be changed; an SQLite file that doesn't exist isn't created.
    """

    def __init__(
        self,
        url: str,
        prefix: str = "kimai_",
        *,
        pool_size: int = 8,
        statement_timeout: int = STATEMENT_TIMEOUT,
        wsrep_sync_wait: int = 0,
        pooler: str = "none",
        read_only: bool = False,
    ) -> None:
        self.url = engine.parse(url)
        self.dialect = dialects.for_url(self.url)
        self.prefix = prefix
        self.engine = engine.create(
            self.url,
            prefix,
            pool_size=pool_size,
            statement_timeout=statement_timeout,
            pooler=pooler,
            read_only=read_only,
        )
        if wsrep_sync_wait:
            self.dialect.wait_for_other_nodes(self.engine, wsrep_sync_wait)
        options = self.dialect.write_options
        self._writing_engine = self.engine.execution_options(**options) if options else self.engine
        self._statement_timeout = statement_timeout
        self._has_entry_counts = False
        self._next_look_at_counts = 0.0
        self._origin: DatabaseOrigin | None = None
        self._watcher: Callable[[int], None] | None = None
        self._in_use = 0
        self._counting = threading.Lock()
        #: Connections that are kept open; a few more are opened under load.
        self.pool_size = pool_size

    @property
    def file(self) -> Path | None:
        """The file that holds the database; None where a server does."""
        return self.dialect.file(self.url)

    @property
    def name(self) -> str:
        """The URL as people write it, without driver and password."""
        return engine.masked(self.url.set(drivername=self.url.get_backend_name()))

    def run(self, work: Callable[[Session], T], *, writes: bool) -> T:
        """Do the same as :meth:`execute` with a session, for work on records as objects."""

        def in_session(connection: Connection) -> T:
            with Session(connection, expire_on_commit=False) as session:
                result = work(session)
                session.flush()
                return result

        return self.execute(in_session, writes=writes)

    def execute(self, work: Callable[[Connection], T], *, writes: bool) -> T:
        """Run ``work`` in one transaction: committed when it returns, rolled back if it raises.

        A call that the database rolled back because of another one (deadlock) is run again from
        its start, so ``work`` must have no effect but on its connection. It isn't after waiting for
        a lock in vain, since the client has waited too. A call whose connection was lost is run
        again once, unless that was during the commit: it may have been committed. It isn't either
        if that was noticed late: a server that doesn't answer is waited for only once.

        :raises Unavailable: the database can't be reached or stays locked.
        :raises Refused: a text has characters that its column can't hold.
        :raises Denied: a name or key has such characters, so nobody has it.
        """
        begun = time.monotonic()
        bind = self._writing_engine if writes else self.engine
        has_lost, pause = False, 0.01
        while True:
            committing = False
            try:
                with bind.connect() as connection:
                    self._count_connection(1)
                    try:
                        with connection.begin() as transaction:
                            self.dialect.limit_transaction(connection, self._statement_timeout)
                            result = work(connection)
                            committing = writes
                            transaction.commit()
                    finally:
                        self._count_connection(-1)
                    return result
            except (DBAPIError, PoolTimeout) as error:
                failure = self._classify(error)
                elapsed = time.monotonic() - begun
                if failure is Failure.LOST_CONNECTION:
                    in_time = elapsed < dialects.retry_window(self._statement_timeout)
                    if in_time and not has_lost and not committing:
                        has_lost = True
                        continue
                # SQLite reports the same at once and after waiting in vain.
                if failure is Failure.CONFLICT and elapsed < LOCK_TIMEOUT:
                    self.dialect.repair(self.engine, getattr(error, "orig", None))
                    pause = min(2 * pause, LONGEST_PAUSE)
                    time.sleep(random.uniform(0, pause))  # noqa: S311
                    continue
                if failure is None:
                    raise
                if failure is Failure.UNCOMPARABLE_TEXT:
                    raise Denied from error  # only names and keys are compared
                if failure is Failure.UNSTORABLE_TEXT:
                    raise Refused(
                        "A text has characters that the database can't store; often that is an "
                        "emoji and the table of an old Kimai."
                    ) from error
                reason = getattr(error, "orig", None) or error
                log.error("The database did not serve a call: %s", str(reason).strip())
                raise Unavailable from error

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run ``work``, which only reads, again if its connection proved to be lost, or after a
        conflict, as with another node's change of a table; errors are the database's own."""
        deadline = time.monotonic() + LOCK_TIMEOUT
        has_lost = False
        while True:
            try:
                with self.engine.connect() as connection:
                    return work(connection)
            except DBAPIError as error:
                failure = self._classify(error)
                if failure is Failure.CONFLICT and time.monotonic() < deadline:
                    time.sleep(random.uniform(0, LONGEST_PAUSE))  # noqa: S311
                elif error.connection_invalidated and not has_lost:
                    has_lost = True
                else:
                    raise

    def _classify(self, error: DBAPIError | PoolTimeout) -> Failure | None:
        """Return what an error means for a call; None for a defect of ours."""
        if isinstance(error, PoolTimeout):
            return Failure.UNAVAILABLE
        failure = self.dialect.failure(error.orig)
        if error.connection_invalidated and failure is not Failure.UNAVAILABLE:
            return Failure.LOST_CONNECTION
        if failure is None and isinstance(error, self.dialect.unavailable_errors):
            return Failure.UNAVAILABLE
        # Without a connection there is none to lose: the server didn't accept it.
        return Failure.UNAVAILABLE if failure is Failure.LOST_CONNECTION else failure

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Context with one transaction that writes, without the retries of :meth:`run`; for work
        that no client waits for."""
        with self._writing_engine.begin() as connection:
            yield connection

    def has_entry_counts(self, connection: Connection) -> bool:
        """Whether counts of time entries can be read instead of counting. Once they can be, queries
        find out for themselves; until then, it is asked once a minute."""
        if not self._has_entry_counts and time.monotonic() >= self._next_look_at_counts:
            self._has_entry_counts = entry_counts.enabled(connection)
            self._next_look_at_counts = time.monotonic() + LOOK_AT_COUNTS
        return self._has_entry_counts

    def origin(self) -> DatabaseOrigin:
        """Return the origin of the database; queried once a process.

        :raises Unavailable: the database can't be read.
        """
        if self._origin is None:
            try:
                self._origin = self.execute(origin.read, writes=False)
            except NoSuchTableError as error:
                raise Unavailable from error
        return self._origin

    def watch_connections(self, changed: Callable[[int], None]) -> None:
        """Call a function with the number of connections that calls use when it changes, in place
        of the function that was called until now."""
        self._watcher = changed

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()

    def _count_connection(self, change: int) -> None:
        with self._counting:
            self._in_use += change
            if self._watcher is not None:
                self._watcher(self._in_use)


#: Columns of entries that refuse null, by engine: Kimai's installers and updates differ.
_not_null: WeakKeyDictionary[Engine, frozenset[tuple[str, str]]] = WeakKeyDictionary()


def refuses_null(connection: Connection, table: Table, column: str) -> bool:
    """Return whether a column of the time entries or expenses can't be null; the tables are
    inspected once a process."""
    engine = connection.engine
    if engine not in _not_null:
        inspector = inspect(connection)
        _not_null[engine] = frozenset(
            (each.name, described["name"])
            for each in (time_entries, expenses)
            for described in inspector.get_columns(real_name(each.name, engine))
            if not described["nullable"]
        )
    return (table.name, column) in _not_null[engine]
