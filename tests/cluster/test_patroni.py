"""docs/deploy/patroni under load: a planned and an unplanned change of the primary."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from cluster import patroni
from cluster.availability import measuring
from faults.client import Answer, Client, Outcome
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


def switch_over(node: patroni.Node) -> None:
    node.switch_over()


def kill(node: patroni.Node) -> None:
    node.kill()


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
        record = {"projectId": world.shop, "taskId": world.coding, "trackingNumber": "measured"}
        record |= {"start": 10**9, "end": 10**9 + 60}

        def write(client: Client) -> Answer:
            return client.call("setTimesheetRecord", record, False)

        workload = Workload(world, [server.url for server in servers])
        with workload.running() as invariants:
            for change in (switch_over, kill):
                invariants.wait_for(Outcome.DONE, 50)
                before = invariants.total
                with measuring(servers[0].url, world.key("alice"), write) as measured:
                    old = cluster.primary()
                    assert old is not None
                    change(old)
                    wait_until(lambda old=old: cluster.primary() not in (None, old))
                    invariants.wait_for(Outcome.DONE, 50)
                if change is kill:
                    # It may have written what no standby has, and comes back without that.
                    old.start()
                cluster.wait_until_whole()
                invariants.wait_for(Outcome.DONE, 50)
                print(
                    f"{change.__name__}: {invariants.total - before} calls, "
                    f"{measured.longest:.1f} s longest unavailability"
                )
        database.close()  # its connections are those of an old primary
        invariants.check(world)
    print(dict(invariants.outcomes))


def test_who_may_change_the_state_of_a_node(cluster: patroni.Patroni) -> None:
    """HAProxy asks from elsewhere for the state, which only the nodes change."""
    node = cluster.nodes[0]
    assert node.status("GET", "/health", "127.0.0.2") == 200
    assert node.status("POST", "/reload", "127.0.0.2") == 403
    assert node.status("POST", "/reload", "127.0.0.1") == 202
