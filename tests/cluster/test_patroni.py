"""docs/deploy/patroni under load: a planned and an unplanned change of the primary."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from cluster import patroni
from faults.client import Outcome
from faults.serving import serving_world
from faults.workload import Workload
from kimai_remote.storage import schema
from kimai_remote.storage.transactions import Database
from support.processes import wait_until
from support.world import build

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def cluster() -> Iterator[patroni.Patroni]:
    with patroni.running() as running:
        yield running


def test_the_primary_changes(cluster: patroni.Patroni, tmp_path: Path) -> None:
    """Nothing that was acknowledged is lost, and nobody has two timers."""
    with ExitStack() as stack:
        database = stack.enter_context(closing(Database(cluster.direct_url)))
        schema.create(database)
        world = build(database)
        servers = [
            stack.enter_context(
                serving_world(
                    world, tmp_path, database_url=cluster.url, database_pooler="transaction"
                )
            )
            for _ in range(2)
        ]
        workload = Workload(world, [server.url for server in servers])
        with workload.running() as invariants:
            invariants.wait_for(Outcome.DONE, 50)
            old = cluster.primary()
            assert old is not None
            old.switch_over()
            wait_until(lambda: cluster.primary() not in (None, old), lambda: old.state)
            invariants.wait_for(Outcome.DONE, 50)
            cluster.wait_until_whole()

            old = cluster.primary()
            assert old is not None
            old.kill()
            wait_until(lambda: cluster.primary() not in (None, old), lambda: old.state)
            invariants.wait_for(Outcome.DONE, 50)

            # It may have written what no standby has, and comes back as a standby without that.
            old.start()
            cluster.wait_until_whole()
            invariants.wait_for(Outcome.DONE, 50)
        invariants.check(world)
    print(dict(invariants.outcomes))
