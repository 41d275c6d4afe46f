"""At most one running recording a user, and no lost update, however many calls race."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from faults.client import Outcome
from faults.serving import serving_world
from faults.workload import Workload
from support.world import World

pytestmark = pytest.mark.slow

#: To the database it is the same whether two processes belong to one server or to two.
SHARE = {(2, 1): 1.0, (1, 2): 0.1}


@pytest.mark.parametrize(("servers", "workers"), SHARE, ids=["servers", "workers"])
def test_calls_that_race(
    world: World, servers: int, workers: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    calls = max(600, int(request.config.getoption("stress") * SHARE[servers, workers]))
    with ExitStack() as stack:
        running = [
            stack.enter_context(serving_world(world, tmp_path, "--workers", str(workers)))
            for _ in range(servers)
        ]
        workload = Workload(world, [server.url for server in running])
        print(f"{workload.run(calls):.0f} calls a second")
    invariants = workload.invariants
    invariants.check(world)
    assert set(invariants.outcomes) <= {Outcome.DONE, Outcome.REFUSED}, invariants.outcomes
    assert invariants.outcomes[Outcome.DONE] > invariants.total / 2
