"""The cost of metrics and the access log: the same calls with neither, with one, and with both.

The calls run in one process, but write the metrics files that several processes share. The unit is
processor time, not elapsed time.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmarks.harness import Caller
from benchmarks.measure import Timing, side_by_side
from kimai_remote.app import create_app
from kimai_remote.server import metrics_multiprocess
from kimai_remote.server.logging import JsonLines
from kimai_remote.storage.transactions import Database
from support.world import World

#: Calls in one measurement.
CALLS = 200
CANDIDATES = {
    "neither": {"metrics_from": "", "access_log": False},
    "metrics": {"metrics_from": "local", "access_log": False},
    "access log": {"metrics_from": "", "access_log": True},
    "both": {"metrics_from": "local", "access_log": True},
}


def measure(world: World, directory: Path) -> Iterator[tuple[str, dict[str, Timing]]]:
    """Yield a title for each method that is called, and its timings by candidate."""
    with metrics_multiprocess.folder(), _logging_to(directory / "log"):
        databases, callers = [], {}
        for name, changed in CANDIDATES.items():
            # Each has connections of its own, since a connection stays instrumented.
            database = Database(world.database.url.render_as_string(False), world.database.prefix)
            databases.append(database)
            service = replace(
                world.service,
                database=database,
                settings=replace(world.service.settings, **changed),
            )
            callers[name] = Caller(
                world, create_app(service, metrics_multiprocess.of_this_process())
            )
        for title, parameters in (("getVersion", ()), ("getTimesheet", (0, 0, -1, 0, 50))):
            calls = {
                name: partial(_repeat, partial(caller.json, title, *parameters))
                for name, caller in callers.items()
            }
            yield f"{CALLS} calls of {title}", side_by_side(calls, 25, time.thread_time)
        for database in databases:
            database.close()


def _repeat(call: Callable[[], object]) -> None:
    for _ in range(CALLS):
        call()


@contextmanager
def _logging_to(path: Path) -> Iterator[None]:
    log = logging.getLogger("kimai_remote.access")
    handler = logging.FileHandler(path)
    handler.setFormatter(JsonLines())
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    yield
    log.removeHandler(handler)
    handler.close()
