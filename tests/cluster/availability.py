"""A client that calls all the time and measures how long it isn't served."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

from faults.client import Answer, Client, Outcome

#: Seconds between two calls, which is also how exact the measurement is.
PAUSE = 0.05


class Availability:
    """What one client saw.

    :ivar calls: calls that it made.
    :ivar faults: calls that weren't served.
    :ivar longest: the longest time in seconds from one call that was served to the end of the next.
    """

    def __init__(self) -> None:
        self.calls = 0
        self.faults = 0
        self.longest = 0.0
        self._served = time.monotonic()

    def count(self, answer: Answer) -> None:
        """Record the outcome of a call that has just ended."""
        now = time.monotonic()
        self.calls += 1
        if answer.outcome in (Outcome.DONE, Outcome.REFUSED):  # a refusal is an answer too
            self.longest = max(self.longest, now - self._served)
            self._served = now
        else:
            self.faults += 1

    def end(self) -> None:
        """Count a time without service that lasts to the end."""
        self.longest = max(self.longest, time.monotonic() - self._served)


@contextmanager
def measuring(
    url: str, key: str, call: Callable[[Client], Answer], timeout: float = 60
) -> Iterator[Availability]:
    """Call a server until the block ends.

    :param call: makes one call, which should write.
    :param timeout: seconds that a call may take.
    """
    availability, ended = Availability(), threading.Event()

    def work() -> None:
        with closing(Client(url, key, timeout)) as client:
            while not ended.is_set():
                availability.count(call(client))
                ended.wait(PAUSE)
        availability.end()

    with ThreadPoolExecutor(1) as pool:
        calling = pool.submit(work)
        try:
            yield availability
        finally:
            ended.set()
    calling.result()
