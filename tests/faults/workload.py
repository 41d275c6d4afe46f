"""A workload: many clients of a few users call several servers at once, whatever happens."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from support.world import World

from .invariants import UNTOUCHED, USERS, Invariants, assert_one_timer
from .worker import SHARED_FIELDS, Person, Worker

CLIENTS = len(USERS) * len(SHARED_FIELDS)
#: Seconds between two attempts at a server that can't answer, and between two checks of timers.
PAUSE = 0.05


class Workload:
    """``CLIENTS`` threads, divided among the users and the servers.

    :param urls: the servers.
    """

    def __init__(self, world: World, urls: Sequence[str]) -> None:
        self.invariants = Invariants()
        self._world = world
        self._urls = urls
        self._ended = threading.Event()
        self._people = [self._person(name) for name in USERS]

    def run(self, calls: int) -> float:
        """Make this many calls, while checking that nobody has two timers.

        :returns: calls a second.
        """
        begun = time.monotonic()
        with ThreadPoolExecutor(1) as pool:
            watching = pool.submit(self._watch)
            with self.running() as invariants:
                invariants.wait_for_all(calls)
            watching.result()
        return invariants.total / (time.monotonic() - begun)

    @contextmanager
    def running(self) -> Iterator[Invariants]:
        """Call until the block ends."""
        with ThreadPoolExecutor(CLIENTS) as pool:
            try:
                clients = [pool.submit(self._work, client) for client in range(CLIENTS)]
                yield self.invariants
            finally:
                self._ended.set()
        for client in clients:
            client.result()

    def _person(self, name: str) -> Person:
        world = self._world
        red = name == "oscar"
        project, task = (world.red_project, world.red_task) if red else (world.shop, world.coding)
        shared = world.add_entry(name, **dict.fromkeys(SHARED_FIELDS, UNTOUCHED))
        return Person(name, world.key(name), (project, task), shared)

    def _work(self, client: int) -> None:
        index, person_index = divmod(client, len(USERS))
        url = self._urls[index % len(self._urls)]
        worker = Worker(
            self._people[person_index], index, url, self.invariants, lambda: self._ended.wait(PAUSE)
        )
        try:
            while not self._ended.is_set():
                worker.step()
        except BaseException as error:
            self.invariants.fail(error)
            raise
        finally:
            worker.close()

    def _watch(self) -> None:
        while not self._ended.wait(PAUSE):
            assert_one_timer(self._world.database)
