"""``/metrics`` for Prometheus: calls, how long they took, the database's connections, processes.

In a server process the figures of all its processes are added up, see :mod:`.metric_files`. Labels
are names of the service's own; no name of a user and no word of a client is in any of them.
"""

from __future__ import annotations

import functools
import os
import platform
from collections.abc import Iterable, Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector

from .. import __version__
from ..api.desk import Desk
from ..api.observing import Observed, Outcome
from .metric_files import VARIABLE, of_this_process

#: Seconds; calls take milliseconds, or as long as a lock or the database lets them wait.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Measures calls as an observer, and writes all figures down for Prometheus."""

    def __init__(self, desk: Desk) -> None:
        folder = os.environ.get(VARIABLE)
        self._files = of_this_process(Path(folder)) if folder else None
        self._registry = registry = CollectorRegistry()
        self._calls = Counter(
            "kimai_remote_calls", "Calls that were answered.",
            ["method", "protocol", "outcome"], registry=registry,
        )  # fmt: skip
        self._durations = Histogram(
            "kimai_remote_call_duration_seconds", "Time until the answer to a call was complete.",
            ["method", "protocol"], buckets=BUCKETS, registry=registry,
        )  # fmt: skip
        self._in_progress = Gauge(
            "kimai_remote_calls_in_progress", "Calls that are being answered.",
            ["protocol"], multiprocess_mode="livesum", registry=registry,
        )  # fmt: skip
        # What is looked up for each call; there are no more of them than methods and outcomes.
        self._of_protocol = functools.cache(self._in_progress.labels)
        self._of_call = functools.cache(self._find)
        self._measure_pool(desk)

    def _measure_pool(self, desk: Desk) -> None:
        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"kimai_remote_database_{name}", text, multiprocess_mode="livesum",
                         registry=self._registry)  # fmt: skip

        size = desk.database.pool_size
        gauge("pool_size", "Database connections that are kept open.").set(size)
        in_use = gauge("connections_in_use", "Database connections that calls are using.")
        overflow = gauge("connections_overflow", "Those in use beyond the size of the pool.")

        def changed(number: int) -> None:
            in_use.set(number)
            overflow.set(max(0, number - size))

        changed(0)
        desk.database.watch_connections(changed)

    def _find(self, method: str, protocol: str, outcome: Outcome) -> tuple[Counter, Histogram]:
        counter = self._calls.labels(method, protocol, outcome.value)
        return counter, self._durations.labels(method, protocol)

    def began(self, call: Observed) -> None:
        self._of_protocol(call.protocol).inc()

    def ended(self, call: Observed) -> None:
        self._of_protocol(call.protocol).dec()
        counter, histogram = self._of_call(call.method, call.protocol, call.outcome)
        counter.inc()
        histogram.observe(call.seconds)

    def write(self, accept: str) -> tuple[bytes, str]:
        """All figures, and their content type.

        :param accept: what the reader's ``Accept`` header asks for.
        """
        encode, content_type = choose_encoder(accept)
        if self._files is None:
            registry, processes = self._registry, [os.getpid()]
            return encode(_Together([registry, _Processes(processes)])), content_type
        with self._files.settled() as processes:
            figures = MultiProcessCollector(None, str(self._files.path))
            return encode(_Together([figures, _Processes(processes)])), content_type


class _Together:
    """Several collectors as what an encoder takes for a registry."""

    def __init__(self, collectors: Iterable[object]) -> None:
        self._collectors = collectors

    def collect(self) -> Iterator[Metric]:
        for collector in self._collectors:
            yield from collector.collect()  # type: ignore[attr-defined]


class _Processes:
    """Which program this is, and what each of its processes takes."""

    def __init__(self, processes: Iterable[int]) -> None:
        self._processes = processes

    def collect(self) -> Iterator[Metric]:
        build = Metric("kimai_remote_build_info", "What is running.", "gauge")
        labels = {"version": __version__, "python": platform.python_version()}
        build.add_sample(build.name, labels, 1)
        yield build
        families: dict[str, Metric] = {}
        for process in self._processes:
            for family in _of_process(process):
                whole = families.setdefault(
                    family.name, Metric(family.name, family.documentation, family.type)
                )
                for sample in family.samples:
                    whole.add_sample(sample.name, {"pid": str(process)}, sample.value)
        yield from families.values()


def _of_process(process: int) -> Iterable[Metric]:
    return ProcessCollector(pid=lambda: process, registry=None).collect()
