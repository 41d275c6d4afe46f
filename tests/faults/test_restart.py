"""A database server that is restarted, or crashes, in the middle of calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from faults.client import Outcome
from faults.instances import Instance
from faults.serving import serving_world
from faults.workload import Workload
from support.world import World

pytestmark = pytest.mark.servers

RESTARTS = 3


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_the_database_goes_and_comes_back(
    own_world: World, instance: Instance, how: str, tmp_path: Path
) -> None:
    with (
        serving_world(own_world, tmp_path) as one,
        serving_world(own_world, tmp_path) as other,
    ):
        workload = Workload(own_world, [one.url, other.url])
        workers = one.workers + other.workers
        with workload.running() as invariants:
            for _ in range(RESTARTS):
                invariants.wait_for(Outcome.DONE, 20)
                getattr(instance, how)()
                invariants.wait_for(Outcome.NOT_NOW, 20)
                instance.start()
            invariants.wait_for(Outcome.DONE, 50)
        assert one.workers + other.workers == workers
    invariants.check(own_world)
    assert set(invariants.outcomes) <= {Outcome.DONE, Outcome.REFUSED, Outcome.NOT_NOW}
