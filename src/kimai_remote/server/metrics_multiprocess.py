"""The folder in which the processes of one server add up their figures.

prometheus_client gives each process files of its own and adds them up when somebody asks. What it
leaves to us: a folder that goes when the server goes, and what becomes of the files of a process
that has ended, since a server that replaces its processes for months would have thousands.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows: there is one process only, and nothing to lock
    fcntl = None  # type: ignore[assignment]

#: Where prometheus_client looks for the folder.
VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_NAME = "kimai-remote-metrics-"
#: Stands for all processes that have ended.
_ENDED = "0"


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for a server, for its user alone, until the block ends.

    Folders that servers left behind which were killed are removed.
    """
    # A supervisor's own folder for it (systemd: RuntimeDirectory=) is cleaned by nobody else.
    base = Path(os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0] or tempfile.gettempdir())
    for left in base.glob(f"{_NAME}*"):
        with contextlib.suppress(OSError):
            if _is_mine(left) and not _is_held(left / "server"):
                shutil.rmtree(left, ignore_errors=True)
    # It gets its name when it is held: one that isn't is removed by the next server that starts.
    path = Path(tempfile.mkdtemp(prefix=f"new-{_NAME}", dir=base))
    before = os.environ.get(VARIABLE)
    try:
        with _hold(path / "server"):
            path = path.rename(path.with_name(path.name.removeprefix("new-")))
            os.environ[VARIABLE] = str(path)
            yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        if before is None:
            os.environ.pop(VARIABLE, None)
        else:
            os.environ[VARIABLE] = before


@functools.cache
def of_this_process() -> ProcessFiles | None:
    """The files of this process, or None where no server has made a folder for them."""
    path = os.environ.get(VARIABLE)
    return ProcessFiles(Path(path)) if path else None


class ProcessFiles:
    """The files of one process among those of the others."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # What cleans folders of temporary files may have taken it away: then figures begin anew.
        path.mkdir(mode=0o700, exist_ok=True)
        with self.settled():
            # As long as this process lives, whatever ends it.
            self._held = _hold(path / f"process_{os.getpid()}")

    @contextmanager
    def settled(self) -> Iterator[list[int]]:
        """No process adds to, or removes, another one's files meanwhile, and those of processes
        that have ended are added up.

        :returns: numbers of the processes that live.
        """
        self.path.mkdir(mode=0o700, exist_ok=True)
        with _hold(self.path / "settling", wait=True):
            live = []
            for mark in self.path.glob("process_*"):
                process = mark.name.partition("_")[2]
                if _is_held(mark):
                    live.append(int(process))
                else:
                    self._fold(process)
                    mark.unlink()
            yield live

    def _fold(self, process: str) -> None:
        """Add the counts of a process that has ended to those of all that have."""
        from prometheus_client.mmap_dict import MmapedDict

        for metric_type in ("counter", "histogram"):
            file = self.path / f"{metric_type}_{process}.db"
            if not file.exists():
                continue
            total = MmapedDict(str(self.path / f"{metric_type}_{_ENDED}.db"))
            figures = list(MmapedDict.read_all_values_from_file(str(file)))
            file.unlink()  # first, so that nothing is added twice, whatever ends this process
            for key, value, _, _ in figures:
                total.write_value(key, total.read_value(key)[0] + value, 0.0)
            total.close()
        for file in self.path.glob(f"gauge_*_{process}.db"):
            file.unlink()


def _hold(path: Path, *, wait: bool = False) -> IO[bytes]:
    """An open file that is held until it is closed, at the latest by the end of this process.

    :raises BlockingIOError: another process holds it.
    """
    file = path.open("ab")
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    return file


def _is_mine(path: Path) -> bool:
    """Anybody may put anything into the folder for temporary files."""
    status = path.lstat()
    return stat.S_ISDIR(status.st_mode) and (os.name != "posix" or status.st_uid == os.getuid())


def _is_held(path: Path) -> bool:
    """:raises OSError: it can't be opened, such as another user's."""
    if fcntl is None:
        return True
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
