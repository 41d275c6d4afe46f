"""Calls over HTTP to a server process, by one or several keep-alive connections."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable

Request = tuple[str, bytes, str]


def calls_a_second(port: int, requests: list[Request], connections: int, seconds: float) -> float:
    """How many calls a server answers in a second.

    :param requests: path, body and content type; each connection goes through them in turn.
    """
    counts = [0] * connections
    begun = time.perf_counter()
    until = begun + seconds

    def work(place: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while time.perf_counter() < until:
            for path, body, content_type in requests:
                connection.request("POST", path, body, {"Content-Type": content_type})
                response = connection.getresponse()
                content = response.read()
                if response.status != 200:
                    raise AssertionError(f"{response.status}: {content[:300]!r}")
                counts[place] += 1
        connection.close()

    run_threads(connections, work)
    return sum(counts) / (time.perf_counter() - begun)


def run_threads(count: int, work: Callable[[int], None]) -> None:
    """Run ``work(0)`` to ``work(count - 1)`` at the same time; raises what one of them raised."""
    errors: list[BaseException] = []

    def guarded(place: int) -> None:
        try:
            work(place)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(place,)) for place in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
