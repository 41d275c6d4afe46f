"""Run all commands of a page in one shell, in one empty directory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from support import processes
from support.markdown import Block, matches

#: Seconds that a page may take.
TIMEOUT = 600
#: Environment variables that the commands of a page get.
_KEPT = ("LANG", "TZ", "TMPDIR")
#: Records commands that failed, except conditions.
_HEAD = """
trap 'code=$?; printf "%s\\t%s\\t%s\\n" "$block" "$code" "$BASH_COMMAND" >&9' ERR
set -E
"""
#: The command as a page calls it. Unless a port is set, it serves at the port of the test.
_PROGRAM = """#!/bin/sh
serves=
for argument; do
    case $argument in
        serve) serves=yes ;;
        --port | --port=* | --help) exec {program} "$@" ;;
    esac
done
if [ -z "$serves" ] || [ -n "$KIMAI_REMOTE_PORT" ] || grep -qs '^port *=' kimai-remote.toml; then
    exec {program} "$@"
fi
exec {program} "$@" --port {port}
"""


@dataclass(frozen=True)
class Failure:
    """A block that doesn't do what the page says."""

    block: Block
    text: str

    def __str__(self) -> str:
        return f"{self.block}: {self.text}"


def follow(
    blocks: Sequence[Block], folder: Path, substitute: Callable[[str], str]
) -> list[Failure]:
    """Run blocks in one session, then end all processes that they started.

    A command may fail only in a block that prints its status (``$?``).

    :param substitute: replaces what a text names; see :mod:`docs.substitutions`.
    """
    records = folder.parent / f"{folder.name}-records"
    records.mkdir()
    failed = records / "failed"
    script, failures = [f"exec 9>>{failed}", _HEAD], list[Failure]()
    for number, block in enumerate(blocks):
        code, output = records / f"{number}.sh", records / f"{number}.out"
        code.write_text(substitute(block.code), encoding="utf-8")
        checked = subprocess.run(["bash", "-n", code], capture_output=True, text=True, check=False)
        if checked.returncode:
            failures.append(Failure(block, checked.stderr))
        script += [f"block={number}", f". {code} >{output} 2>&1"]
    script.append(f"echo done >{records / 'done'}")
    (records / "session.sh").write_text("\n".join(script) + "\n")
    program = records / "bin" / "kimai-remote"
    program.parent.mkdir()
    real, port = Path(sys.executable).with_name(program.name), substitute("port 8000").split()[-1]
    program.write_text(_PROGRAM.format(program=real, port=port))
    program.chmod(0o755)
    _run(records / "session.sh", folder, program.parent)
    if not (records / "done").exists():
        ran = [number for number in range(len(blocks)) if (records / f"{number}.out").exists()]
        last = ran[-1] if ran else 0
        failures.append(Failure(blocks[last], "the session ended here, or took too long"))
    for line in failed.read_text(encoding="utf-8").splitlines() if failed.exists() else ():
        number, code, command = [*line.split("\t", 2), "", ""][:3]
        sourced = command.startswith(f". {records}")  # the block as a whole, after its last command
        if number.isdigit() and not sourced and "$?" not in blocks[int(number)].code:
            failures.append(Failure(blocks[int(number)], f"status {code} of: {command}"))
    for number, block in enumerate(blocks):
        path = records / f"{number}.out"
        output = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        if block.prints is not None and not matches(output, substitute(block.prints)):
            failures.append(Failure(block, f"says\n{block.prints}\nbut printed\n{output}"))
        elif any(failure.block is block for failure in failures):
            failures.append(Failure(block, f"printed\n{output}"))
    return failures


def _run(script: Path, folder: Path, programs: Path) -> None:
    environ = {name: os.environ[name] for name in _KEPT if name in os.environ}
    environ |= {
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "100",
        "PATH": f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    process = subprocess.Popen(
        ["bash", "--noprofile", "--norc", str(script)],
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    processes.guard(process)
    try:
        process.wait(TIMEOUT)
    except subprocess.TimeoutExpired:
        pass
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the session and all processes that it started, and wait for them."""
    until = time.monotonic() + processes.allowed(10)
    sign = signal.SIGTERM
    with suppress(ProcessLookupError):
        while time.monotonic() < until:
            os.killpg(process.pid, sign)
            sign = 0  # only checks whether a process exists
            process.poll()
            time.sleep(0.05)
    processes.kill(process)
