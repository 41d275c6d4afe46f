"""The application as Granian calls it: RSGI requests to WSGI, so that slow clients hold no thread.

Granian's WSGI interface reads the body in the thread that responds, without any deadline: as many
slow clients as there are threads would block the server for ever. With RSGI an event loop reads it.
"""

from __future__ import annotations

import asyncio
import errno
import io
import itertools
import logging
import os
import secrets
import sys
import tempfile
from collections.abc import Callable, Container, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..config import Settings

log = logging.getLogger(__name__)

#: Most requests and responses are shorter than this; those are read, and sent, at once.
_SMALL = 256 * 1024
#: Threads for paths that have to respond promptly; none is started before it is needed.
_PROMPT_THREADS = 4
#: Seconds in which the server opens the pipe of a long response.
_OPEN_TIMEOUT = 10

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class RsgiAdapter:
    """A WSGI application as an RSGI one.

    Each request is read within ``client_timeout`` seconds and up to ``max_body`` bytes, then one of
    ``threads`` threads runs the application.

    :param prompt_paths: have threads of their own, since they have to respond while all others
        wait for the database.
    """

    def __init__(
        self, application: Application, settings: Settings, prompt_paths: Container[str] = ()
    ) -> None:
        self._application = application
        self._max_body = settings.max_body
        self._timeout = settings.client_timeout
        self._threads = ThreadPoolExecutor(settings.threads, thread_name_prefix="call")
        self._prompt_paths = prompt_paths
        self._prompt_threads = ThreadPoolExecutor(_PROMPT_THREADS, thread_name_prefix="prompt")

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        try:
            body = await self._read(scope, protocol) if _reads_body(scope) else io.BytesIO()
        except RuntimeError:  # Granian's RSGIProtocolClosed: the client left, nobody is listening
            return
        loop = asyncio.get_running_loop()
        threads = self._prompt_threads if scope.path in self._prompt_paths else self._threads
        response = await loop.run_in_executor(threads, self._run, scope, body)
        if response.rest is None:
            protocol.response_bytes(response.status, response.headers, response.content)
        else:
            await _send_long(protocol, response)

    async def _read(self, scope: Any, protocol: Any) -> Any:
        length = scope.headers.get("content-length") or ""
        length = int(length) if length.isascii() and length.isdigit() else None
        # A client, or rather a proxy, that is still sending when it is refused may never see why.
        # So what is somewhat too long is read, but not kept.
        excess = 0 if "expect" in scope.headers else self._max_body
        if length is not None and length > self._max_body + excess:
            return io.BytesIO()  # the application refuses it by its length
        body = bytearray()
        try:
            async with asyncio.timeout(self._timeout):
                if length is not None and length <= _SMALL:
                    return io.BytesIO(await protocol())
                async for chunk in protocol:
                    if len(body) <= self._max_body:
                        body += chunk
                    else:  # the application refuses it by its length, or by what there is
                        excess -= len(chunk)
                        if excess < 0:
                            break
        except TimeoutError:
            if len(body) <= self._max_body:
                return _TimedOut()
        return io.BytesIO(body)

    def _run(self, scope: Any, body: Any) -> _Response:
        head: list[Any] = []
        chunks = self._application(
            environment(scope, body), lambda status, headers, _=None: head.extend((status, headers))
        )
        close = getattr(chunks, "close", lambda: None)
        content, rest, is_long = bytearray(), iter(chunks), False
        try:
            for chunk in rest:
                content += chunk
                is_long = len(content) > _SMALL
                if is_long:
                    break
        finally:
            if not is_long:
                close()
        status, headers = head
        return _Response(int(status[:3]), headers, bytes(content), rest if is_long else None, close)


def _reads_body(scope: Any) -> bool:
    """Return whether to read the body before responding.

    Calls need it. Methods that will be refused have it read too, since an unread body closes the
    connection; but a client that asks first, with Expect, gets the refusal at once.
    """
    if scope.method == "POST":
        return True
    return scope.method not in ("GET", "HEAD", "OPTIONS") and "expect" not in scope.headers


@dataclass(frozen=True, slots=True)
class _Response:
    """A response whose end, if it is long, is still in the application's iterable."""

    status: int
    headers: list[tuple[str, str]]
    content: bytes
    rest: Iterable[bytes] | None
    close: Callable[[], None]


async def _send_long(protocol: Any, response: _Response) -> None:
    """Send a long response as fast as its client takes it, and close it when the sending ends.

    Granian keeps all in memory that it is sent as a stream, whereas it reads a file no faster than
    it can send it. A named pipe is such a file, and tells when the other end stops reading.
    """
    path = Path(tempfile.gettempdir(), f"kimai-remote-{secrets.token_hex(16)}")
    chunks = itertools.chain([response.content], response.rest or ())
    try:
        try:
            os.mkfifo(path, 0o600)
        except (OSError, AttributeError):  # no room for it; Windows
            protocol.response_bytes(response.status, response.headers, b"".join(chunks))
            return
        # Resolves only for a client that leaves before the response.
        client_left = asyncio.ensure_future(protocol.client_disconnect())
        try:
            protocol.response_file(response.status, response.headers, str(path))
            pipe = await _open_pipe(path, client_left)
        finally:
            client_left.cancel()
            path.unlink()
        if pipe is None:
            return
        try:
            for chunk in chunks:
                await _write(pipe, chunk)
        except BrokenPipeError:
            pass  # the client left
        finally:
            os.close(pipe)
    finally:
        response.close()


async def _open_pipe(path: Path, client_left: asyncio.Future[None]) -> int | None:
    """Return a descriptor to write to once the server has opened the pipe; None if it doesn't."""
    loop = asyncio.get_running_loop()
    deadline, pause = loop.time() + _OPEN_TIMEOUT, 0.0005
    while loop.time() < deadline and not client_left.done():
        try:
            return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:  # nobody reads yet
                raise
        await asyncio.sleep(pause)
        pause = min(2 * pause, 0.1)
    # The server may have begun to open it just now; its thread would wait for a writer for ever.
    os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))
    return None


async def _write(pipe: int, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        try:
            rest = rest[os.write(pipe, rest) :]
        except BlockingIOError:
            await _writable(pipe)


async def _writable(pipe: int) -> None:
    """Wait until a pipe can be written to, or nobody reads it any more."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_writer(pipe, _resolve, ready)
    try:
        await ready
    finally:
        loop.remove_writer(pipe)


def _resolve(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


class _TimedOut(io.RawIOBase):
    """The body of a request that didn't come in time."""

    def read(self, _size: int = -1) -> bytes:
        raise TimeoutError


def environment(scope: Any, body: Any) -> dict[str, Any]:
    """Return the WSGI environment of a request."""
    client, _, port = scope.client.rpartition(":")
    server, _, server_port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode("utf-8", "replace").decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "SERVER_NAME": server.strip("[]"),
        "SERVER_PORT": server_port,
        "REMOTE_ADDR": client.strip("[]"),
        "REMOTE_PORT": port,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,  # as far as anybody here can tell
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        # X_Forwarded_For would pass for X-Forwarded-For, which a proxy has checked.
        if "_" in name:
            continue
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ
