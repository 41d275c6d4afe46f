"""Installations to measure: a database of its own each, filled by SQL, and a server process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy
from sqlalchemy import URL, Engine, event, make_url

from kimai_remote.storage.transactions import Database
from support import databases, kimai1
from support.server import ROOT, Server, free_port
from support.world import SECRET

from .client import Client
from .cpu import DatabaseClock, process_clock

#: Kinds of databases. ``adopted``: a MariaDB database that Kimai 1 made, served in place.
DATABASES = ("sqlite", "postgresql", "mariadb", "adopted")
PREFIX = "kimai_"
#: Look whether a process has ended, and leave it to be waited for.
_ENDED = os.WEXITED | os.WNOHANG | os.WNOWAIT
DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "mariadb": "mariadb+pymysql"}


@dataclass(frozen=True)
class Checkout:
    """A checkout of this program, whose own virtual environment runs it."""

    path: Path

    @property
    def python(self) -> str:
        own = self.path / ".venv/bin/python"
        return str(own) if own.exists() and self.path != ROOT else sys.executable


@dataclass
class Store:
    """A database of its own, and an engine to fill it with portable SQL: names are quoted with
    ``"``, texts joined with ``||``."""

    kind: str
    url: str
    engine: Engine
    clock: DatabaseClock

    @property
    def server_kind(self) -> str:
        return "mariadb" if self.kind == "adopted" else self.kind

    def run(self, *statements: str) -> None:
        """Run statements in one transaction, with the prefix for each ``{p}``."""
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(sqlalchemy.text(statement.replace("{p}", PREFIX)))

    def numbers(self, count: int) -> str:
        """Return what to select ``n.i``, the numbers from 1 to ``count``, from."""
        if self.kind == "sqlite":
            return (
                "(WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r "
                f"WHERE i < {count}) SELECT i FROM r) n"
            )
        if self.kind == "postgresql":
            return f"generate_series(1, {count}) n(i)"
        return f"(SELECT seq AS i FROM seq_1_to_{count}) n"

    def analyze(self) -> None:
        """Collect what the database plans statements by, as it does by itself after a while."""
        names = [f'"{PREFIX}{name}"' for name in kimai1.TABLES]
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if self.kind == "postgresql":
                connection.exec_driver_sql("VACUUM ANALYZE")
            elif self.kind == "sqlite":
                connection.exec_driver_sql("ANALYZE")
            else:
                connection.exec_driver_sql(f"ANALYZE TABLE {', '.join(names)}").all()


@contextmanager
def store(kind: str, name: str, directory: Path) -> Iterator[Store]:
    """A database of its own, without tables but for an adopted one; gone when the block ends."""
    server_kind = "mariadb" if kind == "adopted" else kind
    url = make_url(databases.url_of(server_kind, directory)).set(drivername=DRIVERS[server_kind])
    if kind == "sqlite":
        url = url.set(database=str(directory / f"{name}.sqlite3"))
        yield _opened(kind, url, DatabaseClock(kind, None, ""))
        return
    name = f"bench_{os.getpid()}_{name}"
    admin = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT")
    quote = admin.dialect.identifier_preparer.quote_identifier
    force = " WITH (FORCE)" if kind == "postgresql" else ""
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {quote(name)}")
        if kind == "postgresql":
            # Workers of a parallel query end before their processor time could be read.
            connection.exec_driver_sql(
                f"ALTER DATABASE {quote(name)} SET max_parallel_workers_per_gather = 0"
            )
    opened = _opened(kind, url.set(database=name), DatabaseClock(server_kind, admin, name))
    try:
        yield opened
    finally:
        opened.engine.dispose()
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {quote(name)}{force}")
        admin.dispose()


def _opened(kind: str, url: URL, clock: DatabaseClock) -> Store:
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    if url.drivername.startswith("mariadb"):

        @event.listens_for(engine, "connect")
        def use_standard_sql(connection: object, _record: object) -> None:
            with connection.cursor() as cursor:  # type: ignore[attr-defined]
                cursor.execute("SET SESSION sql_mode='ANSI,NO_AUTO_VALUE_ON_ZERO'")

    if kind == "adopted":
        kimai = Database(url.render_as_string(hide_password=False), PREFIX)
        names = ("configuration", "statuses", "globalRoles", "membershipRoles")
        kimai1.create(kimai, rows={name: kimai1.ROWS[name] for name in names})
        kimai.close()
    plain = url.set(drivername=url.get_backend_name())
    return Store(kind, plain.render_as_string(hide_password=False), engine, clock)


@dataclass
class Installation:
    """A server process with one worker, its database, and a connection to it."""

    name: str
    store: Store
    directory: Path
    command: list[str]
    environ: dict[str, str]
    #: The checkout that it runs; None where it is no release of this program.
    checkout: Checkout | None = None
    #: API keys by login name.
    keys: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        """Start the server and connect to it."""
        self.port = free_port()
        command = [part.replace("{port}", str(self.port)) for part in self.command]
        log = self.directory / f"{self.name}.log".replace(" ", "-")
        self.server = Server(command, self.environ, f"http://127.0.0.1:{self.port}", log)
        self.server.start()
        self.client = Client(self.port)

    def stop(self) -> None:
        self.client.close()
        self.server.stop()

    @property
    def worker(self) -> int:
        """ID of the worker process."""
        (pid,) = self.server.workers
        return pid

    def cpu(self) -> float:
        """Return the processor time of the server's processes in milliseconds."""
        return sum(map(process_clock, (self.server.process.pid, *self.server.workers)))

    def cli(self, *arguments: str) -> tuple[float, float]:
        """Run a command of the checkout.

        :returns: milliseconds of processor time of the command and of the database server for it.
        :raises AssertionError: the command fails.
        """
        assert self.checkout is not None
        command = [self.checkout.python, "-m", "kimai_remote", *arguments]
        output = self.directory / "command.log"
        database: dict[int, float] = {}
        before = self.store.clock.read()
        with output.open("w") as stream:
            process = subprocess.Popen(
                command, env=self.environ, cwd=self.directory, stdout=stream, stderr=stream
            )
            while not (ended := os.waitid(os.P_PID, process.pid, _ENDED)):
                # What serves the command's connection ends with it.
                database |= self.store.clock.read()
                time.sleep(0.02)
        own = process_clock(process.pid)
        process.wait()
        if ended.si_status:
            raise AssertionError(f"{command} failed:\n{output.read_text()}")
        return own, sum(now - before.get(number, 0) for number, now in database.items())


def of_checkout(
    name: str,
    checkout: Checkout,
    store: Store,
    directory: Path,
    settings: Mapping[str, str] | None = None,
) -> Installation:
    """An installation of a checkout.

    :param settings: by their names in lower case, besides the usual ones.
    """
    values = {
        "secret": SECRET.decode(),
        "database_url": store.url,
        "table_prefix": PREFIX,
        "data_dir": str(directory / "data"),
        "login_rate": "0",
        "workers": "1",
    }
    if store.kind == "adopted":
        values |= {"shared_with_kimai": "true", "password_salt": kimai1.SALT}
    values |= settings or {}
    environ = {name: value for name, value in os.environ.items() if "KIMAI_REMOTE_" not in name}
    environ |= {f"KIMAI_REMOTE_{name.upper()}": value for name, value in values.items()}
    command = [checkout.python, str(checkout.path / "serve.py"), "--port", "{port}"]
    return Installation(name, store, directory, command, environ, checkout)


def of_reference(name: str, program: str, store: Store, directory: Path) -> Installation:
    """An installation of a program of comparison; see :mod:`.reference_server`."""
    command = [sys.executable, "-m", "benchmarks.reference_server", program, "{port}"]
    environ = dict(os.environ) | {"PYTHONPATH": str(ROOT / "tests")}
    return Installation(name, store, directory, [*command, store.server_kind, store.url], environ)
