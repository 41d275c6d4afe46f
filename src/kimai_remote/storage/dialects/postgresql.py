"""PostgreSQL."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event, func, select
from sqlalchemy.exc import OperationalError

from ..models import real_name
from .base import (
    CONNECT_TIMEOUT,
    COUNTED_BY,
    COUNTS,
    ENTRIES,
    LOCK_TIMEOUT,
    Dialect,
    Failure,
    SchemaLocked,
    ServerInfo,
    clock_offset,
)

_LOCK_NOT_AVAILABLE = "55P03"


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
    rejects_nul = True
    trigger_names = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"

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
        connection_class = _with_read_timeout(statement_timeout + LOCK_TIMEOUT)

        @event.listens_for(engine, "do_connect")
        def connect(_dialect: Any, _record: Any, arguments: Any, options: Any) -> Any:
            return connection_class.connect(*arguments, **options)

    def error_code(self, error: BaseException | None) -> object:
        return getattr(error, "sqlstate", None)

    @contextmanager
    def schema_lock(self, engine: Engine, name: str) -> Iterator[Connection]:
        lock = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        with super().schema_lock(engine, name) as connection:
            try:
                connection.execute(select(func.pg_advisory_xact_lock(lock)))
            except OperationalError as error:
                if self.error_code(error.orig) != _LOCK_NOT_AVAILABLE:
                    raise
                raise SchemaLocked from None
            yield connection

    def lock_entries(self, connection: Connection) -> None:
        entries = real_name(ENTRIES, connection)
        connection.exec_driver_sql(f'LOCK TABLE "{entries}" IN SHARE ROW EXCLUSIVE MODE')

    def create_triggers(self) -> Iterator[str]:
        columns = ", ".join(f'"{name}"' for name in COUNTED_BY)
        # Triggers run once for a statement, not once for a row: many rows in one transaction would
        # leave as many dead versions of the same count behind.
        for name, transition_tables in (
            ("insert", (("new_rows", "NEW", 1),)),
            ("delete", (("old_rows", "OLD", -1),)),
            ("update", (("old_rows", "OLD", -1), ("new_rows", "NEW", 1))),
        ):
            trigger = f'"{COUNTS}_{name}"'
            union = " UNION ALL ".join(
                f"SELECT {columns}, (cleared <> 0)::int AS flag, {step} AS step FROM {table}"
                for table, _, step in transition_tables
            )
            yield (
                f"CREATE OR REPLACE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql AS "
                f'$body$ BEGIN INSERT INTO "{COUNTS}" ({columns}, cleared, entries) '
                f"SELECT {columns}, flag, sum(step) FROM ({union}) AS changed "
                f"GROUP BY {columns}, flag HAVING sum(step) <> 0 ORDER BY {columns}, flag "
                f'ON CONFLICT ({columns}, cleared) DO UPDATE SET entries = "{COUNTS}".entries '
                "+ excluded.entries; RETURN NULL; END $body$"
            )
            references = " ".join(
                f"{side} TABLE AS {table}" for table, side, _ in transition_tables
            )
            yield (
                f'CREATE TRIGGER {trigger} AFTER {name.upper()} ON "{ENTRIES}" '
                f"REFERENCING {references} FOR EACH STATEMENT EXECUTE FUNCTION {trigger}()"
            )

    def drop_trigger(self, connection: Connection, event: str) -> None:
        trigger = real_name(f'"{COUNTS}_{event}"', connection)
        entries = real_name(ENTRIES, connection)
        connection.exec_driver_sql(f'DROP TRIGGER IF EXISTS {trigger} ON "{entries}"')
        connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {trigger}()")

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
