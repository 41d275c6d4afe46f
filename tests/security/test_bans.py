"""Login bans in Kimai's columns, and the limit per network address."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from accounts import REFUSED

from kimai_remote.storage import models as m
from kimai_remote.tracking.rate_limit import MOST_ADDRESSES, LoginRateLimit, network
from support.remotes import JsonRemote
from support.world import PASSWORD, World

THROTTLED = "Too many failed logins from your address. Please wait a minute."


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


@pytest.mark.one_database
def test_the_limit_of_a_network_address(world: World) -> None:
    world.settings = replace(world.settings, login_rate=2, trusted_proxies=1)
    remote = JsonRemote(world)

    def try_from(address: str, password: str) -> str:
        response = call_from(address, remote, "authenticate", "ben", password)
        return "in" if response["success"] else response["error"]["msg"]

    assert [try_from("192.0.2.1", "wrong") for _ in range(3)] == [REFUSED["error"]["msg"]] * 2 + [
        THROTTLED
    ]
    assert try_from("192.0.2.1", PASSWORD) == THROTTLED
    assert try_from("192.0.2.2", PASSWORD) == "in"
    world.now += 60
    assert try_from("192.0.2.1", PASSWORD) == "in"


def call_from(address: str, remote: JsonRemote, method: str, *params: Any) -> Any:
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    headers = {"X-Forwarded-For": address}
    response = remote.client.post("/core/json.php?types=native", json=request, headers=headers)
    return response.get_json()["result"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("", "unix", False),
    ],
)
def test_addresses_that_share_a_limit(one: str, other: str, same: bool) -> None:
    assert (network(one) == network(other)) is same


def test_memory_of_addresses_is_bounded() -> None:
    login_rate_limit = LoginRateLimit(1)
    for index in range(MOST_ADDRESSES + 10):
        login_rate_limit.failed(f"10.{index >> 16}.{index >> 8 & 255}.{index & 255}", 100)
    assert len(login_rate_limit._failures) == MOST_ADDRESSES
    assert login_rate_limit.allows("10.0.0.0", 100)
    assert not login_rate_limit.allows("10.0.1.0", 100)
    assert login_rate_limit.allows("10.0.1.0", 160)


def test_no_limit() -> None:
    login_rate_limit = LoginRateLimit(0)
    for _ in range(1000):
        login_rate_limit.failed("192.0.2.1", 100)
    assert login_rate_limit.allows("192.0.2.1", 100)
