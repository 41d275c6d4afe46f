"""Measuring side by side: candidates alternate, so that other load affects all of them alike."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """Milliseconds of several runs."""

    runs: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.runs)

    @property
    def spread(self) -> str:
        return f"{min(self.runs):.2f}-{max(self.runs):.2f}"


def side_by_side(
    candidates: Mapping[str, Callable[[], object]],
    rounds: int = 9,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Timing]:
    """Run all candidates in turn, after one round that isn't counted.

    :param clock: ``time.thread_time`` finds small differences on a busy machine.
    """
    runs: dict[str, list[float]] = {name: [] for name in candidates}
    for candidate in candidates.values():
        candidate()
    for _ in range(rounds):
        for name, candidate in candidates.items():
            gc.collect()
            started = clock()
            candidate()
            runs[name].append((clock() - started) * 1000)
    return {name: Timing(tuple(times)) for name, times in runs.items()}
