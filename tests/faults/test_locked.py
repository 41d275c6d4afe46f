"""A database that another program keeps locked."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from faults.client import Answer, Client, Outcome
from faults.serving import serving_world
from faults.soap import assert_not_now
from kimai_remote.storage import models as m
from support.server import Server
from support.world import World

pytestmark = pytest.mark.slow

#: Holds a lock until its input ends: the first lock is SQLite's, the other one a user's row.
PROGRAM = """
import sys
from sqlalchemy import select
from kimai_remote.storage import models as m
from kimai_remote.storage.transactions import Database

url, prefix, user = sys.argv[1:]
database = Database(url, prefix)
with database.engine.connect() as connection:
    if database.dialect.name == "sqlite":
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("BEGIN EXCLUSIVE")
    else:
        row = select(m.User.userID).where(m.User.userID == int(user))
        connection.execute(row.with_for_update())
    print("locked", flush=True)
    sys.stdin.read()
"""


@contextmanager
def locking(world: World) -> Iterator[None]:
    """Another process holds what alice needs to start a recording."""
    url = world.database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", PROGRAM, url, world.database.prefix, str(world.alice)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            assert process.stdout.readline() == b"locked\n"
            yield
        finally:
            process.stdin.close()


def call(server: Server, key: str, *what: Any) -> Answer:
    """One call on a connection of its own."""
    with closing(Client(server.url, key)) as client:
        return client.call(*what)


def test_calls_wait_only_so_long_for_a_lock(world: World, tmp_path: Path) -> None:
    alice = world.key("alice")
    start = ("startRecord", world.shop, world.coding)
    with serving_world(world, tmp_path) as server, ThreadPoolExecutor(4) as pool:
        with locking(world):
            writing = [pool.submit(call, server, alice, *start) for _ in range(3)]
            over_soap = pool.submit(
                assert_not_now,
                server,
                "startRecord",
                apiKey=alice,
                projectId=world.shop,
                activityId=world.coding,
            )
            # Reading goes on meanwhile.
            assert call(server, alice, "getProjects").done
            assert not any(waiting.done() for waiting in writing)
            assert [waiting.result().outcome for waiting in writing] == [Outcome.NOT_NOW] * 3
            over_soap.result()
        entries = select(m.TimeEntry.timeEntryID)
        assert world.execute(entries) == []
        started = call(server, alice, *start).one("timeEntryID")
        assert world.execute(entries) == [(started,)]


def test_a_lock_that_is_let_go_is_not_noticed(world: World, tmp_path: Path) -> None:
    alice = world.key("alice")
    with serving_world(world, tmp_path) as server, ThreadPoolExecutor(1) as pool:
        with locking(world):
            waiting = pool.submit(call, server, alice, "startRecord", world.shop, world.coding)
            assert call(server, world.key("ben"), "getProjects").done
            assert not waiting.done()
        assert waiting.result().done
