"""Many clients of a few users, calling several servers at once whatever happens to these."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from support.world import World

from .actor import SHARED_FIELDS, Actor, Person
from .ledger import UNTOUCHED, USERS, Ledger, assert_one_timer

CLIENTS = len(USERS) * len(SHARED_FIELDS)
#: Seconds between two attempts at a server that can't answer, and between two looks at the timers.
PAUSE = 0.05


class Storm:
    """``CLIENTS`` threads, divided among the users and the servers.

    :param urls: the servers.
    """

    def __init__(self, world: World, urls: Sequence[str]) -> None:
        self.ledger = Ledger()
        self._world = world
        self._urls = urls
        self._over = threading.Event()
        self._people = [self._person(name) for name in USERS]

    def run(self, calls: int) -> float:
        """Make so many calls, while looking whether anybody has two timers.

        :returns: calls a second.
        """
        begun = time.monotonic()
        with ThreadPoolExecutor(1) as pool:
            watching = pool.submit(self._watch)
            with self.blowing() as ledger:
                ledger.wait_for_all(calls)
            watching.result()
        return ledger.total / (time.monotonic() - begun)

    @contextmanager
    def blowing(self) -> Iterator[Ledger]:
        """Call until the block ends."""
        with ThreadPoolExecutor(CLIENTS) as pool:
            try:
                clients = [pool.submit(self._act, number) for number in range(CLIENTS)]
                yield self.ledger
            finally:
                self._over.set()
        for client in clients:
            client.result()

    def _person(self, name: str) -> Person:
        world = self._world
        red = name == "oscar"
        project, task = (world.red_project, world.red_task) if red else (world.shop, world.coding)
        shared = world.add_entry(name, **dict.fromkeys(SHARED_FIELDS, UNTOUCHED))
        return Person(name, world.key(name), (project, task), shared)

    def _act(self, number: int) -> None:
        person, place = self._people[number % len(USERS)], number // len(USERS)
        url = self._urls[place % len(self._urls)]
        actor = Actor(person, place, url, self.ledger, lambda: self._over.wait(PAUSE))
        try:
            while not self._over.is_set():
                actor.step()
        except BaseException as error:
            self.ledger.fail(error)
            raise
        finally:
            actor.close()

    def _watch(self) -> None:
        while not self._over.wait(PAUSE):
            assert_one_timer(self._world.database)
