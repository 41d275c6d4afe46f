"""Processor time of other processes. Only on Linux."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

#: Lowest three bits of the clock of a process's processor time (Linux, posix-timers.h).
_PROCESS_CPU_CLOCK = 2


def process_clock(pid: int) -> float:
    """Return the processor time of all threads of a process so far, in milliseconds.

    The same as utime and stime in ``/proc/PID/stat``, which count in steps of 10 ms.
    """
    return time.clock_gettime_ns(~pid << 3 | _PROCESS_CPU_CLOCK) / 1e6


@dataclass(frozen=True)
class DatabaseClock:
    """Processor time that a database server on this machine spends on one database.

    :param admin: connects to another database of the server; None where there is no server.
    """

    kind: str
    admin: Engine | None
    name: str

    def read(self) -> dict[int, float]:
        """Return milliseconds by the ID of each process (PostgreSQL) or thread (MariaDB) that
        serves a connection to the database."""
        if self.admin is None:
            return {}
        statement = (
            f"SELECT pid FROM pg_stat_activity WHERE datname = '{self.name}'"
            if self.kind == "postgresql"
            else f"SELECT tid FROM information_schema.processlist WHERE db = '{self.name}'"
        )
        with self.admin.connect() as connection:
            ids = connection.exec_driver_sql(statement).scalars().all()
        clock = process_clock if self.kind == "postgresql" else _thread_clock
        times = {}
        for number in ids:
            try:
                times[number] = clock(number)
            except (OSError, StopIteration):
                continue  # it ended, or the server is elsewhere
        return times

    def memory(self) -> list[float]:
        """Return MiB of each connection to the database: what its process has for itself
        (PostgreSQL), or what the server counts for its thread (MariaDB)."""
        if self.admin is None:
            return []
        with self.admin.connect() as connection:
            if self.kind == "postgresql":
                pids = connection.exec_driver_sql(
                    f"SELECT pid FROM pg_stat_activity WHERE datname = '{self.name}'"
                ).scalars()
                return [memory(pid)["own"] for pid in pids]
            sizes = connection.exec_driver_sql(
                "SELECT max_memory_used + @@thread_stack FROM information_schema.processlist"
                f" WHERE db = '{self.name}'"
            ).scalars()
            return [int(size) / 2**20 for size in sizes]

    def since(self, before: dict[int, float]) -> float:
        """Return the milliseconds since an earlier reading."""
        return sum(now - before.get(number, 0.0) for number, now in self.read().items())


def _thread_clock(tid: int) -> float:
    path = next(Path("/proc").glob(f"[0-9]*/task/{tid}/schedstat"))
    return int(path.read_text().split()[0]) / 1e6


def memory(pid: int) -> dict[str, float]:
    """Return the memory of a process in MiB: ``pss``, ``rss`` and ``peak`` (of the latter), and
    what no other process shares as ``own``."""
    texts = (Path(f"/proc/{pid}/{name}").read_text() for name in ("smaps_rollup", "status"))
    lines = (line.split() for text in texts for line in text.splitlines())
    sizes = {line[0]: int(line[1]) / 1024 for line in lines if line[-1] == "kB"}
    return {
        "pss": sizes["Pss:"],
        "rss": sizes["Rss:"],
        "peak": sizes["VmHWM:"],
        "own": sizes["Private_Clean:"] + sizes["Private_Dirty:"],
    }
