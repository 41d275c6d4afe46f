"""Many parallel calls of one user to several servers on one database."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from caller import Caller
from sqlalchemy import delete, func, select

from kimai_remote.storage import models as m
from kimai_remote.storage.transactions import Database
from support.processes import DEADLINE
from support.remotes import JsonRemote
from support.world import PASSWORD, World

T = TypeVar("T")

SERVERS = 6
ROUNDS = 8
#: Errors of a call when another one was faster.
EXPECTED_FAILURES = {"No active recording.", "Unable to stop, not recording?"}


@pytest.fixture
def servers(world: World) -> Iterator[list[Caller]]:
    """Alice as a caller of several servers, each with an engine of its own."""
    url = world.database.url.render_as_string(hide_password=False)
    databases = [Database(url, world.database.prefix) for _ in range(SERVERS)]
    worlds = [dataclasses.replace(world, database=database) for database in databases]
    yield [Caller(JsonRemote(one), one, "alice") for one in worlds]
    for database in databases:
        database.close()


def count_running(caller: Caller) -> int:
    """Return the number of alice's running recordings that are committed."""
    entry = m.TimeEntry
    statement = select(func.count()).where(entry.userID == caller.world.alice, entry.end == 0)
    return caller.world.database.run(lambda session: session.scalar(statement) or 0, writes=False)


def at_once(servers: list[Caller], work: Callable[[Caller], T]) -> list[T]:
    """Run the work on all servers in parallel; return the results in order of the servers."""
    barrier = threading.Barrier(len(servers))

    def run(caller: Caller) -> T:
        barrier.wait(DEADLINE)
        return work(caller)

    with ThreadPoolExecutor(len(servers)) as pool:
        return list(pool.map(run, servers))


def test_parallel_starts_leave_one_running(servers: list[Caller], world: World) -> None:
    started = at_once(
        servers, lambda alice: alice.item("startRecord", world.shop, world.coding)["timeEntryID"]
    )
    assert len(set(started)) == SERVERS
    assert count_running(servers[0]) == 1
    (entry,) = [entry_id for entry_id in started if world.entry(entry_id).end == 0]
    assert servers[0].item("getActiveRecording")["timeEntryID"] == entry


def test_parallel_stops_stop_once(servers: list[Caller], world: World) -> None:
    world.add_entry(end=0)
    responses = at_once(servers, lambda alice: alice.call("stopRecord")["success"])
    assert sorted(responses) == [False] * (SERVERS - 1) + [True]


def test_parallel_calls_never_leave_two_running(servers: list[Caller], world: World) -> None:
    calls: list[Callable[[Caller], Any]] = [
        lambda alice: alice.call("startRecord", world.shop, world.coding),
        lambda alice: alice.call("startRecord", world.portal, world.meeting),
        lambda alice: alice.call("stopRecord"),
        lambda alice: alice.call("updateActiveRecording", {"description": "still at it"}),
        lambda alice: alice.call("updateActiveRecording", {"end": str(world.now + 60)}),
        lambda alice: alice.call("getActiveRecording"),
        lambda alice: alice.call("startRecord"),
    ]
    world.change(m.User, world.alice, lastProject=world.shop, lastActivity=world.coding)

    def work(alice: Caller) -> list[int]:
        first = servers.index(alice)
        seen = []
        for repetition in range(ROUNDS):
            for index in range(len(calls)):
                response = calls[(first + repetition + index) % len(calls)](alice)
                assert response["success"] or response["error"]["msg"] in EXPECTED_FAILURES, (
                    response
                )
                seen.append(count_running(alice))
        return seen

    seen = [count for counts in at_once(servers, work) for count in counts]
    assert set(seen) == {0, 1}
    assert len(world.execute(select(m.TimeEntry))) == 3 * ROUNDS * SERVERS


def test_parallel_first_logins_get_the_same_key(servers: list[Caller], world: World) -> None:
    world.execute(delete(m.RemoteKey))
    responses = at_once(
        servers, lambda alice: alice.remote.call("authenticate", "alice", PASSWORD)["items"]
    )
    assert responses == [[{"apiKey": world.key("alice")}]] * SERVERS
