"""Many calls on several connections: throughput, and the memory of a process afterwards."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from . import comparison, data
from .calls import CALLS, entries
from .client import PROTOCOLS, Client, Scenario
from .comparison import THIS
from .cpu import memory
from .installations import Installation, Store
from .tables import Table

CONNECTIONS = 8
#: Rows of two long lists.
LISTS = (10_000, 100_000)
_MIXTURE = (
    ("JSON", "getUsers"),
    ("SOAP doc", "getProjects with tasks"),
    ("JSON", "getTimesheet, 50 rows"),
    ("SOAP rpc", "getTimesheet, 50 rows"),
    ("JSON", "startRecord + stopRecord"),
)
_FIGURES = ("pss", "rss", "peak")


def _fill(store: Store, entries: int = 1_000) -> None:
    data.fill_small(store, kimai_keys=store.kind == "adopted")
    data.add_entries(store, data.ALICE, entries, first_project=data.PROJECT)


def _mixture(installation: Installation) -> list[Scenario]:
    keys = {who: comparison.log_in(installation, who) for who in data.KIMAI_KEYS}
    return [
        Scenario(protocol, keys[CALLS[title][0]], CALLS[title][1]) for protocol, title in _MIXTURE
    ]


def measure_memory(
    kind: str, directory: Path, baseline: Path | None, rounds: int
) -> Iterator[Table]:
    """Yield the memory of a worker after its start, after a long list and after mixed work."""
    lines = []
    fill = partial(_fill, entries=max(LISTS))
    for name, checkout in comparison.checkouts(baseline).items():
        with comparison.installed(name, checkout, kind, directory, fill) as one:
            with comparison.running(one):
                lines.append(_line(f"{name}: just started", one))
            for protocol, rows in itertools.product(PROTOCOLS, LISTS):
                with comparison.running(one):
                    key = comparison.log_in(one, data.READER)
                    Scenario(protocol, key, [entries(rows)]).check(one.client)
                    lines.append(_line(f"{name}: after {rows:,} rows of {protocol}", one))
            with comparison.running(one):
                calls = _mixed_work(one, 100 * rounds)
                lines.append(_line(f"{name}: after {calls:,} mixed calls and 2 long lists", one))
    headings = ["process", *(f"{figure} MiB" for figure in _FIGURES)]
    yield Table(f"Memory of a worker on {kind}", headings, lines)


def _mixed_work(installation: Installation, runs: int) -> int:
    """Run each connection's share of a mixture; two of them get a long list in the middle.

    :returns: number of calls.
    """
    mixture = _mixture(installation)
    key = comparison.log_in(installation, data.READER)
    long = [Scenario(protocol, key, [entries(LISTS[0])]) for protocol in ("JSON", "SOAP doc")]
    counts = [0] * CONNECTIONS

    def work(client: Client, index: int) -> None:
        for number in range(runs):
            scenario = mixture[number % len(mixture)]
            scenario.run(client)
            counts[index] += len(scenario)
            if number == runs // 2 and index < len(long):
                long[index].run(client)

    _in_parallel(installation.port, work)
    return sum(counts)


def _line(title: str, installation: Installation) -> list[str]:
    sizes = memory(installation.worker)
    return [title, *(f"{sizes[figure]:.0f}" for figure in _FIGURES)]


def measure_servers(
    kind: str, directory: Path, baseline: Path | None, rounds: int
) -> Iterator[Table]:
    """Yield the calls per second of a mixture by the number of processes and threads."""
    checkout = comparison.checkouts(None)[THIS]
    lines, first = [], 0.0
    for workers, threads in ((1, 8), (1, 2), (1, 4), (2, 2), (2, 4), (2, 8), (4, 4)):
        scale = {"workers": str(workers), "threads": str(threads)}
        name = f"{workers} x {threads}"
        with (
            comparison.installed(name, checkout, kind, directory, _fill, **scale) as one,
            comparison.running(one),
        ):
            rate = _calls_per_second(one.port, _mixture(one), float(rounds))
        first = first or rate
        lines.append([name, f"{rate:.0f}", f"{rate / first:.2f}"])
    headings = ["processes x threads", "calls per second", "ratio to 1 x 8"]
    yield Table(f"A mixture on {CONNECTIONS} connections on {kind}", headings, lines)


def _calls_per_second(port: int, mixture: list[Scenario], seconds: float) -> float:
    counts = [0] * CONNECTIONS
    started = time.perf_counter()

    def work(client: Client, index: int) -> None:
        while time.perf_counter() < started + seconds:
            for scenario in mixture:
                scenario.run(client)
                counts[index] += len(scenario)

    _in_parallel(port, work)
    return sum(counts) / (time.perf_counter() - started)


def _in_parallel(port: int, work: Callable[[Client, int], None]) -> None:
    """Run ``work`` in parallel with a connection each; raise the first error of theirs."""
    errors: list[BaseException] = []

    def guarded(index: int) -> None:
        client = Client(port)
        try:
            work(client, index)
        except BaseException as error:
            errors.append(error)
        finally:
            client.close()

    threads = [threading.Thread(target=guarded, args=(index,)) for index in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
