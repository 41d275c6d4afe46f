"""Measuring side by side: installations alternate, so that other load affects all of them alike."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .client import Scenario
from .installations import Installation

#: Milliseconds of processor time that one batch of calls should take at least.
_BATCH = 80
_MOST_CALLS = 300


@dataclass(frozen=True)
class Cost:
    """Milliseconds of processor time of one call, medians of several rounds.

    :ivar server: of the processes of the server.
    :ivar database: of the database server for it; 0 where there is none.
    """

    server: float
    database: float

    @property
    def both(self) -> float:
        return self.server + self.database


def side_by_side(
    candidates: Mapping[str, tuple[Installation, Scenario]], rounds: int
) -> dict[str, Cost]:
    """Run all candidates in turn, after calls that aren't counted.

    :raises AssertionError: a response isn't a success.
    """
    batches = {}
    for name, (installation, scenario) in candidates.items():
        installation.client.reconnect()
        scenario.check(installation.client)
        first = _cost(installation, scenario, 1).both
        batches[name] = max(1, min(_MOST_CALLS, int(_BATCH / max(first, 0.01))))
        if batches[name] > 1:  # the server is still warming up
            _cost(installation, scenario, min(batches[name], 20))
    runs: dict[str, list[Cost]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, (installation, scenario) in candidates.items():
            runs[name].append(_cost(installation, scenario, batches[name]))
    return {
        name: Cost(
            statistics.median(cost.server for cost in costs),
            statistics.median(cost.database for cost in costs),
        )
        for name, costs in runs.items()
    }


def _cost(installation: Installation, scenario: Scenario, count: int) -> Cost:
    clock, client = installation.store.clock, installation.client
    client.reconnect()
    database, server = clock.read(), installation.cpu()
    for _ in range(count):
        scenario.run(client)
    server = installation.cpu() - server
    return Cost(server / count, clock.since(database) / count)


def ratio(one: Cost, other: Cost, what: Callable[[Cost], float] = lambda cost: cost.server) -> str:
    """Return how many times as much one costs as the other."""
    return f"{what(one) / what(other):.2f}" if what(other) else ""
