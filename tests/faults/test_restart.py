"""A database server that is restarted, or crashes, in the middle of calls."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import pytest

from faults.client import Client, Outcome
from faults.instances import Instance
from faults.serving import serving_world
from faults.workload import Workload
from kimai_remote.web.health import CACHE_SECONDS
from support.raw_http import get
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


def test_what_comes_first_after_a_restart_is_served(
    own_world: World, instance: Instance, tmp_path: Path
) -> None:
    """All connections that were kept are broken, and nobody is told."""
    with (
        serving_world(own_world, tmp_path) as server,
        closing(Client(server.url, own_world.key("alice"))) as client,
    ):

        def restart() -> None:
            assert get(server, "/health/ready").status == 200
            assert client.call("getUsers").done
            instance.stop()
            instance.start()
            time.sleep(CACHE_SECONDS)

        restart()
        assert get(server, "/health/ready").status == 200
        restart()
        assert client.call("startRecord", own_world.shop, own_world.coding).done
