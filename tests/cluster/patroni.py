"""The set-up of docs/deploy/patroni: PostgreSQL nodes, etcd, the way to the primary, PgBouncer."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from subprocess import Popen
from urllib.error import URLError
from urllib.request import urlopen

from docs.proxies import DEPLOY, replaced
from faults.instances import folder_of_another_user, program
from support import processes
from support.requirements import missing
from support.server import free_port

FILES = DEPLOY / "patroni"
USER = "postgres"
PASSWORD = "s3cret"


class Node:
    """One PostgreSQL server with its Patroni."""

    def __init__(self, name: str, directory: Path, etcd: str) -> None:
        self.name = name
        self.port, self.api = free_port(), free_port()
        self._data = directory / name
        self._log = directory / f"{name}.log"
        config = directory / f"{name}.yml"
        _write_changed(
            config,
            "patroni.yml",
            ("/etc/patroni/create-database", str(FILES / "create-database")),
            # Each change of roles takes some of these rounds.
            ("loop_wait: 5", "loop_wait: 1"),
            # All nodes are on one machine.
            ("  data_dir:", f"  parameters: {{unix_socket_directories: {directory}}}\n  data_dir:"),
        )
        self._command = [_need("patroni"), str(config)]
        postgresql = f"127.0.0.1:{self.port}"
        self._environ = {
            "PATH": os.environ["PATH"],
            "PATRONI_NAME": name,
            "PATRONI_ETCD3_HOSTS": etcd,
            "PATRONI_RESTAPI_LISTEN": f"127.0.0.1:{self.api}",
            "PATRONI_RESTAPI_CONNECT_ADDRESS": f"127.0.0.1:{self.api}",
            "PATRONI_POSTGRESQL_LISTEN": postgresql,
            "PATRONI_POSTGRESQL_CONNECT_ADDRESS": postgresql,
            "PATRONI_POSTGRESQL_DATA_DIR": str(self._data),
            "PATRONI_POSTGRESQL_PGPASS": str(directory / f"{name}.pass"),
            "PATRONI_POSTGRESQL_BIN_DIR": str(Path(program("initdb")).parent),
            "PATRONI_SUPERUSER_PASSWORD": PASSWORD,
            "PATRONI_REPLICATION_PASSWORD": PASSWORD,
            "KIMAI_PASSWORD": PASSWORD,
        }
        self._process: Popen[str] | None = None

    def start(self) -> None:
        self._process = processes.start(self._command, self._log, self._environ, user=USER)

    def is_(self, role: str) -> bool:
        """Whether Patroni says that the node is ``primary``, ``sync`` standby …"""
        try:
            with urlopen(f"http://127.0.0.1:{self.api}/{role}", timeout=2) as response:
                return bool(response.status == 200)
        except (URLError, OSError):
            return False

    @property
    def state(self) -> str:
        return self._log.read_text()[-2000:] if self._log.exists() else "not started"

    def kill(self) -> None:
        """Let Patroni and PostgreSQL die at once, like their machine."""
        for process in (self._postmaster(), self._process and self._process.pid):
            if process:
                with suppress(ProcessLookupError):
                    # Its children notice that it is gone.
                    os.kill(process, signal.SIGKILL)
        self.remove()

    def switch_over(self) -> None:
        """Have this node, which is the primary, become a standby of another one."""
        body = f'{{"leader": "{self.name}"}}'.encode()
        urlopen(f"http://127.0.0.1:{self.api}/switchover", body, timeout=60).close()

    def status(self, method: str, path: str, source: str) -> int:
        """Return the status of Patroni's response to a request from an address."""
        connection = HTTPConnection("127.0.0.1", self.api, timeout=60, source_address=(source, 0))
        with closing(connection):
            connection.request(method, path, "{}")
            return connection.getresponse().status

    def remove(self) -> None:
        postmaster = self._postmaster()
        if self._process is not None:
            processes.kill(self._process)
        if postmaster is not None:  # it has a process group of its own
            with suppress(ProcessLookupError):
                os.kill(postmaster, signal.SIGQUIT)

    def _postmaster(self) -> int | None:
        file = self._data / "postmaster.pid"
        return int(file.read_text().split()[0]) if file.exists() else None


class Patroni:
    """The cluster, with the URL of a database through PgBouncer."""

    def __init__(self, nodes: list[Node], url: str, direct_url: str) -> None:
        self.nodes = nodes
        self.url = url
        self.direct_url = direct_url

    def primary(self) -> Node | None:
        return next((node for node in self.nodes if node.is_("primary")), None)

    def wait_until_whole(self) -> None:
        """Wait until one node is the primary and the others stream from it, one synchronously."""

        def is_whole() -> bool:
            replicas = [node for node in self.nodes if node.is_("replica")]
            synchronous = any(node.is_("sync") for node in replicas)
            return (
                self.primary() is not None
                and synchronous
                and (len(replicas) == len(self.nodes) - 1)
            )

        processes.wait_until(is_whole, lambda: "\n".join(node.state for node in self.nodes))


@contextmanager
def running(count: int = 3) -> Iterator[Patroni]:
    """The files of docs/deploy/patroni, with ports of their own, until the block ends."""
    with folder_of_another_user() as directory, ExitStack() as stack:
        shutil.chown(directory, USER)
        etcd = stack.enter_context(_etcd(directory))
        nodes = [Node(f"pg{number}", directory, etcd) for number in range(1, count + 1)]
        stack.callback(lambda: [node.remove() for node in nodes])
        for node in nodes:
            node.start()
        primary = stack.enter_context(_haproxy(directory, nodes))
        pooler = stack.enter_context(_pgbouncer(directory, primary))
        url = f"postgresql://kimai:{PASSWORD}@127.0.0.1:%s/kimai"
        cluster = Patroni(nodes, url % pooler, url % primary)
        cluster.wait_until_whole()
        yield cluster


@contextmanager
def _etcd(directory: Path) -> Iterator[str]:
    client, peer = (f"127.0.0.1:{free_port()}" for _ in range(2))
    command = [
        _need("etcd"),
        f"--data-dir={directory / 'etcd'}",
        f"--listen-client-urls=http://{client}",
        f"--advertise-client-urls=http://{client}",
        f"--listen-peer-urls=http://{peer}",
        f"--initial-advertise-peer-urls=http://{peer}",
        f"--initial-cluster=default=http://{peer}",
    ]
    with processes.running(command, directory / "etcd.log", lambda: _listens(client)):
        yield client


@contextmanager
def _haproxy(directory: Path, nodes: list[Node]) -> Iterator[int]:
    port = free_port()
    lines = [f'"${{PG{number}-10.0.0.{10 + number}}}:5432"' for number in (1, 2, 3)]
    config = _write_changed(
        directory / "haproxy.cfg",
        "primary.cfg",
        ("bind 127.0.0.1:5432", f"bind 127.0.0.1:{port}"),
        (" port 8008", ""),
        *(
            (line, f"127.0.0.1:{node.port} port {node.api}")
            for line, node in zip(lines, nodes, strict=True)
        ),
    )
    command = [_need("haproxy"), "-db", "-f", str(config)]
    log = directory / "haproxy.log"
    with processes.running(command, log, lambda: _listens(f"127.0.0.1:{port}")):
        yield port


@contextmanager
def _pgbouncer(directory: Path, primary: int) -> Iterator[int]:
    port = free_port()
    _write(directory / "userlist.txt", f'"kimai" "{PASSWORD}"\n')
    config = _write_changed(
        directory / "pgbouncer.ini",
        "pgbouncer.ini",
        ("port=5432", f"port={primary}"),
        ("listen_port = 6432", f"listen_port = {port}"),
        ("/etc/pgbouncer/userlist.txt", str(directory / "userlist.txt")),
    )
    command = [_need("pgbouncer"), str(config)]
    log = directory / "pgbouncer.log"
    with processes.running(command, log, lambda: _listens(f"127.0.0.1:{port}"), user=USER):
        yield port


def _write_changed(path: Path, name: str, *changes: tuple[str, str]) -> Path:
    """Write a file of docs/deploy/patroni for the servers' user, with replacements."""
    return _write(path, replaced((FILES / name).read_text(), *changes))


def _write(path: Path, text: str) -> Path:
    path.write_text(text)
    shutil.chown(path, USER)  # a command that ran here has left another umask
    return path


def _listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), 5).close()
    except OSError:
        return False
    return True


def _need(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if found is None:
        missing(f"{name} isn't installed; .ci/install-clients installs it")
    return found
