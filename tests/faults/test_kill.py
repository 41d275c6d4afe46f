"""Servers killed in the middle of writes."""

from __future__ import annotations

import os
import select
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from faults.client import Outcome
from faults.serving import serving_world
from faults.workload import Workload
from support.processes import DEADLINE
from support.raw_http import call
from support.server import Server
from support.world import World

pytestmark = pytest.mark.slow


def test_servers_killed_and_started_again(
    world: World, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    kills = request.config.getoption("kills")
    with serving_world(world, tmp_path) as one, serving_world(world, tmp_path) as other:
        workload = Workload(world, [one.url, other.url])

        def kill_often(server: Server, times: int) -> None:
            for kill in range(times):
                # Whoever answers: the other one may be down at the same time.
                workload.invariants.wait_for(Outcome.DONE, 10 + kill % 7)
                server.kill()
                server.start()

        with workload.running() as invariants, ThreadPoolExecutor(2) as pool:
            killing = [
                pool.submit(kill_often, one, kills - kills // 2),
                pool.submit(kill_often, other, kills // 2),
            ]
            for killer in killing:
                killer.result()
            invariants.wait_for(Outcome.DONE, 50)
    invariants.check(world)
    assert invariants.outcomes[Outcome.BROKEN]
    assert invariants.outcomes[Outcome.NOT_NOW] == 0


def test_a_killed_worker_is_replaced(world: World, tmp_path: Path) -> None:
    with serving_world(world, tmp_path, "--workers", "2") as server:
        workload = Workload(world, [server.url])
        with workload.running() as invariants:
            invariants.wait_for(Outcome.DONE, 50)
            before = server.workers
            os.kill(before[0], signal.SIGKILL)
            invariants.wait_for(Outcome.DONE, 200)
        after = server.workers
    assert len(after) == 2
    assert before[0] not in after
    invariants.check(world)


def test_workers_end_with_their_server(world: World, tmp_path: Path) -> None:
    """Otherwise they keep the address, and the next server can't start."""
    with serving_world(world, tmp_path, "--workers", "2") as server:
        workers = [os.pidfd_open(number) for number in server.workers]
        server.process.kill()
        for worker in workers:
            ended, _, _ = select.select([worker], [], [], DEADLINE)
            assert ended
            os.close(worker)
        server.kill()
        server.start()
        assert call(server, "getVersion")
