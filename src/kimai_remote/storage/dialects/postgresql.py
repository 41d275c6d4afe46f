"""PostgreSQL."""

from __future__ import annotations

import hashlib
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
)

_LOCK_NOT_AVAILABLE = "55P03"
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
        "22P05": Failure.UNSTORABLE_TEXT,  # untranslatable character
        "22021": Failure.UNSTORABLE_TEXT,  # character not in repertoire
    }
    has_host_lists = True
    rejects_nul = True
    trigger_names = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"

    def connect_url(self, url: URL, *, read_only: bool) -> URL:
        if "," not in url.query.get("host", ""):
            return url
        query = {"target_session_attrs": "read-write", **url.query}
        if read_only and query["target_session_attrs"] == "read-write":
            query["target_session_attrs"] = "primary"  # read-only sessions aren't read-write
        return url.set(query=query)

    def engine_options(self, *, statement_timeout: int, read_only: bool) -> dict[str, Any]:
        session = {
            # A call among several waits twice: in the row's queue, and then for the row.
            "lock_timeout": f"{LOCK_TIMEOUT * 1000 // 2}ms",
            "statement_timeout": f"{statement_timeout}s",
            "TimeZone": "UTC",
            "client_encoding": "UTF8",
            # Compiling a statement of a call takes longer than running it.
            "jit": "off",
        }
        if read_only:  # otherwise the server's own setting holds
            session["default_transaction_read_only"] = "on"
        options = super().engine_options(statement_timeout=statement_timeout, read_only=read_only)
        options["connect_args"] = {
            "connect_timeout": CONNECT_TIMEOUT,
            "options": " ".join(f"-c {name}={value}" for name, value in session.items()),
            # Notice within a minute that a server is gone.
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            "tcp_user_timeout": 60_000,
        }
        return options

    def add_listeners(self, engine: Engine, *, statement_timeout: int, read_only: bool) -> None:
        if not statement_timeout:
            return
        connection_class = _with_read_timeout(statement_timeout)

        @event.listens_for(engine, "do_connect")
        def connect(_dialect: Any, _record: Any, arguments: Any, options: Any) -> Any:
            return connection_class.connect(*arguments, **options)

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


def _with_read_timeout(seconds: float) -> Any:
    """Return a class of connections that close when a step of the protocol takes longer.

    The server ends statements that take too long, and TCP notices when it is gone. Neither helps
    where the server is there and does nothing: its machine is suspended, its disk hangs.
    """
    import psycopg  # an optional dependency

    class ReadTimeout(psycopg.OperationalError):
        """The server doesn't answer."""

    class TimedConnection(psycopg.Connection[Any]):
        def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                return super().wait(limited(gen), *args, **kwargs)
            except ReadTimeout:
                self.close()
                raise

    def limited(steps: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
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
                raise ReadTimeout(f"the server did not answer within {seconds:.0f} seconds")

    return TimedConnection
