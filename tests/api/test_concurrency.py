"""Many calls of one user at the same time, to several servers on one database."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from caller import Caller
from sqlalchemy import func, select

from kimai_remote.storage import models as m
from kimai_remote.storage.transactions import Database
from support.processes import DEADLINE
from support.remotes import JsonRemote
from support.world import PASSWORD

SERVERS = 6
ROUNDS = 8
#: What a call may be answered when another one was faster.
EXPECTED_FAILURES = {"No active recording.", "Unable to stop, not recording?"}


@pytest.fixture
def servers(world):
    """Alice at several servers, each with an engine of its own."""
    url = world.database.url.render_as_string(hide_password=False)
    databases = [Database(url, world.database.prefix) for _ in range(SERVERS)]
    worlds = [dataclasses.replace(world, database=database) for database in databases]
    yield [Caller(JsonRemote(one), one, "alice") for one in worlds]
    for database in databases:
        database.close()


def count_running(caller):
    """How many recordings of alice's run, as far as is committed."""
    entry = m.TimeEntry
    statement = select(func.count()).where(entry.userID == caller.world.alice, entry.end == 0)
    return caller.world.database.run(lambda session: session.scalar(statement), writes=False)


def at_once(servers, work: Callable[[Caller], object]):
    """Run the work at all servers at the same time; what it returned at each."""
    barrier = threading.Barrier(len(servers))

    def run(caller):
        barrier.wait(DEADLINE)
        return work(caller)

    with ThreadPoolExecutor(len(servers)) as pool:
        return list(pool.map(run, servers))


def test_starts_at_the_same_time_leave_one_running(servers, world):
    started = at_once(
        servers, lambda alice: alice.item("startRecord", world.shop, world.coding)["timeEntryID"]
    )
    assert len(set(started)) == SERVERS
    assert count_running(servers[0]) == 1
    (entry,) = [number for number in started if world.entry(number).end == 0]
    assert servers[0].item("getActiveRecording")["timeEntryID"] == entry


def test_stops_at_the_same_time_stop_once(servers, world):
    number = world.add_entry(end=0)
    answers = at_once(servers, lambda alice: alice.call("stopRecord", number)["success"])
    assert sorted(answers) == [False] * (SERVERS - 1) + [True]


def test_never_more_than_one_runs_whatever_is_called(servers, world):
    calls = [
        lambda alice: alice.call("startRecord", world.shop, world.coding),
        lambda alice: alice.call("startRecord", world.portal, world.meeting),
        lambda alice: alice.call("stopRecord"),
        lambda alice: alice.call("updateActiveRecording", {"description": "still at it"}),
        lambda alice: alice.call("updateActiveRecording", {"end": str(world.now + 60)}),
        lambda alice: alice.call("getActiveRecording"),
        lambda alice: alice.call("startRecord"),
    ]
    world.change(m.User, world.alice, lastProject=world.shop, lastActivity=world.coding)

    def work(alice):
        first = servers.index(alice)
        seen = []
        for turn in range(ROUNDS):
            for place in range(len(calls)):
                answer = calls[(first + turn + place) % len(calls)](alice)
                assert answer["success"] or answer["error"]["msg"] in EXPECTED_FAILURES, answer
                seen.append(count_running(alice))
        return seen

    seen = [count for counts in at_once(servers, work) for count in counts]
    assert set(seen) == {0, 1}
    assert len(world.execute(m.TimeEntry.__table__.select())) == 3 * ROUNDS * SERVERS


def test_first_logins_at_the_same_time_get_the_same_key(servers, world):
    world.execute(m.RemoteKey.__table__.delete())
    answers = at_once(
        servers, lambda alice: alice.remote.call("authenticate", "alice", PASSWORD)["items"]
    )
    assert answers == [[{"apiKey": world.key("alice")}]] * SERVERS
