"""MariaDB and MySQL."""

from __future__ import annotations

import re
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    Insert,
    Table,
    column,
    event,
    func,
    literal_column,
    select,
    table,
)
from sqlalchemy.exc import DBAPIError, InternalError, OperationalError

from ..models import User, real_name
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

#: Error codes of a statement that takes too long, of MariaDB and of MySQL.
_STATEMENT_TIMEOUT = (1969, 3024)
#: Seconds after which a server ends a connection that does nothing: the most on every system.
_LONGEST_IDLE = 2_147_483
#: Parameters of a URL that mean the same to mysqlclient and PyMySQL.
_COMMON_PARAMETERS = {
    "connect_timeout",
    "read_timeout",
    "ssl_ca",
    "ssl_cert",
    "ssl_key",
    "unix_socket",
    "write_timeout",
}


class MariaDB(Dialect):
    name = "mariadb"
    drivers = {"mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}
    extra = "mariadb"
    dump_program = "mariadb-dump"
    failures = {
        1213: Failure.CONFLICT,  # deadlock
        1020: Failure.CONFLICT,  # the record has changed since it was read
        1053: Failure.LOST_CONNECTION,  # shutdown
        1927: Failure.LOST_CONNECTION,  # connection killed
        # Read-only, as after a failover; a new connection may not be.
        1290: Failure.LOST_CONNECTION,
        1792: Failure.LOST_CONNECTION,
        1836: Failure.LOST_CONNECTION,
        1366: Failure.UNSTORABLE_TEXT,
        1267: Failure.UNCOMPARABLE_TEXT,
    }
    # InternalError: files that the server can't write, responses that are cut off.
    unavailable_errors = (OperationalError, InternalError)
    # A server with a binary log may require a privilege for triggers that few accounts have.
    restricts_triggers = True
    trigger_names = (
        "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = database()"
    )

    def with_driver(self, url: URL) -> URL:
        # mysqlclient is written in C and takes a fraction of PyMySQL's time, but it has no wheels
        # for some machines.
        implied = "+" not in url.drivername and url.query.keys() <= _COMMON_PARAMETERS
        if implied and _has_mysqlclient():
            return url.set(drivername=f"{url.drivername}+mysqldb")
        return super().with_driver(url)

    def connect_url(self, url: URL, *, read_only: bool) -> URL:
        return url.update_query_dict({"charset": "utf8mb4"})

    def engine_options(self, *, statement_timeout: int, read_only: bool) -> dict[str, Any]:
        # Kimai 1 needs a non-strict mode; a value that doesn't fit must be an error here.
        mode = "SET SESSION sql_mode='STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ENGINE_SUBSTITUTION'"
        options = super().engine_options(statement_timeout=statement_timeout, read_only=read_only)
        options["connect_args"] = {
            # MySQL cuts texts of several rows that are joined to 1024 bytes.
            "init_command": f"{mode}, innodb_lock_wait_timeout={LOCK_TIMEOUT}, "
            "group_concat_max_len=65536",
            "connect_timeout": CONNECT_TIMEOUT,
        }
        if statement_timeout:
            # The server ends slow statements; this is for a server that doesn't answer.
            options["connect_args"]["read_timeout"] = statement_timeout + LOCK_TIMEOUT
        return options

    def add_listeners(self, engine: Engine, *, statement_timeout: int, read_only: bool) -> None:
        if engine.dialect.driver == "mysqldb":
            connection_class = _connections_like_pymysql()

            @event.listens_for(engine, "do_connect")
            def connect(_dialect: Any, _record: Any, _arguments: Any, parameters: Any) -> Any:
                return connection_class(**parameters)

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, _record: Any) -> None:
            with connection.cursor() as cursor:
                if read_only:
                    cursor.execute("SET SESSION TRANSACTION READ ONLY")
                if not statement_timeout:
                    return
                if "MariaDB" in connection.get_server_info():
                    cursor.execute(f"SET SESSION max_statement_time={statement_timeout}")
                else:  # MySQL limits only statements that read
                    cursor.execute(f"SET SESSION max_execution_time={statement_timeout * 1000}")

    def error_code(self, error: BaseException | None) -> object:
        return next(iter(getattr(error, "args", ())), None)

    @contextmanager
    def schema_lock(self, engine: Engine, name: str) -> Iterator[None]:
        # On a connection of its own: each change of a table ends a transaction.
        with engine.connect() as guard:
            guard.detach()  # closed afterwards, with its settings
            guard.exec_driver_sql(f"SET SESSION wait_timeout={_LONGEST_IDLE}, autocommit=1")
            try:
                acquired = guard.scalar(select(func.get_lock(name, LOCK_TIMEOUT)))
            except DBAPIError as error:
                if self.error_code(error.orig) not in _STATEMENT_TIMEOUT:
                    raise
                acquired = False
            if not acquired:
                raise SchemaLocked
            try:
                yield
            finally:
                guard.scalar(select(func.release_lock(name)))

    def insert_or_update(self, table: Table, *columns: str) -> Insert:
        from sqlalchemy.dialects import mysql  # slow to load

        statement = mysql.insert(table)
        values = {column: statement.inserted[column] for column in columns}
        return statement.on_duplicate_key_update(values)

    def create_trigger(self, trigger: Trigger) -> Iterator[str]:
        yield trigger.for_each_row(self._add_to_count)

    def _add_to_count(self, tally: Tally, row: str, step: int, condition: str) -> str:
        return (
            f'IF {condition} THEN INSERT INTO "{tally.target}" ({tally.columns}, entries) '
            f"VALUES ({tally.values(row)}, {step}) {self.on_existing_count(tally)}; END IF;"
        )

    def on_existing_count(self, tally: Tally) -> str:
        return f'ON DUPLICATE KEY UPDATE entries = "{tally.target}".entries + VALUES(entries)'

    def quoted(self, statement: str) -> str:
        return statement.replace('"', "`")

    def drop_trigger(self, connection: Connection, trigger: Trigger) -> None:
        # A server with a binary log refuses many accounts even the removal of one that doesn't
        # exist.
        existing = {
            name.lower() for name in connection.exec_driver_sql(self.trigger_names).scalars()
        }
        if real_name(trigger.name, connection).lower() in existing:
            super().drop_trigger(connection, trigger)

    def server_info(self, connection: Connection) -> ServerInfo:
        version, max_connections = connection.exec_driver_sql(
            "SELECT version(), @@max_connections"
        ).one()
        name = "MariaDB" if "maria" in version.lower() else "MySQL"
        # The tables' own character set counts; the database's is for new tables.
        of_table = connection.exec_driver_sql(
            "SELECT character_set_name FROM information_schema.columns "
            "WHERE table_schema = database() AND table_name = %s AND column_name = 'name'",
            (real_name(User.__tablename__, connection),),
        ).scalar()
        character_set = (
            of_table or connection.exec_driver_sql("SELECT @@character_set_database").scalar()
        )
        return ServerInfo(
            f"{name} {version.partition('-')[0]}",
            str(character_set),
            # Our own tables are created in utf8mb4, whatever the database's default is.
            not of_table or character_set == "utf8mb4",
            clock_offset(connection, "SELECT unix_timestamp(sysdate(6))"),
            int(max_connections),
        )

    def drop_index(self, connection: Connection, index: str, table: str) -> None:
        quote = connection.dialect.identifier_preparer.quote
        connection.exec_driver_sql(f"DROP INDEX {quote(index)} ON {quote(table)}")

    def before_import(self, connection: Connection) -> None:
        # ID 0 is an ID, not a request for a new one.
        connection.exec_driver_sql(
            "SET SESSION sql_mode = CONCAT(@@sql_mode, ',NO_AUTO_VALUE_ON_ZERO')"
        )
        connection.detach()  # nobody else gets this connection

    def next_id(self, connection: Connection, table: Any) -> int | None:
        # The information schema of MySQL 8 may be a day old.
        name = _quoted_name(connection, table)
        _, definition = connection.exec_driver_sql(f"SHOW CREATE TABLE {name}").one()
        match = re.search(r"\) ENGINE=\S+ AUTO_INCREMENT=(\d+)", definition)
        return int(match[1]) if match else 1

    def reserve_ids(self, connection: Connection, table: Any, next_id: int) -> None:
        known = self.next_id(connection, table)
        if known is not None and known < next_id:
            name = _quoted_name(connection, table)
            connection.exec_driver_sql(f"ALTER TABLE {name} AUTO_INCREMENT = {next_id:d}")

    def tables_without_transactions(
        self, connection: Connection, names: Sequence[str]
    ) -> Sequence[str]:
        tables = _information_schema("TABLES", "TABLE_SCHEMA", "TABLE_NAME", "ENGINE")
        return connection.scalars(
            select(tables.c.TABLE_NAME)
            .where(tables.c.TABLE_SCHEMA.in_([func.database()]))
            .where(tables.c.TABLE_NAME.in_(names), tables.c.ENGINE != "InnoDB")
        ).all()

    def columns_by_character_set(
        self, connection: Connection, names: Sequence[str]
    ) -> Mapping[str, Sequence[str]]:
        columns = _information_schema(
            "COLUMNS", "TABLE_SCHEMA", "TABLE_NAME", "COLUMN_NAME", "CHARACTER_SET_NAME"
        )
        statement = (
            select(columns.c.CHARACTER_SET_NAME, columns.c.TABLE_NAME, columns.c.COLUMN_NAME)
            .where(columns.c.TABLE_SCHEMA.in_([func.database()]))
            .where(columns.c.TABLE_NAME.in_(names), columns.c.CHARACTER_SET_NAME != "utf8mb4")
            .order_by(columns.c.TABLE_NAME, columns.c.COLUMN_NAME)
        )
        result: dict[str, list[str]] = {}
        for character_set, table_name, column_name in connection.execute(statement):
            result.setdefault(character_set, []).append(f"{table_name}.{column_name}")
        return result

    def is_not_ascii(self, column: Any) -> ColumnElement[bool] | None:
        in_bytes = func.length(func.convert(column.op("USING")(literal_column("utf8mb4"))))
        return in_bytes != func.char_length(column)


def _has_mysqlclient() -> bool:
    try:
        import_module("MySQLdb")
    except ImportError:  # also if the system lacks a library that it was built with
        return False
    return True


def _connections_like_pymysql() -> Any:
    """Return mysqlclient's class of connections, changed to do what PyMySQL does."""
    # To MariaDB's client library, which has version 3, requiring TLS means: if the server has it.
    mariadb = import_module("MySQLdb").get_client_info().startswith("3.")
    tls_if_offered = "REQUIRED" if mariadb else "PREFERRED"
    base: Any = import_module("MySQLdb.connections").Connection

    class Connection(base):
        def __init__(self, **parameters: Any) -> None:
            # The server can't ask for files, a statement is one statement, and bytes are no text.
            parameters.setdefault("local_infile", False)
            parameters |= {"multi_statements": False, "binary_prefix": True}
            # With an authority in the URL, the server's certificate is verified.
            verify = not {"ca", "capath"}.isdisjoint(parameters.get("ssl", ()))
            parameters.setdefault("ssl_mode", "VERIFY_IDENTITY" if verify else tls_if_offered)
            # To the client library, localhost in small letters is a Unix socket.
            if "unix_socket" not in parameters and parameters.get("host") in (None, "localhost"):
                parameters["host"] = "LOCALHOST"
            self._stream: Callable[[], Any] = lambda: None
            super().__init__(**parameters)

        def cursor(self, cursorclass: Any = None) -> Any:
            cursor = super().cursor(cursorclass)
            if cursorclass is not None:  # for a result that is read piece by piece
                self._stream = weakref.ref(cursor)
            return cursor

        def commit(self) -> None:
            self._end_stream()
            super().commit()

        def rollback(self) -> None:
            try:
                self._end_stream()
            finally:  # the server may have ended its statement meanwhile
                super().rollback()

        def _end_stream(self) -> None:
            # What isn't read of a result would be taken for the server's next response.
            if stream := self._stream():
                stream.close()

    return Connection


def _information_schema(name: str, *columns: str) -> Any:
    return table(name, *map(column, columns), schema="information_schema")


def _quoted_name(connection: Connection, table: Any) -> str:
    name = real_name(table.name, connection)
    return connection.dialect.identifier_preparer.quote(name)
