"""docs/deploy/haproxy.cfg in front of three servers, of which some fail."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from docs.proxies import Proxy, balancing
from faults.serving import serving_world
from support.live_server import LiveServer
from support.processes import wait_until
from support.server import Server
from support.world import World

pytestmark = [pytest.mark.clients, pytest.mark.one_database]


@pytest.fixture
def servers(world: World, tmp_path: Path) -> Iterator[list[Server]]:
    with ExitStack() as stack:
        yield [
            stack.enter_context(serving_world(world, tmp_path, trusted_proxies=1)) for _ in range(3)
        ]


@pytest.fixture
def ask(servers: list[Server], world: World, tmp_path: Path) -> Iterator[Callable[[int], set[int]]]:
    """Make calls at once, and return the HTTP status of each."""
    body = json.dumps(
        {"jsonrpc": "2.0", "id": 1, "method": "getUsers", "params": [world.key("alice")]}
    ).encode()
    with balancing(tmp_path, servers) as (port, certificate):
        proxy = Proxy(port, certificate, LiveServer(servers[0], world, 0, 0), tmp_path)

        def call(_number: int) -> int:
            response = proxy.request("POST", "/core/json.php", body)
            return response.status if "alice" in response.text else 0

        def call_all(calls: int) -> set[int]:
            with ThreadPoolExecutor(4) as pool:
                return set(pool.map(call, range(calls)))

        wait_until(lambda: call_all(1) == {200})
        yield call_all


#: Seconds after which the balancer has noticed that a server died, with its checks once a second.
NOTICED = 4


def test_a_server_that_dies_is_not_missed(
    servers: list[Server], ask: Callable[[int], set[int]]
) -> None:
    def keep_asking() -> None:
        end = time.monotonic() + NOTICED
        while time.monotonic() < end:
            assert ask(20) == {200}

    assert ask(60) == {200}
    servers[0].kill()
    keep_asking()
    servers[1].stop()
    keep_asking()
    servers[0].start()
    keep_asking()
    servers[2].kill()
    keep_asking()
