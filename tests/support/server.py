"""A real server process, started as the README says."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass
class Server:
    """A server, and what it takes to start it again."""

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
        """Numbers of the processes that answer calls."""
        number = self.process.pid
        return [int(n) for n in Path(f"/proc/{number}/task/{number}/children").read_text().split()]

    def start(self) -> None:
        """Start the process, and wait until it answers."""
        with self.log.open("a") as output:
            self.process = subprocess.Popen(
                self.command, stdout=output, stderr=subprocess.STDOUT, env=self.environ, text=True
            )
        wait(self)

    def stop(self) -> None:
        """Ask the process to end, and see that it does."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def kill(self) -> None:
        """Kill all of its processes, as if the power failed for them alone."""
        self.process.send_signal(signal.SIGSTOP)  # it must not replace its workers
        workers = self.workers
        for number in workers:
            os.kill(number, signal.SIGKILL)
        self.process.kill()
        self.process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(
    directory: Path,
    *arguments: str,
    environ: dict[str, str] | None = None,
    port: int = 0,
    wrapper: Sequence[str] = (),
) -> Iterator[Server]:
    """Run ``serve.py`` until the block ends; the log is in ``directory``.

    :param wrapper: a program, with its options, that runs the server.
    """
    port = port or free_port()
    command = [*wrapper, sys.executable, str(ROOT / "serve.py"), "--port", str(port), *arguments]
    if "--data-dir" not in arguments:
        command += ["--data-dir", str(directory / "data")]
    clean = {name: value for name, value in os.environ.items() if "KIMAI_REMOTE_" not in name}
    log = directory / f"server-{port}.log"
    server = Server(command, clean | (environ or {}), f"http://127.0.0.1:{port}", log)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def wait(server: Server, seconds: float = 30) -> None:
    """Wait until the server answers."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        code = server.process.poll()
        if code is not None:
            raise AssertionError(f"the server ended with {code}:\n{server.output[-5000:]}")
        try:
            with urllib.request.urlopen(server.json, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
    raise AssertionError(f"the server doesn't answer:\n{server.output}")
