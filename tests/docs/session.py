"""Following a page as its reader would: all of its commands in one shell, in one empty folder."""

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

#: Longest that a page may take.
TIMEOUT = 600
#: Of the tester's environment; nothing else is known to the commands of a page.
_KEPT = ("LANG", "TZ", "TMPDIR")
#: A command that failed is written here, unless it was a condition.
_HEAD = """
trap 'code=$?; printf "%s\\t%s\\t%s\\n" "$block" "$code" "$BASH_COMMAND" >&9' ERR
set -E
"""
#: The program, as a page calls it: where nothing says which port to serve at, it is the test's.
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
    """What a page says and doesn't hold."""

    block: Block
    text: str

    def __str__(self) -> str:
        return f"{self.block}: {self.text}"


def follow(blocks: Sequence[Block], folder: Path, put: Callable[[str], str]) -> list[Failure]:
    """Run blocks one after the other in one session; what they started is ended with it.

    A command may fail only in a block that shows its status (``$?``).

    :param put: puts the test's places into a text.
    """
    records = folder.parent / f"{folder.name}-records"
    records.mkdir()
    failed = records / "failed"
    script, failures = [f"exec 9>>{failed}", _HEAD], list[Failure]()
    for number, block in enumerate(blocks):
        code, output = records / f"{number}.sh", records / f"{number}.out"
        code.write_text(put(block.code), encoding="utf-8")
        checked = subprocess.run(["bash", "-n", code], capture_output=True, text=True, check=False)
        if checked.returncode:
            failures.append(Failure(block, checked.stderr))
        script += [f"block={number}", f". {code} >{output} 2>&1"]
    script.append(f"echo done >{records / 'done'}")
    (records / "session.sh").write_text("\n".join(script) + "\n")
    program = records / "bin" / "kimai-remote"
    program.parent.mkdir()
    real, port = Path(sys.executable).with_name(program.name), put("port 8000").split()[-1]
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
        if block.prints is not None and not matches(output, put(block.prints)):
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
    """End the session and all that it started, and wait until that is gone."""
    until = time.monotonic() + processes.allowed(10)
    sign = signal.SIGTERM
    with suppress(ProcessLookupError):
        while time.monotonic() < until:
            os.killpg(process.pid, sign)
            sign = 0  # only looks whether there is anybody
            process.poll()
            time.sleep(0.05)
    processes.kill(process)
