"""A PostgreSQL primary that goes, and its standby that takes its place."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from cluster import postgres
from cluster.availability import measuring
from cluster.postgres import Server
from faults import instances
from faults.client import Answer, Client, Outcome
from faults.serving import serving_world
from faults.workload import Workload
from kimai_remote.storage import schema
from kimai_remote.storage.dialects.base import CONNECT_TIMEOUT
from kimai_remote.storage.transactions import Database
from support import databases
from support.processes import allowed
from support.world import World, build

pytestmark = pytest.mark.cluster

#: Seconds after a promotion within which each server has to serve calls again.
RECOVERY = 1
#: Setting of servers in some tests, in seconds.
STATEMENT_TIMEOUT = 2

Pair = tuple[Server, Server]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A primary and its standby."""
    databases.require("postgresql")
    with instances.folder_of_another_user() as folder, postgres.pair(folder) as servers:
        yield servers


@pytest.fixture
def own_world(pair: Pair) -> Iterator[World]:
    """The known world on both of them."""
    with closing(Database(postgres.url(*pair))) as database:
        schema.create(database)
        yield build(database)


def write(world: World, client: Client) -> Answer:
    """Write an entry with a mark that no workload uses."""
    times = {"start": 10**9, "end": 10**9 + 60}
    work = {"projectId": world.shop, "taskId": world.coding, "trackingNumber": "extra"}
    record = work | times
    return client.call("setTimesheetRecord", record, False)


def seconds_to_serve(world: World, urls: list[str], since: float) -> float:
    """Seconds until each server has done a call that writes."""

    def until_done(url: str) -> float:
        with closing(Client(url, world.key("alice"))) as client:
            while not write(world, client).done:
                time.sleep(0.02)
        return time.monotonic() - since

    with ThreadPoolExecutor(len(urls)) as pool:
        return max(pool.map(until_done, urls))


def outcome(world: World, url: str, timeout: float = 15) -> Outcome:
    with closing(Client(url, world.key("alice"), timeout)) as client:
        return write(world, client).outcome


def test_a_crash(own_world: World, pair: Pair, tmp_path: Path, is_deep: bool) -> None:
    """No write that was acknowledged is lost, and each server goes on within a second."""
    primary, standby = pair
    url = postgres.url(*pair)
    with ExitStack() as stack:
        servers = [
            stack.enter_context(serving_world(own_world, tmp_path, database_url=url))
            for _ in range(3 if is_deep else 2)
        ]
        urls = [server.url for server in servers]
        workload = Workload(own_world, urls)
        with (
            measuring(urls[0], own_world.key("root"), lambda c: write(own_world, c)) as seen,
            workload.running() as invariants,
        ):
            invariants.wait_for(Outcome.DONE, 2_000 if is_deep else 200)
            primary.kill()
            invariants.wait_for(Outcome.NOT_NOW, 50)
            standby.promote()
            recovery = seconds_to_serve(own_world, urls, time.monotonic())
            invariants.wait_for(Outcome.DONE, 2_000 if is_deep else 200)
        print(
            f"{invariants.total} calls, {dict(invariants.outcomes)}; not served for "
            f"{seen.longest:.2f} s, {recovery:.2f} s of them after the promotion"
        )
        assert recovery < allowed(RECOVERY)
        own_world.database.close()  # its connections are those of the old primary
        invariants.check(own_world)
        assert set(invariants.outcomes) <= {Outcome.DONE, Outcome.REFUSED, Outcome.NOT_NOW}

        # Nothing fences off the old primary here. It has no standby that would have its writes.
        primary.start()
        assert {outcome(own_world, url) for url in urls} == {Outcome.DONE}
        settings = {"database_url": url, "statement_timeout": STATEMENT_TIMEOUT}
        with serving_world(own_world, tmp_path, **settings) as new:
            assert outcome(own_world, new.url) is Outcome.NOT_NOW


def test_a_switchover_and_back(own_world: World, pair: Pair, tmp_path: Path) -> None:
    url = postgres.url(*pair)
    with (
        serving_world(own_world, tmp_path, database_url=url) as one,
        serving_world(own_world, tmp_path, database_url=url) as other,
    ):
        urls = [one.url, other.url]
        with Workload(own_world, urls).running() as invariants:
            for primary, standby in (pair, reversed(pair)):
                invariants.wait_for(Outcome.DONE, 40)
                primary.stop()
                standby.promote()
                recovery = seconds_to_serve(own_world, urls, time.monotonic())
                assert recovery < allowed(RECOVERY)
                primary.follow(standby)
                before = invariants.outcomes[Outcome.NOT_NOW]
                if primary is pair[0]:
                    # The new standby is first in the list, and isn't written to.
                    with serving_world(own_world, tmp_path, database_url=url) as new:
                        assert outcome(own_world, new.url) is Outcome.DONE
                invariants.wait_for(Outcome.DONE, 40)
                assert invariants.outcomes[Outcome.NOT_NOW] == before
    own_world.database.close()
    invariants.check(own_world)


def test_a_primary_that_does_not_respond(own_world: World, pair: Pair, tmp_path: Path) -> None:
    """Its machine is suspended or cut off: nothing refuses a connection."""
    primary, standby = pair
    settings = {"database_url": postgres.url(*pair), "statement_timeout": STATEMENT_TIMEOUT}
    with serving_world(own_world, tmp_path, **settings) as server:
        assert outcome(own_world, server.url) is Outcome.DONE
        primary.freeze()
        standby.promote()
        since = time.monotonic()
        assert outcome(own_world, server.url) is Outcome.NOT_NOW
        assert time.monotonic() - since < allowed(STATEMENT_TIMEOUT + 1)
        assert seconds_to_serve(own_world, [server.url], since) < allowed(
            STATEMENT_TIMEOUT + CONNECT_TIMEOUT + RECOVERY
        )
        # New connections don't wait for it again.
        since = time.monotonic()
        assert seconds_to_serve(own_world, [server.url] * 4, since) < allowed(RECOVERY)


def test_without_the_standby_no_write_is_acknowledged(
    own_world: World, pair: Pair, tmp_path: Path
) -> None:
    _, standby = pair
    settings = {"database_url": postgres.url(*pair), "statement_timeout": STATEMENT_TIMEOUT}
    with serving_world(own_world, tmp_path, **settings) as server:
        standby.kill()
        assert outcome(own_world, server.url) is Outcome.NOT_NOW
        with closing(Client(server.url, own_world.key("alice"))) as client:
            assert client.call("getProjects").done
        standby.start()
        assert outcome(own_world, server.url) is Outcome.DONE
