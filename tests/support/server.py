"""A real server process, started as in the README."""

from __future__ import annotations

import os
import secrets
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from . import processes
from .processes import DEADLINE

ROOT = Path(__file__).parents[2]


@dataclass
class Server:
    """A server process, and the command to start it again."""

    command: list[str]
    environ: dict[str, str]
    url: str
    log: Path
    process: subprocess.Popen[str] = field(init=False)

    @property
    def soap(self) -> str:
        return f"{self.url}/core/soap.php"

    @property
    def json(self) -> str:
        return f"{self.url}/core/json.php"

    @property
    def output(self) -> str:
        return self.log.read_text()

    @property
    def workers(self) -> list[int]:
        """IDs of the worker processes."""
        pid = self.process.pid
        return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def start(self) -> None:
        """Start the process and wait until it responds.

        :raises AssertionError: it doesn't; the process has ended then.
        """
        self.process = processes.start(self.command, self.log, self.environ)
        try:
            processes.wait_for_response(self.process, self._responds, self.log)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Ask the process to end, and wait for that."""
        processes.end(self.process)

    def kill(self) -> None:
        """Kill all of its processes, as if the power failed for them alone."""
        processes.kill(self.process)

    def _responds(self) -> bool:
        try:
            with urllib.request.urlopen(self.json, timeout=DEADLINE):
                return True
        except urllib.error.URLError as error:
            # An untrusted certificate still means that the server is up.
            return isinstance(error.reason, ssl.SSLCertVerificationError)
        except ConnectionError:
            return False


def free_port() -> int:
    """Return a port that no client's connection gets, so that a server can come back to it."""
    while True:
        port = secrets.choice(_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


#: Below those that systems give to clients, and above those that servers usually have.
_PORTS = range(10_000, 32_000)


@contextmanager
def serving(
    directory: Path,
    *arguments: str,
    environ: dict[str, str] | None = None,
    port: int = 0,
    wrapper: Sequence[str] = (),
    program: Sequence[str] = (sys.executable, str(ROOT / "serve.py")),
) -> Iterator[Server]:
    """Run ``serve.py`` until the block ends; the log is in ``directory``.

    :param wrapper: a program, with its options, that runs the server.
    :param program: the server, such as another release of it.
    """
    port = port or free_port()
    command = [*wrapper, *program, "--port", str(port), *arguments]
    if "--data-dir" not in arguments:
        command += ["--data-dir", str(directory / "data")]
    clean = {name: value for name, value in os.environ.items() if "KIMAI_REMOTE_" not in name}
    log = directory / f"server-{port}.log"
    scheme = "https" if "--tls-cert" in arguments else "http"
    server = Server(command, clean | (environ or {}), f"{scheme}://127.0.0.1:{port}", log)
    server.start()
    try:
        yield server
    finally:
        server.stop()
