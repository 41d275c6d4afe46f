"""The interface of a dialect: everything that databases do in ways of their own."""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import URL, ColumnElement, Connection, CursorResult, Engine, Insert, Table
from sqlalchemy.exc import DBAPIError, OperationalError

from ...errors import ConfigurationError
from ..models import real_name
from ..tallies import Tally, Trigger

#: Seconds to wait for a lock that another call holds, or for a pooled connection.
LOCK_TIMEOUT = 10
#: Seconds to wait for a connection to a server.
CONNECT_TIMEOUT = 5
#: Connections are renewed after this many seconds, before a server or firewall drops them.
POOL_RECYCLE = 3600


def retry_window(statement_timeout: int) -> float:
    """Return the seconds after its begin in which a call gets a new connection for a lost one.

    A server's response is waited for as much less than the limit, so that the sum stays within it.

    :param statement_timeout: seconds; 0 sets no limit.
    """
    return min(1.0, statement_timeout / 2) if statement_timeout else math.inf


class Failure(Enum):
    """What a database's error means for a call."""

    #: The call was rolled back because of another one; running it again may succeed.
    CONFLICT = auto()
    #: The connection is of no more use; a new one may be.
    LOST_CONNECTION = auto()
    #: A text has characters that its column can't hold.
    UNSTORABLE_TEXT = auto()
    #: A text has characters that can't be compared with those of a column.
    UNCOMPARABLE_TEXT = auto()
    #: The database caused the error, not the call.
    UNAVAILABLE = auto()


class SchemaLocked(ConfigurationError):
    """Another process holds the schema lock."""

    def __init__(self, node: str = "") -> None:
        where = f" through the cluster's node {node}" if node else ""
        advice = (
            " If it has ended already, run the same command with this node in the database URL."
            if node
            else ""
        )
        super().__init__(
            f"Another process is changing the tables of this database{where}. "
            f"Wait until it is done.{advice}"
        )


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """A database server, or the library that reads an SQLite file."""

    #: Name and version for people.
    version: str
    #: Character set of stored text.
    character_set: str
    holds_all_characters: bool = True
    #: Seconds that the server's clock is ahead of this machine's.
    clock_offset: float = 0.0
    #: Connections that the server accepts from all clients; None for no limit.
    max_connections: int | None = None


@dataclass(frozen=True, slots=True)
class ClusterState:
    """A cluster as one of its nodes, which all hold the same database, sees it."""

    #: Addresses of the nodes that this one is connected with, its own included; empty where one
    #: tells none, as an arbitrator without data.
    members: tuple[str, ...]
    #: This node's own address; empty if it isn't known.
    address: str
    #: Whether the nodes are a majority, and this one serves statements.
    is_ready: bool
    #: The node's own word, such as ``Synced`` or ``Donor/Desynced``.
    state: str

    @property
    def has_own_address(self) -> bool:
        """Whether this node's address tells it from the others."""
        return bool(self.address) and self.members.count(self.address) == 1

    @property
    def is_synced(self) -> bool:
        """Whether this node serves, and keeps up with the others."""
        return self.is_ready and self.state == "Synced"


class Dialect(ABC):
    """One kind of database. Instances have no state."""

    name: ClassVar[str]
    #: SQLAlchemy's driver by the scheme of a database URL; :meth:`with_driver` may prefer another.
    drivers: ClassVar[Mapping[str, str]]
    #: The extra of this package that installs a driver; None where Python has one itself.
    extra: ClassVar[str | None] = None
    #: Whether there is a server, with connections, a clock and a character set of its own. The
    #: others are a file, which this package can back up.
    has_server: ClassVar[bool] = True
    #: Whether its URLs may have several hosts, see :func:`.engine.read_url`.
    has_host_lists: ClassVar[bool] = False
    #: Whether a pooler may be between this program and the server; the methods for connections
    #: have a parameter ``pooler`` then.
    has_poolers: ClassVar[bool] = False
    #: Program of a server that makes backups.
    dump_program: ClassVar[str | None] = None
    #: Failures by :meth:`error_code`.
    failures: ClassVar[Mapping[object, Failure]]
    #: Errors that the database caused, when :attr:`failures` doesn't have them.
    unavailable_errors: ClassVar[tuple[type[DBAPIError], ...]] = (OperationalError,)
    #: Execution options of a transaction that writes.
    write_options: ClassVar[Mapping[str, Any]] = {}
    #: Isolation level in which a transaction sees one state of the database; None where each does.
    snapshot_isolation: ClassVar[str | None] = "REPEATABLE READ"
    #: Whether text can't contain NUL characters.
    rejects_nul: ClassVar[bool] = False
    #: Whether a user that may create tables may lack the privilege to create triggers.
    restricts_triggers: ClassVar[bool] = False
    #: Query for the names of all enabled triggers.
    trigger_names: ClassVar[str]

    # Connections

    def file(self, url: URL) -> Path | None:
        """Return the file that holds the database; None for a server."""
        return None

    def with_driver(self, url: URL) -> URL:
        """Return the URL with a driver in it: its own, or the one to use with it."""
        return url.set(drivername=self.drivers.get(url.drivername, url.drivername))

    def connect_url(self, url: URL, *, read_only: bool) -> URL:
        """Return the URL with what the driver must be given in it.

        :raises ConfigurationError: the URL can't be used.
        """
        return url

    def engine_options(self, *, statement_timeout: int, read_only: bool) -> dict[str, Any]:
        """Return arguments for ``create_engine``.

        :param statement_timeout: seconds; 0 sets no limit.
        """
        return {
            "pool_recycle": POOL_RECYCLE,
            # After waiting for a lock, a statement must see what the other call has written.
            "isolation_level": "READ COMMITTED",
        }

    @abstractmethod
    def add_listeners(self, engine: Engine, *, statement_timeout: int, read_only: bool) -> None:
        """Prepare connections as they are made, and limit statements."""

    def wait_for_other_nodes(self, engine: Engine, checks: int) -> None:
        """Have the nodes of a cluster wait for what the others have committed before they execute a
        statement.

        :param checks: MariaDB's ``wsrep_sync_wait``: sum of 1 (reading), 2 (updating and deleting),
            4 (inserting) and 8 (``SHOW``).
        """

    def recognized_pooler(self, engine: Engine) -> str:
        """Return the mode of a pooler in front of the server, as it behaves: none, session or
        transaction."""
        return "none"

    def limit_transaction(self, connection: Connection, seconds: int) -> None:
        """Limit the time of a transaction that has begun, where statements can't be limited."""

    # Errors

    @abstractmethod
    def error_code(self, error: BaseException | None) -> object:
        """Return the code of a driver's exception, as :attr:`failures` has it."""

    def failure(self, error: BaseException | None) -> Failure | None:
        """Classify a driver's exception by its code."""
        return self.failures.get(self.error_code(error))

    def repair(self, engine: Engine, error: BaseException | None) -> None:
        """Do what a repetition of the call needs to succeed, after a :attr:`Failure.CONFLICT`."""

    # Clusters

    def cluster(self, connection: Connection) -> ClusterState | None:
        """Return the state of a cluster whose nodes all write; None if the server isn't in one."""
        return None

    def left_cluster(self, error: BaseException | None) -> bool:
        """Return whether a driver's exception means that the node has lost its cluster."""
        return False

    def tables_without_key(self, connection: Connection, names: Sequence[str]) -> Sequence[str]:
        """Return those of some tables that have no primary key, where a cluster needs one."""
        return ()

    # Locks

    @contextmanager
    def schema_lock(self, engine: Engine, name: str) -> Iterator[None]:
        """Context for one process at a time for each name, where transactions that write don't
        exclude each other.

        :raises SchemaLocked: another process keeps the lock.
        """
        yield

    # Statements

    @abstractmethod
    def insert_or_update(self, table: Table, *columns: str) -> Insert:
        """Return the statement that adds a row to a table, or sets some columns of the one with the
        same primary key."""

    # Counts of entries

    @abstractmethod
    def create_trigger(self, trigger: Trigger) -> Iterator[str]:
        """Yield the statements that create a trigger, for :meth:`execute_sql`."""

    @abstractmethod
    def on_existing_count(self, tally: Tally) -> str:
        """Return the end of an ``INSERT`` of counts: those that exist get the new ones added."""

    def drop_trigger(self, connection: Connection, trigger: Trigger) -> None:
        """Remove a trigger, if it exists."""
        self.execute_sql(connection, f'DROP TRIGGER IF EXISTS "{trigger.name}"')

    def execute_sql(self, connection: Connection, statement: str) -> CursorResult[Any]:
        """Execute SQL of ours: with the models' names, and ``"`` as quotation marks of names."""
        return connection.exec_driver_sql(real_name(self.quoted(statement), connection))

    def quoted(self, statement: str) -> str:
        """Return a statement with the database's quotation marks of names in place of ``"``."""
        return statement

    # Administration

    @abstractmethod
    def server_info(self, connection: Connection) -> ServerInfo:
        """Ask a server about itself; changes nothing."""

    def drop_index(self, connection: Connection, index: str, table: str) -> None:
        """Remove an index, both by their real names."""
        quote = connection.dialect.identifier_preparer.quote
        connection.exec_driver_sql(f"DROP INDEX {quote(index)}")

    # Import of Kimai 1

    def before_import(self, connection: Connection) -> None:
        """Prepare a connection for inserting rows with the IDs that they have elsewhere."""

    def after_import(self, connection: Connection, table: Any) -> None:
        """Have a table's next ID follow those that were inserted."""

    @abstractmethod
    def next_id(self, connection: Connection, table: Any) -> int | None:
        """Return the ID that a table's next row would get; None if that can't be known."""

    @abstractmethod
    def reserve_ids(self, connection: Connection, table: Any, next_id: int) -> None:
        """Have a table's new rows get no ID below ``next_id``. This may commit the transaction."""

    def tables_without_transactions(
        self, connection: Connection, names: Sequence[str]
    ) -> Sequence[str]:
        """Return those of some tables of which changes can't be rolled back."""
        return ()

    def columns_by_character_set(
        self, connection: Connection, names: Sequence[str]
    ) -> Mapping[str, Sequence[str]]:
        """Return ``table.column`` by character set, for those of some tables that can't hold every
        character."""
        return {}

    def is_not_ascii(self, column: Any) -> ColumnElement[bool] | None:
        """Return a condition for text that isn't ASCII; None if the database has none."""
        return None


def clock_offset(connection: Connection, statement: str) -> float:
    """Return the seconds that a server's clock is ahead of this machine's.

    :param statement: query for the server's time in unix seconds.
    """
    before = time.time()
    theirs = float(connection.exec_driver_sql(statement).scalar() or 0)
    return theirs - (before + time.time()) / 2
