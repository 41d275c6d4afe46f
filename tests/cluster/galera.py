"""A Galera cluster of MariaDB servers on this machine, of which a test may break each."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from configparser import ConfigParser
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pymysql

from docs.proxies import DEPLOY
from faults.instances import MariaDB
from support.processes import wait_until
from support.requirements import missing
from support.server import free_port

#: Where Debian and others have the library.
_LIBRARIES = ("/usr/lib/galera", "/usr/lib64/galera-4", "/usr/lib64/galera", "/usr/lib")


class Node(MariaDB):
    """One node. The others are told to it by :attr:`peers`."""

    def __init__(self, directory: Path, name: str) -> None:
        super().__init__(directory)
        self.name = name
        self.cluster_port = free_port()
        self._transfer_ports = free_port(), free_port()
        self.peers: Sequence[Node] = ()
        self._bootstraps = False

    @property
    def address(self) -> str:
        """Its name among the cluster's members."""
        return f"127.0.0.1:{self.port}"

    @property
    def _common(self) -> list[str]:
        # Commits needn't survive a crash of the machine, only that of a process.
        return [
            *super()._common,
            "--innodb-flush-log-at-trx-commit=2",
        ]

    def _command(self) -> list[str]:
        incremental, full = self._transfer_ports
        others = (
            ""
            if self._bootstraps
            else ",".join(f"127.0.0.1:{peer.cluster_port}" for peer in self.peers)
        )
        provider = {
            "gmcast.listen_addr": f"tcp://127.0.0.1:{self.cluster_port}",
            "ist.recv_addr": f"127.0.0.1:{incremental}",
            "gcache.size": "32M",
        }
        options = [
            *_shipped(),
            f"--wsrep-provider={_library()}",
            f"--wsrep-provider-options={';'.join(f'{n}={v}' for n, v in provider.items())}",
            f"--wsrep-cluster-address=gcomm://{others}",
            f"--wsrep-node-name={self.name}",
            f"--wsrep-node-address=127.0.0.1:{self.cluster_port}",
            f"--wsrep-node-incoming-address={self.address}",
            "--wsrep-sst-method=rsync",
            f"--wsrep-sst-receive-address=127.0.0.1:{full}",
        ]
        return [*super()._command(), *options]

    def start_first(self) -> None:
        """Start as the first node of a new cluster."""
        self._bootstraps = True
        try:
            self.start()
        finally:
            self._bootstraps = False

    def start(self) -> None:
        """Start, and wait until the node is synced."""
        position = self._position_after_crash()
        options = self.options
        self.options = (*options, *position)
        try:
            super().start()
        finally:
            self.options = options

    def _position_after_crash(self) -> Sequence[str]:
        """As systemd's unit does: otherwise the whole data would be transferred."""
        state = self.data / "grastate.dat"
        if not state.exists() or "seqno:   -1" not in state.read_text():
            return ()
        done = subprocess.run(
            [*self._command(), "--wsrep-recover"],
            user=self._user,
            cwd=self.directory,
            capture_output=True,
            text=True,
        )
        found = re.findall(r"Recovered position:\s*(\S+)", done.stdout + done.stderr)
        assert found, done.stderr
        return (f"--wsrep-start-position={found[-1]}",)

    def _answers(self) -> bool:
        with suppress(pymysql.Error):
            return self.status("wsrep_local_state_comment") == "Synced"
        return False

    def status(self, name: str) -> str:
        """Return one of the server's status variables.

        :raises pymysql.Error: it doesn't answer.
        """
        return str(self.query(f"SHOW STATUS LIKE '{name}'")[0][1])

    def connection(self) -> AbstractContextManager[Any]:
        """Connect as the administrator.

        :raises pymysql.Error: the server doesn't answer.
        """
        # SQLAlchemy would roll back, which a node without its cluster refuses.
        return closing(
            pymysql.connect(
                host="127.0.0.1",
                port=self.port,
                user="root",
                connect_timeout=5,
                read_timeout=20,
                autocommit=True,
            )
        )

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement as the administrator, on a connection of its own."""
        with self.connection() as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def isolate(self, on: bool) -> None:
        """Cut the node's connections to all others, or let it connect again."""
        self.query(f"SET GLOBAL wsrep_provider_options='gmcast.isolate={int(on)}'")


class Cluster:
    """Three nodes, or another number, that hold the same database."""

    def __init__(self, directory: Path, size: int = 3) -> None:
        self.nodes = []
        for number in range(size):
            folder = directory / f"node{number}"
            folder.mkdir(mode=0o711)
            self.nodes.append(Node(folder, f"node{number}"))
        for node in self.nodes:
            node.peers = self.nodes

    def make(self, fill: Callable[[str], None]) -> None:
        """Make the files of all nodes, and start them.

        :param fill: called with the URL of the database while there is one node only.
        """
        first, *others = self.nodes
        first._make()
        first.start_first()
        first._create_database()
        fill(first.url)
        # Their data are those of the first node when it stops, so nothing has to be transferred.
        first.stop()
        for node in others:
            shutil.copytree(first.data, node.data)
            (node.data / "gvwstate.dat").unlink(missing_ok=True)
            if node._user:
                for path in (node.data, *node.data.rglob("*")):
                    shutil.chown(path, node._user)
        self.start()

    def start(self, first: int = 0) -> None:
        """Start all nodes, none of which runs, as a new cluster; they have the first one's data."""
        node = self.nodes[first]
        state = node.data / "grastate.dat"
        if state.exists():
            state.write_text(state.read_text().replace("bootstrap: 0", "bootstrap: 1"))
        node.start_first()
        with ThreadPoolExecutor() as pool:
            list(pool.map(Node.start, [each for each in self.nodes if each is not node]))
        self.wait_until_whole()

    def wait_until_whole(self) -> None:
        """Wait until all nodes are synced members."""

        def is_whole() -> bool:
            with suppress(pymysql.Error):
                return all(
                    node._answers() and node.status("wsrep_cluster_size") == str(len(self.nodes))
                    for node in self.nodes
                )
            return False

        wait_until(is_whole, lambda: "all nodes synced")

    def remove(self) -> None:
        for node in self.nodes:
            node.remove()


def _shipped() -> list[str]:
    """The settings in docs/deploy, of which later options change some."""
    file = ConfigParser()
    file.read(DEPLOY / "galera" / "galera.cnf")
    values = {name: value.strip('"') for name, value in file["mysqld"].items()}
    # Each node transfers data in its own way, and commits needn't survive a crash of the machine.
    own = ("wsrep_sst_auth", "innodb_flush_log_at_trx_commit")
    return [f"--{name}={value}" for name, value in values.items() if name not in own]


def _library() -> str:
    paths = [Path(folder) / "libgalera_smm.so" for folder in _LIBRARIES]
    found = next((str(path) for path in paths if path.exists()), None)
    return found or missing("Galera isn't installed (Debian: galera-4)")


@contextmanager
def running(directory: Path, fill: Callable[[str], None]) -> Iterator[Cluster]:
    """A cluster of three nodes in an empty directory, until the block ends.

    :param fill: called with the URL of the database before there are others.
    """
    _library()
    cluster = Cluster(directory)
    try:
        cluster.make(fill)
        yield cluster
    finally:
        cluster.remove()
