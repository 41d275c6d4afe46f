"""The application as Granian calls it: RSGI requests to WSGI, so that slow clients hold no thread.

Granian's WSGI interface reads the body in the thread that responds, without any deadline: as many
slow clients as there are threads would block the server for ever. With RSGI an event loop reads it.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import io
import itertools
import logging
import os
import queue
import secrets
import signal
import socket
import stat
import struct
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ..config import Settings

log = logging.getLogger(__name__)

#: Most requests and responses are shorter than this; those are read, and sent, at once.
_SMALL = 256 * 1024
#: Chunks that a body may have, and bytes for each of which it may have one more. Receiving a chunk,
#: however short, takes as much processor time as receiving 100 KiB in long ones.
_CHUNKS, _CHUNK_SIZE = 4096, 512
#: Threads for paths that have to respond promptly; none is started before it is needed.
_PROMPT_THREADS = 4
#: Statuses of requests after which nothing on the connection is taken for another one.
_CLOSING = (400, 501)
#: Seconds in which a server that ends receives the rest of a request.
_REST_TIMEOUT = 1
#: Seconds after which it looks again for connections with the rest of one.
_REST_INTERVAL = 0.2
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
        self._threads = _Threads(self._run, settings.threads, "call")
        self._prompt_paths = prompt_paths
        self._port = settings.port
        self._is_first = True
        self._prompt_threads = _Threads(self._run, _PROMPT_THREADS, "prompt")
        #: Deadlines of bodies that are being received.
        self._deadlines: set[asyncio.Timeout] = set()
        #: Ports of clients whose requests are in progress.
        self._clients: set[str] = set()

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have SIGTERM and SIGINT limit the time for requests that didn't come whole."""
        # Granian has told the loop what else these do; the loop learns of each signal through its
        # wakeup descriptor, whatever the handler.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(self._stop, loop))
            if hasattr(signal, "siginterrupt"):
                signal.siginterrupt(number, False)

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        if self._is_first:  # now there is a listening socket
            _limit_unread(self._port, self._timeout)
            self._is_first = False
        client = scope.client.rpartition(":")[2]
        self._clients.add(client)
        try:
            body = await self._read(scope, protocol) if _reads_body(scope) else io.BytesIO()
            threads = self._prompt_threads if scope.path in self._prompt_paths else self._threads
            long_response = await threads.run(scope, protocol, body)
            if long_response is not None:
                await _send_long(protocol, long_response)
        finally:
            self._clients.discard(client)

    def _stop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wait for the rest of requests no longer than ``_REST_TIMEOUT`` seconds from now.

        Granian waits for all connections that have sent a part of a request.
        """
        self._timeout = min(self._timeout, _REST_TIMEOUT)
        end = loop.time() + self._timeout
        for deadline in self._deadlines:
            if not deadline.expired():
                deadline.reschedule(min(end, deadline.when() or end))
        loop.call_later(self._timeout, self._end_rests, loop)

    def _end_rests(self, loop: asyncio.AbstractEventLoop) -> None:
        """End connections without a whole request, now and until the server has ended."""
        _end_unread(self._port, self._clients)
        loop.call_later(_REST_INTERVAL, self._end_rests, loop)

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Finish what is still running when the server ends."""
        self._threads.close(loop)
        self._prompt_threads.close(loop)

    async def _read(self, scope: Any, protocol: Any) -> Any:
        length = scope.headers.get("content-length") or ""
        length = int(length) if length.isascii() and length.isdigit() else None
        # A client, or rather a proxy, that is still sending when it is refused may never see why.
        # So what is somewhat too long is read, but not kept.
        excess = 0 if "expect" in scope.headers else self._max_body
        if length is not None and length > self._max_body + excess:
            return io.BytesIO()  # the application refuses it by its length
        body, received, ends, chunks = bytearray(), 0, 0, 0
        deadline = asyncio.timeout(self._timeout)
        self._deadlines.add(deadline)
        try:
            async with deadline:
                if length is not None and length <= _SMALL:
                    return io.BytesIO(await protocol())
                async for chunk in protocol:
                    ends += not chunk
                    chunks += 1
                    received += len(chunk)
                    if chunks > _CHUNKS + received // _CHUNK_SIZE:
                        return _Unreadable(ConnectionError())
                    if len(body) <= self._max_body:
                        body += chunk
                    else:  # the application refuses it by its length, or by what there is
                        excess -= len(chunk)
                        if excess < 0:
                            break
        except TimeoutError as error:
            if len(body) <= self._max_body:
                return _Unreadable(error)
        except RuntimeError as error:  # Granian's RSGIProtocolClosed
            return _Unreadable(ConnectionError(error))
        finally:
            self._deadlines.discard(deadline)
        # Granian ends each body with an empty chunk. An error is one more to it, and so is a
        # trailer: what came may look complete, but nobody knows.
        if ends > 1:
            return _Unreadable(ConnectionError())
        return io.BytesIO(body)

    def _run(self, scope: Any, protocol: Any, body: Any) -> _Response | None:
        """Run the application and send its response, unless that is long: then return it."""
        head: list[Any] = []
        chunks = self._application(
            environment(scope, body), lambda status, headers, _=None: head.extend((status, headers))
        )
        close = getattr(chunks, "close", None)
        content, size, rest = [], 0, iter(chunks)
        is_long = False
        try:
            for chunk in rest:
                content.append(chunk)
                size += len(chunk)
                is_long = size > _SMALL
                if is_long:
                    break
        finally:
            if not is_long and close is not None:
                close()
        status, headers = int(head[0][:3]), head[1]
        if status in _CLOSING:
            headers.append(("Connection", "close"))
        if is_long:
            return _Response(status, headers, b"".join(content), rest, close or (lambda: None))
        protocol.response_bytes(status, headers, b"".join(content))
        return None


#: Seconds after which the coroutine of a request ends at the latest, once its response was sent.
_LINGER = 0.05


class _Threads:
    """Threads that run a function for the coroutines of one event loop.

    Like an executor, but in a third of the time: waking the event loop takes long, and after most
    responses there is nothing left to do in it. Their coroutines end when the next one begins, or
    ``_LINGER`` seconds later.

    :param function: returns None if its coroutine has nothing left to do.
    :param size: maximum number of threads; each is started when it is first needed.
    """

    def __init__(self, function: Callable[..., Any], size: int, name: str) -> None:
        self._function = function
        self._size = size
        self._name = name
        self._threads: list[threading.Thread] = []
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        #: Sets the result of a task that has ended.
        self._results: deque[Callable[[], None]] = deque()
        self._running = 0
        self._timer: asyncio.TimerHandle | None = None

    async def run(self, *arguments: Any) -> Any:
        """Return what the function returns, or raise what it raises."""
        self._end_tasks()
        loop = asyncio.get_running_loop()
        if self._running >= len(self._threads) < self._size:
            name = f"{self._name}_{len(self._threads)}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            thread.start()  # may fail
            self._threads.append(thread)
        self._running += 1
        if self._timer is None:
            self._timer = loop.call_later(_LINGER, self._look, loop)
        future = loop.create_future()
        self._tasks.put((future, arguments))
        return await future

    def close(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wait until all tasks have ended. The loop has been stopped."""
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join()
        self._end_tasks()
        loop.run_until_complete(asyncio.sleep(0))

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            future, arguments = task
            try:
                result = self._function(*arguments)
                self._results.append(partial(_resolve, future, result))
            except BaseException as error:
                result = error
                self._results.append(partial(_fail, future, error))
            if result is not None:
                future.get_loop().call_soon_threadsafe(self._end_tasks)
            del task, future, arguments, result  # nothing is kept until the next task

    def _end_tasks(self) -> None:
        while self._results:
            self._running -= 1
            self._results.popleft()()

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._end_tasks()
        self._timer = loop.call_later(_LINGER, self._look, loop) if self._running else None


_Task = tuple["asyncio.Future[Any]", tuple[Any, ...]]


def _limit_unread(port: int, seconds: int) -> None:
    """End all connections to a port of this process, now and later, whose client doesn't read on
    for so long. Each would keep its place and the rest of its response for ever. Needs Linux."""
    if not hasattr(socket, "TCP_USER_TIMEOUT"):
        return
    for each in _sockets(port):
        with contextlib.suppress(OSError):  # closed meanwhile
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, seconds * 1000)


def _end_unread(port: int, clients: Container[str]) -> None:
    """End the connections to a port of this process that have sent no whole request.

    :param clients: ports of those whose requests are in progress.
    """
    try:
        import fcntl
        import termios
    except ImportError:  # Windows
        return
    for each in _sockets(port):
        with contextlib.suppress(OSError):  # closed meanwhile, or it listens
            client = str(each.getpeername()[1])
            unsent = struct.unpack("i", fcntl.ioctl(each, termios.TIOCOUTQ, bytes(4)))
            if client not in clients and unsent == (0,):
                each.shutdown(socket.SHUT_RD)


def _sockets(port: int) -> Iterator[socket.socket]:
    """Yield the TCP sockets of this process with this port, each open until the next one."""
    for descriptor in [int(path.name) for path in Path("/dev/fd").iterdir()]:
        with contextlib.suppress(OSError):  # closed meanwhile
            if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                continue
            with socket.socket(fileno=os.dup(descriptor)) as each:
                is_tcp = each.family in (socket.AF_INET, socket.AF_INET6)
                if is_tcp and each.getsockname()[1] == port:
                    yield each


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
    """A long response, whose end is still in the application's iterable."""

    status: int
    headers: list[tuple[str, str]]
    content: bytes
    rest: Iterable[bytes]
    close: Callable[[], None]


async def _send_long(protocol: Any, response: _Response) -> None:
    """Send a long response as fast as its client takes it, and close it when the sending ends.

    Granian keeps all in memory that it is sent as a stream, whereas it reads a file no faster than
    it can send it. A named pipe is such a file, and tells when the other end stops reading.
    """
    path = Path(tempfile.gettempdir(), f"kimai-remote-{secrets.token_hex(16)}")
    chunks = itertools.chain([response.content], response.rest)
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


def _resolve(future: asyncio.Future[Any], result: Any = None) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[Any], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)


class _Unreadable(io.RawIOBase):
    """The body of a request that didn't come in time, or not whole."""

    def __init__(self, error: OSError) -> None:
        self._error = error

    def read(self, _size: int = -1) -> bytes:
        raise self._error


#: What is the same in all requests.
_ENVIRON = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.input_terminated": True,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,  # as far as anybody here can tell
    "wsgi.run_once": False,
}


def environment(scope: Any, body: Any) -> dict[str, Any]:
    """Return the WSGI environment of a request."""
    client, _, port = scope.client.rpartition(":")
    server, _, server_port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        **_ENVIRON,
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": scope.path.encode("utf-8", "replace").decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "SERVER_NAME": server.strip("[]"),
        "SERVER_PORT": server_port,
        "REMOTE_ADDR": client.strip("[]"),
        "REMOTE_PORT": port,
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
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
