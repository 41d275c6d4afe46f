"""Database servers that a test may stop, kill and freeze."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy

from kimai_remote.storage.transactions import Database
from support import processes
from support.requirements import missing
from support.server import free_port

#: Debian keeps PostgreSQL's programs out of the search path, one folder a version.
_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin")
_POSTGRESQL = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


class Instance(ABC):
    """One database server.

    :param directory: empty; belongs to the instance, and so to its user.
    :param options: more options of the server's program.
    """

    dialect: str
    #: Users that the server may run as if the tests run as root, which it refuses.
    users: tuple[str, ...]

    def __init__(self, directory: Path, *options: str) -> None:
        self.directory = directory
        self.options = options
        self.data = directory / "data"
        self.port = free_port()
        self.log = directory / "log"
        self._process: subprocess.Popen[str] | None = None
        self._user = None
        if os.geteuid() == 0:
            self._user = _first_user(self.users)
            shutil.chown(directory, self._user)

    @property
    @abstractmethod
    def url(self) -> str:
        """URL of the database ``test``."""

    @abstractmethod
    def _make(self) -> None: ...

    @abstractmethod
    def _command(self) -> list[str]: ...

    @abstractmethod
    def _create_database(self) -> None: ...

    def make(self) -> None:
        """Make the files, start, and create the database."""
        self._make()
        self.start()
        self._create_database()

    def start(self) -> None:
        """Start the server, and wait until it takes connections."""
        self.remove()  # one that gave up by itself
        self._process = processes.start(
            [*self._command(), *self.options], self.log, cwd=self.directory, user=self._user
        )
        processes.wait_for_response(self._process, self._answers, self.log)

    def stop(self) -> None:
        """Stop at once, without waiting for clients, but in order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Let the server crash."""
        self._end(signal.SIGKILL)

    def remove(self) -> None:
        """End all processes of the server, whatever their state."""
        if self._process is not None:
            processes.kill(self._process)

    def freeze(self) -> None:
        """Suspend all of its processes, as on a suspended machine."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """Resume all of its processes."""
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, sent: signal.Signals) -> None:
        assert self._process is not None
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for process in (pid, *map(int, children)):
            os.kill(process, sent)

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            processes.end(self._process, how)

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            command, user=self._user, cwd=self.directory, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr

    def execute(self, *statements: str, url: str = "") -> None:
        """Run statements as the administrator, outside of any transaction."""
        engine = sqlalchemy.create_engine(
            Database(url or self.url).url, isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()

    def _answers(self) -> bool:
        database = Database(self.administration)
        try:
            with database.engine.connect():
                return True
        except sqlalchemy.exc.OperationalError:
            return False
        finally:
            database.close()

    @property
    @abstractmethod
    def administration(self) -> str:
        """URL of a database that each server has."""


class PostgreSQL(Instance):
    dialect = "postgresql"
    users = ("postgres", "nobody")

    @property
    def url(self) -> str:
        return f"postgresql://test@127.0.0.1:{self.port}/test"

    @property
    def administration(self) -> str:
        return f"postgresql://test@127.0.0.1:{self.port}/postgres"

    def _make(self) -> None:
        self._run(
            program("initdb"),
            "-D",
            str(self.data),
            "-U",
            "test",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale",
            "C",
            "--no-sync",
        )

    def _command(self) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "max_wal_size": "32MB",
            "min_wal_size": "32MB",
            "wal_init_zero": "off",
            "unix_socket_directories": self.directory,
        }
        options = [f"-c{name}={value}" for name, value in settings.items()]
        return [program("postgres"), "-D", str(self.data), *options]

    def _create_database(self) -> None:
        self.execute("CREATE DATABASE test", url=self.administration)

    def stop(self) -> None:
        self._end(signal.SIGINT)  # its SIGTERM waits for clients to leave

    def kill(self) -> None:
        # All of its processes at once; those that are left would keep the next one out.
        self._end(signal.SIGQUIT)


class MariaDB(Instance):
    dialect = "mariadb"
    users = ("mysql", "nobody")

    @property
    def url(self) -> str:
        return f"mariadb://test@127.0.0.1:{self.port}/test"

    @property
    def administration(self) -> str:
        return f"mariadb://root@127.0.0.1:{self.port}/mysql"

    def _make(self) -> None:
        self._run(
            program("mariadb-install-db", "mysql_install_db"),
            "--no-defaults",
            f"--datadir={self.data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            *self._common,
        )

    @property
    def _common(self) -> list[str]:
        return [
            "--innodb-log-file-size=8M",
            "--innodb-buffer-pool-size=16M",
            "--skip-log-bin",
            # A server that starts removes temporary tables from its directory, and with a shared
            # one those of the others too.
            f"--tmpdir={self.directory}",
        ]

    def _command(self) -> list[str]:
        return [
            program("mariadbd", "mysqld"),
            "--no-defaults",
            f"--datadir={self.data}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            f"--socket={self.directory / 'socket'}",
            "--skip-name-resolve",
            f"--pid-file={self.directory / 'pid'}",
            *self._common,
        ]

    def _create_database(self) -> None:
        # Not root, who may write to a read-only server.
        self.execute(
            "CREATE DATABASE test CHARACTER SET utf8mb4",
            "CREATE USER test@'127.0.0.1'",
            "GRANT ALL ON test.* TO test@'127.0.0.1'",
            url=self.administration,
        )


SERVERS: dict[str, type[Instance]] = {"postgresql": PostgreSQL, "mariadb": MariaDB}


@contextmanager
def running(dialect: str, directory: Path, *options: str) -> Iterator[Instance]:
    """A database server in an empty directory, until the block ends."""
    instance = SERVERS[dialect](directory, *options)
    try:
        instance.make()
        yield instance
    finally:
        try:
            if instance.is_running:
                instance.stop()
        finally:
            instance.remove()


@contextmanager
def folder_of_another_user() -> Iterator[Path]:
    """A new folder that other users may enter, as they may not pytest's own."""
    with tempfile.TemporaryDirectory(prefix="kimai-faults-") as folder:
        path = Path(folder)
        path.chmod(0o711)
        yield path


def program(*names: str) -> str:
    """Return the path of the first of some programs of database servers that there is."""
    path = os.pathsep.join([*map(str, _POSTGRESQL), *_FOLDERS, os.environ["PATH"]])
    for name in names:
        found = shutil.which(name, path=path)
        if found:
            return found
    missing(f"{names[0]} isn't installed")
    raise AssertionError("unreachable")


def _first_user(names: tuple[str, ...]) -> str:
    for name in names:
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    missing(f"there is no user to run a database server as: {' or '.join(names)}")
    raise AssertionError("unreachable")
