"""Processes that tests start and always stop."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

#: Seconds to wait for something before the test fails. Only a broken test waits so long; a busy
#: machine may need ten times as long as an idle one.
DEADLINE = 240


def allowed(seconds: float) -> float:
    """Scale a time limit by the machine's load: unchanged while there are enough processors."""
    runnable = os.getloadavg()[0]
    if (now := Path("/proc/loadavg")).exists():
        runnable = max(runnable, int(now.read_text().split()[3].partition("/")[0]))
    return seconds * max(1.0, runnable / (os.cpu_count() or 1))


def wait_until(
    condition: Callable[[], object], what: Callable[[], str] = lambda: "the condition"
) -> None:
    """Poll until the condition holds.

    :param what: describes the condition.
    :raises AssertionError: it doesn't hold in time.
    """
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"timed out after {DEADLINE} s: {what()}"
        time.sleep(0.03)


def start(
    command: Sequence[str | Path],
    log: Path,
    environ: Mapping[str, str] | None = None,
    *,
    cwd: Path | None = None,
    user: str | None = None,
) -> subprocess.Popen[str]:
    """Start a program in a process group of its own; end it with :func:`end`.

    :param log: file that its output is appended to.
    """
    with log.open("a") as output:
        process = subprocess.Popen(
            list(map(str, command)),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environ,
            cwd=cwd,
            user=user,
            text=True,
            start_new_session=True,
        )
    guard(process)
    return process


#: The guards by the ID of the process that they guard.
_guards: dict[int, subprocess.Popen[bytes]] = {}


def guard(process: subprocess.Popen[Any]) -> None:
    """Have the group of a process killed if the tests are killed before :func:`kill` was called.

    :param process: the leader of its group.
    """
    # The input of the guard ends when this process does, whatever ended it.
    _guards[process.pid] = subprocess.Popen(
        ["/bin/sh", "-c", f"read line; kill -s KILL -- -{process.pid}"],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )


def started() -> list[int]:
    """IDs of the processes that were started and not ended by :func:`end` or :func:`kill`."""
    return list(_guards)


def end(process: subprocess.Popen[str], how: signal.Signals = signal.SIGTERM) -> int:
    """Ask a program to end, wait for that, and kill what is left of its process group.

    :returns: its status.
    :raises subprocess.TimeoutExpired: it had to be killed.
    """
    try:
        process.send_signal(how)
        process.send_signal(signal.SIGCONT)  # it may have been stopped
        return process.wait(DEADLINE)
    finally:
        kill(process)


def kill(process: subprocess.Popen[Any]) -> None:
    """Kill a program and its process group at once, unless that was done before: its ID may be that
    of another process by now."""
    guarding = _guards.pop(process.pid, None)
    if guarding is None:
        return
    # ProcessLookupError: the group is empty. PermissionError: macOS, it has zombies only.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    guarding.kill()
    guarding.communicate()


@contextmanager
def running(
    command: Sequence[str | Path],
    log: Path,
    responds: Callable[[], object],
    environ: Mapping[str, str] | None = None,
    *,
    user: str | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """Run a server program; the block begins with its first response.

    :raises AssertionError: it ends instead; the message has its output.
    """
    process = start(command, log, environ, user=user)
    try:
        wait_for_response(process, responds, log)
        yield process
    finally:
        end(process)


def wait_for_response(
    process: subprocess.Popen[str], responds: Callable[[], object], log: Path
) -> None:
    """Wait until a program that was just started responds.

    :raises AssertionError: it ends instead; the message has its output.
    """

    def is_responding() -> object:
        code = process.poll()
        assert code is None, f"{process.args!r} ended with {code}:\n{log.read_text()[-5000:]}"
        return responds()

    wait_until(is_responding, lambda: f"a response of {process.args!r}:\n{log.read_text()[-5000:]}")
