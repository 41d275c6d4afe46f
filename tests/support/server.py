"""A real server process, started as the README says."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass
class Server:
    """A running server."""

    process: subprocess.Popen[str]
    url: str
    log: Path

    @property
    def soap(self) -> str:
        return f"{self.url}/core/soap.php"

    @property
    def json(self) -> str:
        return f"{self.url}/core/json.php"

    @property
    def output(self) -> str:
        return self.log.read_text()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(
    directory: Path, *arguments: str, environ: dict[str, str] | None = None, port: int = 0
) -> Iterator[Server]:
    """Run ``serve.py`` until the block ends; the log is in ``directory``."""
    port = port or free_port()
    log = directory / "server.log"
    command = [sys.executable, str(ROOT / "serve.py"), "--port", str(port), *arguments]
    if "--data-dir" not in arguments:
        command += ["--data-dir", str(directory / "data")]
    clean = {name: value for name, value in os.environ.items() if "KIMAI_REMOTE_" not in name}
    with log.open("a") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env=clean | (environ or {}), text=True
        )
    server = Server(process, f"http://127.0.0.1:{port}", log)
    try:
        wait(server)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def wait(server: Server, seconds: float = 30) -> None:
    """Wait until the server answers."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise AssertionError(f"the server ended:\n{server.output}")
        try:
            with urllib.request.urlopen(server.json, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
    raise AssertionError(f"the server doesn't answer:\n{server.output}")
