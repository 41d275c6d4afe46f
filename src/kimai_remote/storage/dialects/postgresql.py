"""PostgreSQL."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, Insert, Table, event, func, select
from sqlalchemy.exc import OperationalError

from ..models import real_name
from ..tallies import Tally, Trigger
from .base import (
    CONNECT_TIMEOUT,
    LOCK_TIMEOUT,
    Dialect,
    Failure,
    SchemaLocked,
    ServerInfo,
    clock_offset,
    retry_window,
)

_LOCK_NOT_AVAILABLE = "55P03"
#: In place of a code, where none came.
_READ_TIMEOUT = "read timeout"
#: Until the end of a transaction, none of the server's settings ends it; each has some of them.
_NO_TIMEOUT = (
    "SELECT set_config(name, '0', true) FROM pg_settings "
    "WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout')"
)


class PostgreSQL(Dialect):
    name = "postgresql"
    drivers = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}
    extra = "postgresql"
    dump_program = "pg_dump"
    failures = {
        "40001": Failure.CONFLICT,  # serialization failure
        "40P01": Failure.CONFLICT,  # deadlock
        "57P01": Failure.LOST_CONNECTION,  # an administrator's command
        "57P02": Failure.LOST_CONNECTION,  # crash
        "57P03": Failure.LOST_CONNECTION,  # starting up
        "25006": Failure.LOST_CONNECTION,  # read-only after a failover; a new one may not be
        _READ_TIMEOUT: Failure.UNAVAILABLE,  # not repeated, since the client has waited
        "42501": Failure.UNAVAILABLE,  # the database user lacks a privilege
        "22P05": Failure.UNSTORABLE_TEXT,  # untranslatable character
        "22021": Failure.UNSTORABLE_TEXT,  # character not in repertoire
    }
    has_host_lists = True
    has_poolers = True
    rejects_nul = True
    trigger_names = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"

    def connect_url(self, url: URL, *, read_only: bool) -> URL:
        if "," not in url.query.get("host", ""):
            return url
        query = {"target_session_attrs": "read-write", **url.query}
        if read_only and query["target_session_attrs"] == "read-write":
            query["target_session_attrs"] = "primary"  # read-only sessions aren't read-write
        return url.set(query=query)

    def engine_options(
        self, *, statement_timeout: int, read_only: bool, pooler: str = "none"
    ) -> dict[str, Any]:
        options = super().engine_options(statement_timeout=statement_timeout, read_only=read_only)
        options["connect_args"] = {
            "connect_timeout": min(CONNECT_TIMEOUT, statement_timeout or CONNECT_TIMEOUT),
            "client_encoding": "UTF8",
            # Notice within a minute that a server is gone.
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            "tcp_user_timeout": 60_000,
        }
        if pooler == "none":
            settings = _settings(statement_timeout)
            if read_only:  # otherwise the server's own setting holds
                settings["default_transaction_read_only"] = "on"
            options["connect_args"]["options"] = " ".join(
                f"-c {name}={value}" for name, value in settings.items()
            )
        elif pooler == "transaction":
            # Each transaction may be on another of the server's sessions.
            options["connect_args"]["prepare_threshold"] = None
        return options

    def add_listeners(
        self,
        engine: Engine,
        *,
        statement_timeout: int,
        read_only: bool,
        pooler: str = "none",
    ) -> None:
        connection_class = _connection_class(_read_timeout(statement_timeout), pooler)
        last: tuple[str, str] | None = None

        @event.listens_for(engine, "do_connect")
        def connect(_dialect: Any, _record: Any, arguments: Any, options: Any) -> Any:
            nonlocal last
            # Addresses (hostaddr) belong to hosts in the order that they were given.
            several = "," in options.get("host", "") and "hostaddr" not in options
            if several:
                # The host that was reached last is first: one that doesn't respond would cost each
                # new connection CONNECT_TIMEOUT.
                listed = zip(options["host"].split(","), options["port"].split(","), strict=True)
                order = sorted(listed, key=lambda each: (each[0], each[1] or "5432") != last)
                hosts, ports = (",".join(each) for each in zip(*order, strict=True))
                options = options | {"host": hosts, "port": ports}
            connection = connection_class.connect(*arguments, **options)
            if several:
                last = (connection.info.host, str(connection.info.port))
            return connection

        if pooler == "none":
            return
        settings = _settings(statement_timeout)
        if read_only:
            settings["transaction_read_only"] = "on"
        # A pooler refuses settings of a session when it is made, or gives it to others with them.
        calls = ", ".join(
            f"set_config('{name}', '{value}', true)" for name, value in settings.items()
        )
        statement = f"SELECT {calls}"

        def begin(connection: Any) -> None:
            connection.dbapi_connection.execute(statement).close()

        engine.dialect.do_begin = begin  # type: ignore[assignment, method-assign]

    def recognized_pooler(self, engine: Engine) -> str:
        def session_of(connection: Connection) -> tuple[int, int]:
            with connection.begin():
                real = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            return real, connection.connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]

        with engine.connect() as one:
            real, told = session_of(one)
            if real == told:  # poolers make up an ID, for requests to cancel
                return "none"
            # In transaction mode, the session of a connection that does nothing is used by others.
            with engine.connect() as other, other.begin():
                of_other = other.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
                kept = of_other != real and session_of(one)[0] == real
        return "session" if kept else "transaction"

    def error_code(self, error: BaseException | None) -> object:
        return getattr(error, "sqlstate", None)

    @contextmanager
    def schema_lock(self, engine: Engine, name: str) -> Iterator[None]:
        lock = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        with engine.begin() as guard:
            guard.exec_driver_sql(_NO_TIMEOUT)  # it idles while others work
            try:
                guard.execute(select(func.pg_advisory_xact_lock(lock)))
            except OperationalError as error:
                if self.error_code(error.orig) != _LOCK_NOT_AVAILABLE:
                    raise
                raise SchemaLocked from None
            yield

    def insert_or_update(self, table: Table, *columns: str) -> Insert:
        from sqlalchemy.dialects import postgresql  # slow to load

        statement = postgresql.insert(table)
        values = {column: statement.excluded[column] for column in columns}
        return statement.on_conflict_do_update(index_elements=table.primary_key, set_=values)

    def create_trigger(self, trigger: Trigger) -> Iterator[str]:
        # Triggers run once for a statement, not once for a row: many rows in one transaction would
        # leave as many dead versions of the same count behind.
        body = []
        for target in dict.fromkeys(tally.target for tally in trigger.tallies):
            tallies = [tally for tally in trigger.tallies if tally.target == target]
            columns = tallies[0].columns
            changes = " UNION ALL ".join(
                tally.select(f"{row}_rows", str(step))
                for tally in tallies
                for row, step in trigger.steps
            )
            body.append(
                f'INSERT INTO "{target}" ({columns}, entries) '
                f"SELECT {columns}, sum(step) FROM ({changes}) AS changes "
                f"GROUP BY {columns} HAVING sum(step) <> 0 ORDER BY {columns} "
                f"{self.on_existing_count(tallies[0])};"
            )
        yield (
            f'CREATE OR REPLACE FUNCTION "{trigger.name}"() RETURNS trigger LANGUAGE plpgsql AS '
            f"$body$ BEGIN {' '.join(body)} RETURN NULL; END $body$"
        )
        tables = " ".join(f"{row} TABLE AS {row}_rows" for row, _ in trigger.steps)
        yield (
            f'CREATE TRIGGER "{trigger.name}" AFTER {trigger.event.upper()} ON "{trigger.source}" '
            f'REFERENCING {tables} FOR EACH STATEMENT EXECUTE FUNCTION "{trigger.name}"()'
        )

    def on_existing_count(self, tally: Tally) -> str:
        return (
            f"ON CONFLICT ({tally.columns}) DO UPDATE "
            f'SET entries = "{tally.target}".entries + excluded.entries'
        )

    def drop_trigger(self, connection: Connection, trigger: Trigger) -> None:
        drop = f'DROP TRIGGER IF EXISTS "{trigger.name}" ON "{trigger.source}"'
        self.execute_sql(connection, drop)
        self.execute_sql(connection, f'DROP FUNCTION IF EXISTS "{trigger.name}"()')

    def server_info(self, connection: Connection) -> ServerInfo:
        version, encoding, max_connections = connection.exec_driver_sql(
            "SELECT current_setting('server_version'), current_setting('server_encoding'), "
            "current_setting('max_connections')::int "
            "- current_setting('superuser_reserved_connections')::int"
        ).one()
        offset = clock_offset(connection, "SELECT extract(epoch FROM clock_timestamp())")
        return ServerInfo(
            f"PostgreSQL {version}", encoding, encoding == "UTF8", offset, max_connections
        )

    def after_import(self, connection: Connection, table: Any) -> None:
        key = table.autoincrement_column
        if key is None:
            return
        name = real_name(table.name, connection)
        connection.exec_driver_sql(
            f"SELECT setval(pg_get_serial_sequence('\"{name}\"', '{key.name}'), "
            f'(SELECT greatest(coalesce(max("{key.name}"), 0) + 1, 1) FROM "{name}"), false)'
        )

    def next_id(self, connection: Connection, table: Any) -> int | None:
        key = table.autoincrement_column
        sequence = connection.exec_driver_sql(
            f"SELECT pg_get_serial_sequence('\"{real_name(table.name, connection)}\"', "
            f"'{key.name}')"
        ).scalar()
        if sequence is None:
            return None
        statement = f"SELECT last_value + is_called::int FROM {sequence}"
        return connection.exec_driver_sql(statement).scalar()

    def reserve_ids(self, connection: Connection, table: Any, next_id: int) -> None:
        known = self.next_id(connection, table)
        if known is not None and known < next_id:
            connection.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('\"{real_name(table.name, connection)}\"', "
                f"'{table.autoincrement_column.name}'), {next_id:d}, false)"
            )


def _settings(statement_timeout: int) -> dict[str, str]:
    """Return settings for calls.

    :param statement_timeout: seconds; 0 sets no limit.
    """
    longest = _read_timeout(statement_timeout) if statement_timeout else 0
    limit = longest - min(1.0, longest / 10)  # the server's own end comes first
    return {
        # A call among several waits twice: in the row's queue, and then for the row.
        "lock_timeout": f"{LOCK_TIMEOUT * 1000 // 2}ms",
        "statement_timeout": f"{limit * 1000:.0f}ms",
        "TimeZone": "UTC",
        # Compiling a statement of a call takes longer than running it.
        "jit": "off",
    }


def _read_timeout(statement_timeout: int) -> float:
    """Return the seconds to wait for a server's response."""
    return statement_timeout - retry_window(statement_timeout) if statement_timeout else math.inf


def _connection_class(read_timeout: float, pooler: str) -> Any:
    """Return a class of connections that close when a step of the protocol takes longer.

    The server ends statements that take too long, and TCP notices when it is gone. Neither helps
    where the server is there and does nothing: its machine is suspended, its disk hangs.

    :param read_timeout: seconds. Where a pooler may have no session of the server's to spare, the
        first statement of a transaction has LOCK_TIMEOUT at most.
    """
    import psycopg  # an optional dependency

    class ReadTimeout(psycopg.OperationalError):
        """The server doesn't answer."""

        sqlstate = _READ_TIMEOUT

    class TimedConnection(psycopg.Connection[Any]):
        @classmethod
        def connect(cls, *args: Any, **kwargs: Any) -> Any:
            try:
                return super().connect(*args, **kwargs)
            except psycopg.OperationalError as error:
                if pooler != "none" or "unsupported startup parameter" not in str(error):
                    raise
                raise psycopg.OperationalError(
                    f"{str(error).rstrip()}. A pooler is in front of the database: set "
                    "database_pooler to its mode, session or transaction."
                ) from error

        def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
            seconds, advice = read_timeout, ""
            if pooler != "none" and self.pgconn.transaction_status == IDLE:
                seconds = min(seconds, LOCK_TIMEOUT)
                advice = (
                    "; if it runs, the pooler had no free connection to it: raise its pool size "
                    "(default_pool_size of PgBouncer), or lower workers or threads"
                )
            try:
                return super().wait(limited(gen, seconds, advice), *args, **kwargs)
            except ReadTimeout:
                self.close()
                raise

    IDLE = psycopg.pq.TransactionStatus.IDLE  # noqa: N806

    def limited(
        steps: Generator[Any, Any, Any], seconds: float, advice: str
    ) -> Generator[Any, Any, Any]:
        # The driver asks several times a second whether to go on waiting.
        deadline = time.monotonic() + seconds
        ready = None
        while True:
            try:
                awaited = steps.send(ready)
            except StopIteration as end:
                return end.value
            ready = yield awaited
            if not ready and time.monotonic() > deadline:
                raise ReadTimeout(f"the server did not answer within {seconds:g} seconds{advice}")

    return TimedConnection
