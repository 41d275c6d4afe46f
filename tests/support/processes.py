"""Programs that tests start: waited for with patience, and gone afterwards whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

#: Seconds after which something won't happen any more. Only a broken test waits so long: a busy
#: machine may well need ten times what an idle one does.
DEADLINE = 240


def allowed(seconds: float) -> float:
    """How long something may take that takes at most so long on an idle machine: longer where
    more processes want to run than there are processors."""
    wanting = os.getloadavg()[0]
    if (now := Path("/proc/loadavg")).exists():
        wanting = max(wanting, int(now.read_text().split()[3].partition("/")[0]))
    return seconds * max(1.0, wanting / (os.cpu_count() or 1))


def wait_until(
    condition: Callable[[], object], what: Callable[[], str] = lambda: "the condition"
) -> None:
    """Look again and again until the condition holds.

    :param what: says what was waited for.
    :raises AssertionError: it doesn't hold in time.
    """
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"waited {DEADLINE} s in vain for {what()}"
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
    # Its input ends when this process does, be it by a signal that runs no cleanup.
    _guards[process.pid] = subprocess.Popen(
        ["/bin/sh", "-c", f"read line; kill -s KILL -- -{process.pid}"],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    return process


#: By the process ID of a program, what kills it when the tests are killed.
_guards: dict[int, subprocess.Popen[bytes]] = {}


def end(process: subprocess.Popen[str], how: signal.Signals = signal.SIGTERM) -> int:
    """Ask a program to end, wait until it has, and kill whatever is left of its process group.

    :returns: its status.
    :raises subprocess.TimeoutExpired: it had to be killed.
    """
    try:
        process.send_signal(how)
        process.send_signal(signal.SIGCONT)  # it may have been stopped
        return process.wait(DEADLINE)
    finally:
        kill(process)


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a program and its process group at once."""
    # Nobody is left; on macOS, only such as have ended and were not waited for.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    guard = _guards.pop(process.pid, None)
    if guard is not None:
        guard.kill()
        guard.communicate()


@contextmanager
def running(
    command: Sequence[str | Path],
    log: Path,
    answers: Callable[[], object],
    environ: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """A program that serves something, from its first answer until the block ends.

    :raises AssertionError: it ends instead; the message has its output.
    """
    process = start(command, log, environ)
    try:
        wait_for_answer(process, answers, log)
        yield process
    finally:
        end(process)


def wait_for_answer(
    process: subprocess.Popen[str], answers: Callable[[], object], log: Path
) -> None:
    """Wait until a program that was just started answers.

    :raises AssertionError: it ends instead; the message has its output.
    """

    def is_answering() -> object:
        code = process.poll()
        assert code is None, f"{process.args!r} ended with {code}:\n{log.read_text()[-5000:]}"
        return answers()

    wait_until(is_answering, lambda: f"an answer of {process.args!r}:\n{log.read_text()[-5000:]}")
