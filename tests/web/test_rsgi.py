"""The threads that run the application for the event loop."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, ClassVar

import pytest

from kimai_remote.config import Settings
from kimai_remote.server import rsgi
from support.processes import DEADLINE


def test_no_more_threads_than_needed() -> None:
    used: set[str] = set()

    def function(seconds: float) -> str:
        used.add(threading.current_thread().name)
        time.sleep(seconds)
        return "done"

    async def main() -> None:
        threads = rsgi._Threads(function, 3, "some")
        for _ in range(5):
            assert await threads.run(0) == "done"
        assert used == {"some_0"}
        assert await asyncio.gather(*(threads.run(0.05) for _ in range(9))) == ["done"] * 9
        assert used == {"some_0", "some_1", "some_2"}

    asyncio.run(main())


def test_a_thread_that_cannot_be_started_is_started_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def main() -> None:
        threads = rsgi._Threads(lambda: "done", 1, "some")
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", fail)
            with pytest.raises(RuntimeError):
                await threads.run()
        async with asyncio.timeout(DEADLINE):
            assert await threads.run() == "done"

    asyncio.run(main())


def test_errors_are_raised_where_the_result_is_awaited() -> None:
    async def main() -> None:
        threads = rsgi._Threads(lambda: 1 / 0, 1, "some")
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                await threads.run()

    asyncio.run(main())


def test_a_coroutine_without_a_result_ends_too() -> None:
    """No other one begins that would end it."""

    async def main() -> None:
        threads = rsgi._Threads(lambda: None, 1, "some")
        async with asyncio.timeout(DEADLINE):
            assert await threads.run() is None
        assert threads._running == 0

    asyncio.run(main())


@pytest.mark.parametrize("after", [0.0, 0.1])
def test_requests_in_progress_are_finished_when_the_server_ends(after: float) -> None:
    responses: list[tuple[int, bytes]] = []
    stop = asyncio.Event()

    def application(_environ: object, start_response: Callable[..., Any]) -> list[bytes]:
        time.sleep(after)
        start_response("200 OK", [])
        return [b"late", b"r"]

    class Scope:
        method, path, query_string, scheme, http_version = "GET", "/", "", "http", "1.1"
        client = server = "127.0.0.1:1"
        headers: dict[str, str] = {}

    class Protocol:
        def response_bytes(self, status: int, _headers: object, content: bytes) -> None:
            responses.append((status, content))

    loop = asyncio.new_event_loop()
    adapter = rsgi.RsgiAdapter(application, Settings())
    task = loop.create_task(adapter.__rsgi__(Scope(), Protocol()))
    loop.call_later(after / 2, stop.set)
    loop.run_until_complete(stop.wait())
    adapter.__rsgi_del__(loop)
    loop.close()
    assert responses == [(200, b"later")]
    assert task.done()


def test_short_chunks_of_a_body_that_is_too_long() -> None:
    """They are as many as its length allows, also of what isn't kept: it is refused as too long."""
    settings = Settings(secret="x" * 32, max_body=2**20)
    chunks = [b"x" * (settings.max_body + 1), *[b"x" * 160] * 6500, b""]

    class Scope:
        headers: ClassVar[dict[str, str]] = {}

    class Protocol:
        async def __aiter__(self) -> AsyncIterator[bytes]:
            for chunk in chunks:
                yield chunk

    adapter = rsgi.RsgiAdapter(lambda *_: [], settings)
    body = asyncio.run(adapter._read(Scope, Protocol()))
    assert len(body.read()) == settings.max_body + 1
