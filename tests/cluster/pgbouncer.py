"""PgBouncer, a pooler in front of a PostgreSQL server."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from faults.instances import Instance
from support import processes
from support.requirements import missing
from support.server import free_port

_FOLDERS = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin"


class PgBouncer:
    """One pooler.

    :param instance: the server, whose directory and user the pooler uses too.
    :param settings: more of its configuration file.
    """

    def __init__(self, instance: Instance, mode: str, **settings: object) -> None:
        program = shutil.which("pgbouncer", path=_FOLDERS)
        if program is None:
            missing("pgbouncer isn't installed; .ci/install-clients installs it on Debian")
        self.port = free_port()
        self.mode = mode
        self._user = instance._user
        self._log = instance.directory / f"pgbouncer-{self.port}.log"
        file = instance.directory / f"pgbouncer-{self.port}.ini"
        self._command = [str(program), str(file)]
        users = file.with_suffix(".users")
        users.write_text('"test" ""\n')
        all_settings: dict[str, object] = {
            "listen_addr": "127.0.0.1",
            "listen_port": self.port,
            "unix_socket_dir": "",
            "auth_type": "trust",
            "auth_file": users,
            "pool_mode": mode,
            "server_login_retry": 1,
            **settings,
        }
        lines = [
            "[databases]",
            f"* = host=127.0.0.1 port={instance.port}",
            "[pgbouncer]",
            *(f"{name} = {value}" for name, value in all_settings.items()),
        ]
        file.write_text("\n".join(lines) + "\n")
        for each in (file, users):
            each.chmod(0o644)  # a command that ran here has left another umask
        self._process: Any = None

    @property
    def url(self) -> str:
        """URL of the database ``test`` through the pooler."""
        return f"postgresql://test@127.0.0.1:{self.port}/test"

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        self._process = processes.start(self._command, self._log, user=self._user)
        processes.wait_for_response(self._process, lambda: _listens(self.port), self._log)

    def kill(self) -> None:
        """Let it crash; it has nothing to lose but connections."""
        if self._process is not None:
            processes.kill(self._process)
            self._process = None


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def pooling(instance: Instance, mode: str, **settings: object) -> Iterator[PgBouncer]:
    """A pooler in front of a server, until the block ends."""
    pooler = PgBouncer(instance, mode, **settings)
    try:
        pooler.start()
        yield pooler
    finally:
        pooler.kill()
