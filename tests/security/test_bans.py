"""Login bans in Kimai's columns."""

from __future__ import annotations

import threading

import pytest
from accounts import REFUSED

from kimai_remote.storage import models as m
from support.remotes import JsonRemote
from support.world import PASSWORD, World


def counters(world: World, name: str = "alice") -> tuple[int, int]:
    table = m.User.__table__
    ((ban, since),) = world.execute(
        table.select().with_only_columns(table.c.ban, table.c.banTime).where(table.c.name == name)
    )
    return ban, since


def test_two_processes_agree_by_kimais_columns(world: World) -> None:
    one, two = JsonRemote(world), JsonRemote(world)
    one.call("authenticate", "alice", "wrong")
    two.call("authenticate", "alice", "wrong")
    assert counters(world) == (2, world.now)
    one.call("authenticate", "alice", "wrong")
    assert two.call("authenticate", "alice", PASSWORD) == REFUSED
    assert counters(world) == (3, world.now)
    world.now += 900
    assert two.call("authenticate", "alice", PASSWORD)["success"] is True
    assert counters(world) == (0, 0)


def test_failures_during_a_ban_dont_make_it_longer(world: World) -> None:
    remote = JsonRemote(world)
    for _ in range(3):
        remote.call("authenticate", "alice", "wrong")
    start = world.now
    world.now += 600
    remote.call("authenticate", "alice", "wrong")
    assert counters(world) == (3, start)
    world.now = start + 900
    assert remote.call("authenticate", "alice", "wrong") == REFUSED
    assert counters(world) == (1, world.now)


@pytest.mark.parametrize("by", ["login", "key"])
@pytest.mark.parametrize("owner", ["user", "customer"])
def test_a_ban_from_the_future_begins_when_it_is_found(
    full_world: World, owner: str, by: str
) -> None:
    """It was set while the clock was ahead by a year; then that was put right."""
    world, remote = full_world, JsonRemote(full_world)
    name = "alice" if owner == "user" else "Acme"
    key = world.service.keys.derive(owner, world.alice if owner == "user" else world.acme, 0)
    right = world.now
    world.now += 365 * 86_400
    for _ in range(3):
        assert remote.call("authenticate", name, "wrong") == REFUSED
    world.now = right

    def try_in() -> bool:
        if by == "key":
            return bool(remote.call("getUsers", key)["success"])
        return bool(remote.call("authenticate", name, PASSWORD)["success"])

    assert not try_in()
    world.now = right + 899
    assert not try_in()
    world.now = right + 900
    assert try_in()


@pytest.mark.parametrize("order", [(0, 600), (600, 0)])
def test_servers_whose_clocks_differ_dont_end_each_others_bans(
    world: World, order: tuple[int, int]
) -> None:
    remote = JsonRemote(world)
    for _ in range(3):
        for ahead in order:
            world.now += ahead
            for _ in range(3):
                remote.call("authenticate", "alice", "wrong")
            assert remote.call("authenticate", "alice", PASSWORD) == REFUSED
            assert counters(world)[0] == 3
            world.now -= ahead


def test_guesses_at_the_same_time_are_counted_one_by_one(world: World) -> None:
    """Were the counter read before other guesses wrote it, each thread had three tries."""
    remote = JsonRemote(world)
    gate = threading.Barrier(6)

    def guess() -> None:
        gate.wait()
        remote.call("authenticate", "alice", "wrong")

    threads = [threading.Thread(target=guess) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counters(world) == (3, world.now)
