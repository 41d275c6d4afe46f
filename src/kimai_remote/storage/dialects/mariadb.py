"""MariaDB and MySQL."""

from __future__ import annotations

import logging
import math
import re
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
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
    delete,
    event,
    func,
    insert,
    literal_column,
    select,
    table,
    update,
)
from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    InternalError,
    OperationalError,
    PendingRollbackError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.schema import CreateTable

from ...errors import ConfigurationError
from ..models import User, real_name, schema_lock
from ..tallies import TRIGGERS, Tally, Trigger
from .base import (
    CONNECT_TIMEOUT,
    LOCK_TIMEOUT,
    ClusterState,
    Dialect,
    Failure,
    SchemaLocked,
    ServerInfo,
    clock_offset,
    retry_window,
)

log = logging.getLogger(__name__)

#: Error codes of a statement that takes too long, of MariaDB and of MySQL.
_STATEMENT_TIMEOUT = (1969, 3024)
_SYNTAX_ERROR = 1064
_MISREAD_TRIGGER = re.compile(r"trigger .*has an error in its body", re.IGNORECASE)
#: Held by the thread that has triggers read again.
_repairing = threading.Lock()
#: Error code of a node that has left its cluster.
_NOT_READY = 1047
#: Seconds between two looks at who holds the lock of a cluster.
_POLL = 0.1
#: Seconds after which a server ends a connection that does nothing: the most on every system.
_LONGEST_IDLE = 2_147_483
#: Columns that tell who holds the lock of a cluster.
_HOLDER = ("node", "connection", "since")
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


class UnknownNode(ConfigurationError):
    """The nodes of a cluster can't be told apart by their addresses."""

    def __init__(self) -> None:
        super().__init__(
            "The nodes of the Galera cluster don't tell different addresses, and the lock for "
            "changes of tables needs them. Set wsrep_node_incoming_address on each node, and "
            "restart it."
        )


class MariaDB(Dialect):
    name = "mariadb"
    drivers = {"mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}
    extra = "mariadb"
    dump_program = "mariadb-dump"
    failures = {
        # Deadlock. In a cluster also: another node's transaction came first. At the commit, the
        # transaction was rolled back on every node.
        1213: Failure.CONFLICT,
        1020: Failure.CONFLICT,  # the record has changed since it was read
        1684: Failure.CONFLICT,  # another node is changing the table
        1053: Failure.LOST_CONNECTION,  # shutdown
        1927: Failure.LOST_CONNECTION,  # connection killed
        # The node has left its cluster. 1047 is said before a statement is executed. 1180 at the
        # commit may be wrong: what the node had sent before, the others may have committed.
        _NOT_READY: Failure.LOST_CONNECTION,
        1180: Failure.LOST_CONNECTION,
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
            "group_concat_max_len=65536, lc_messages='en_US'",
            "connect_timeout": min(CONNECT_TIMEOUT, statement_timeout or CONNECT_TIMEOUT),
        }
        if statement_timeout:
            # The server ends slow statements; this is for a server that doesn't answer.
            options["connect_args"]["read_timeout"] = _read_timeout(statement_timeout)
        return options

    def add_listeners(self, engine: Engine, *, statement_timeout: int, read_only: bool) -> None:
        if engine.dialect.driver == "mysqldb":
            connect = _connections_like_pymysql()
        else:
            connect = _connect_with_pymysql

        @event.listens_for(engine, "do_connect")
        def connect_to_server(_dialect: Any, _record: Any, _arguments: Any, options: Any) -> Any:
            try:
                return connect(**options)
            except TypeError as error:
                raise engine.dialect.loaded_dbapi.OperationalError(
                    f"the driver doesn't know a parameter of the database URL: {error}"
                ) from error

        longest = _read_timeout(statement_timeout) if statement_timeout else 0
        limit = longest - min(1.0, longest / 10)  # the server's own end comes first

        def prepare(connection: Any, _record: Any) -> None:
            is_mariadb = "MariaDB" in connection.get_server_info()
            with connection.cursor() as cursor:
                if read_only:
                    cursor.execute("SET SESSION TRANSACTION READ ONLY")
                    if is_mariadb:  # a node that has left its cluster shows what it has
                        with suppress(engine.dialect.loaded_dbapi.Error):
                            cursor.execute("SET SESSION wsrep_dirty_reads=1")
                if limit and is_mariadb:
                    cursor.execute(f"SET SESSION max_statement_time={limit:.3f}")
                elif limit:  # MySQL limits only statements that read
                    cursor.execute(f"SET SESSION max_execution_time={limit * 1000:.0f}")

        # Before SQLAlchemy's own statements.
        event.listen(engine, "connect", prepare, insert=True)

    def wait_for_other_nodes(self, engine: Engine, checks: int) -> None:
        @event.listens_for(engine, "connect")
        def prepare(connection: Any, _record: Any) -> None:
            with connection.cursor() as cursor:
                cursor.execute(f"SET SESSION wsrep_sync_wait={checks:d}")

    def error_code(self, error: BaseException | None) -> object:
        return next(iter(getattr(error, "args", ())), None)

    def failure(self, error: BaseException | None) -> Failure | None:
        return Failure.CONFLICT if self._has_misread_trigger(error) else super().failure(error)

    def _has_misread_trigger(self, error: BaseException | None) -> bool:
        """Return whether the server has misread a trigger, as nodes of a cluster sometimes do."""
        if self.error_code(error) != _SYNTAX_ERROR:
            return False
        return _MISREAD_TRIGGER.search(str(error)) is not None

    def repair(self, engine: Engine, error: BaseException | None) -> None:
        # It keeps what it has misread until the table is closed.
        if not self._has_misread_trigger(error) or not _repairing.acquire(blocking=False):
            return
        try:
            with engine.begin() as connection:
                for table in dict.fromkeys(trigger.source for trigger in TRIGGERS):
                    # Closes the table, and changes nothing. FLUSH needs a privilege that few have.
                    self.execute_sql(connection, f'ALTER TABLE "{table}" ENABLE KEYS')
        except (DBAPIError, PoolTimeout) as failure:
            log.warning(
                "MariaDB has misread a trigger, and keeps refusing to write until an administrator "
                "of the server runs FLUSH TABLES; ALTER TABLE failed: %s",
                str(getattr(failure, "orig", None) or failure),
            )
        else:
            log.warning("MariaDB had misread a trigger and was made to read it again.")
        finally:
            _repairing.release()

    def cluster(self, connection: Connection) -> ClusterState | None:
        rows = connection.exec_driver_sql(
            "SHOW GLOBAL STATUS WHERE variable_name IN ('wsrep_cluster_status', "
            "'wsrep_incoming_addresses', 'wsrep_local_index', 'wsrep_local_state_comment', "
            "'wsrep_provider_name', 'wsrep_ready')"
        )
        status = {name.lower().removeprefix("wsrep_"): value for name, value in rows}
        if not status.get("provider_name"):
            return None
        members = tuple(status["incoming_addresses"].split(","))
        index = int(status["local_index"])
        return ClusterState(
            members=members,
            address=members[index] if index < len(members) else "",
            is_ready=status["ready"] == "ON" and status["cluster_status"] == "Primary",
            state=status["local_state_comment"],
        )

    def left_cluster(self, error: BaseException | None) -> bool:
        return self.error_code(error) == _NOT_READY

    def tables_without_key(self, connection: Connection, names: Sequence[str]) -> Sequence[str]:
        tables = _information_schema("TABLES", "TABLE_SCHEMA", "TABLE_NAME")
        keys = _information_schema("STATISTICS", "TABLE_SCHEMA", "TABLE_NAME", "INDEX_NAME")
        has_key = (
            select(keys.c.INDEX_NAME)
            .where(keys.c.TABLE_SCHEMA.in_([func.database()]), keys.c.INDEX_NAME == "PRIMARY")
            .where(keys.c.TABLE_NAME == tables.c.TABLE_NAME)
            .exists()
        )
        return connection.scalars(
            select(tables.c.TABLE_NAME)
            .where(tables.c.TABLE_SCHEMA.in_([func.database()]))
            .where(tables.c.TABLE_NAME.in_(names), ~has_key)
            .order_by(tables.c.TABLE_NAME)
        ).all()

    @contextmanager
    def schema_lock(self, engine: Engine, name: str) -> Iterator[None]:
        # On a connection of its own: each change of a table ends a transaction.
        deadline = time.monotonic() + LOCK_TIMEOUT
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
            if self.cluster(guard) is None:
                yield
            else:  # the lock is one of this node alone
                with self._cluster_lock(engine, guard, deadline):
                    yield

    @contextmanager
    def _cluster_lock(self, engine: Engine, guard: Connection, deadline: float) -> Iterator[None]:
        """Context for one process at a time in a cluster: the one that has committed a row.

        The process holds the node's own lock too, so a row that names its node is left over from
        one that has ended. A row that names no member is so after the whole time to wait.
        """
        row = schema_lock
        guard.exec_driver_sql("SET SESSION wsrep_sync_wait=7")
        mine = {"connection": guard.scalar(select(func.connection_id())), "since": int(time.time())}
        guard.execute(CreateTable(row, if_not_exists=True))
        was_member = False
        while True:
            cluster = self.cluster(guard)
            if cluster is None or not cluster.has_own_address:
                raise UnknownNode
            mine["node"] = cluster.address
            try:
                holder = guard.execute(select(row)).mappings().first()
                if holder is None:
                    guard.execute(insert(row), {"id": 1, **mine})
                    break
                was_member |= holder["node"] in cluster.members
                is_over = time.monotonic() > deadline
                if holder["node"] == cluster.address or (is_over and not was_member):
                    if guard.execute(_is(holder, update(row)), mine).rowcount:
                        break
                elif is_over:
                    raise SchemaLocked(holder["node"])
            except (IntegrityError, OperationalError) as error:  # another process was faster
                conflict = self.failure(error.orig) is Failure.CONFLICT
                if not conflict and not isinstance(error, IntegrityError):
                    raise
            time.sleep(_POLL)

        def check(*_: Any) -> None:
            with suppress(ProgrammingError):  # the table is removed last of all
                if guard.execute(_is(mine, select(row))).first() is None:
                    raise SchemaLocked

        def check_statement(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if statement.lstrip().upper().startswith(("ALTER", "CREATE", "DROP")):
                check()

        # Another process took over if this node has left the cluster for a while.
        listeners = {"before_cursor_execute": check_statement, "commit": check}
        for name, listener in listeners.items():
            event.listen(engine, name, listener)
        try:
            yield
        finally:
            for name, listener in listeners.items():
                event.remove(engine, name, listener)
            # If the node has left, or the connection was lost, the row stays.
            with suppress(DBAPIError, PendingRollbackError):
                guard.execute(_is(mine, delete(row)))

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


def _read_timeout(statement_timeout: int) -> int:
    """Return the seconds to wait for a server's response; mysqlclient takes whole ones only."""
    return math.ceil(statement_timeout - retry_window(statement_timeout))


def _connect_with_pymysql(**options: Any) -> Any:
    """Connect with PyMySQL, whose own ``connect_timeout`` ends before the server's first word."""
    pymysql = import_module("pymysql")  # an optional dependency
    read_timeout = options.pop("read_timeout", None)
    connection: Any = pymysql.connect(**options, read_timeout=options["connect_timeout"])
    connection._read_timeout = read_timeout
    return connection


def _is(holder: Mapping[Any, Any], statement: Any) -> Any:
    """Limit a statement to the row of a holder of the schema lock."""
    columns = schema_lock.c
    return statement.where(*(columns[name] == holder[name] for name in _HOLDER))


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
