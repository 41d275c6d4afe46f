"""Calls over HTTP to a server process on one or more keep-alive connections."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable

Request = tuple[str, bytes, str]


def calls_per_second(port: int, requests: list[Request], connections: int, seconds: float) -> float:
    """Return the number of calls that a server answers per second.

    :param requests: path, body and content type; each connection sends them in turn.
    """
    counts = [0] * connections
    started = time.perf_counter()
    end = started + seconds

    def work(index: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while time.perf_counter() < end:
            for path, body, content_type in requests:
                connection.request("POST", path, body, {"Content-Type": content_type})
                response = connection.getresponse()
                content = response.read()
                if response.status != 200:
                    raise AssertionError(f"{response.status}: {content[:300]!r}")
                counts[index] += 1
        connection.close()

    run_threads(connections, work)
    return sum(counts) / (time.perf_counter() - started)


def run_threads(count: int, work: Callable[[int], None]) -> None:
    """Run ``work(0)`` to ``work(count - 1)`` in parallel; raise the first error of theirs."""
    errors: list[BaseException] = []

    def guarded(index: int) -> None:
        try:
            work(index)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
