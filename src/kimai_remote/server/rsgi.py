"""Taking requests in whole before a thread works on them, so that slow clients hold no thread.

Granian's WSGI interface reads the body in the thread that answers, without any deadline: as many
slow clients as there are threads would block the server for ever. Its own interface (RSGI) lets an
event loop read it.
"""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
from collections.abc import Callable, Container, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ..config import Settings

#: Most requests and answers are shorter than this; those are taken, and sent, at once.
_SMALL = 256 * 1024

#: Threads for what has to be answered promptly; none is made before it is needed.
_SPARE = 4

#: Where the system shows the open files of a process, so that one without a name can be opened.
_FILES = "/dev/fd"
#: Seconds after which the server has surely opened a file that it was told to send.
_OPENED_AFTER = 10

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class RsgiAdapter:
    """A WSGI application as an RSGI one.

    Each request is read within ``client_timeout`` seconds and up to ``max_body`` bytes, then
    answered by one of ``threads`` threads.

    :param prompt: paths that are answered by threads of their own, since they have to be answered
        when all others wait for the database.
    """

    def __init__(
        self, application: Application, settings: Settings, prompt: Container[str] = ()
    ) -> None:
        self._application = application
        self._most = settings.max_body
        self._seconds = settings.client_timeout
        self._threads = ThreadPoolExecutor(settings.threads, thread_name_prefix="call")
        self._prompt = prompt
        self._spare = ThreadPoolExecutor(_SPARE, thread_name_prefix="spare")

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        try:
            body = await self._body(scope, protocol) if _reads_body(scope) else io.BytesIO()
        except RuntimeError:  # Granian's RSGIProtocolClosed: the client left, nobody is listening
            return
        loop = asyncio.get_running_loop()
        threads = self._spare if scope.path in self._prompt else self._threads
        answer = await loop.run_in_executor(threads, self._answer, scope, body)
        if answer.file is None:
            protocol.response_bytes(answer.status, answer.headers, answer.content)
            return
        # The server sends a file no faster than the client takes it.
        protocol.response_file(answer.status, answer.headers, f"{_FILES}/{answer.file.fileno()}")
        # It has opened the file for itself by then.
        loop.call_later(_OPENED_AFTER, answer.file.close)

    async def _body(self, scope: Any, protocol: Any) -> Any:
        length = scope.headers.get("content-length") or ""
        length = int(length) if length.isascii() and length.isdigit() else None
        # A client, or rather a proxy, that is still sending when it is refused may never see why.
        # So what is somewhat too long is taken in, but not kept.
        patience = 0 if "expect" in scope.headers else self._most
        if length is not None and length > self._most + patience:
            return io.BytesIO()  # the application refuses it by its length
        body = bytearray()
        try:
            async with asyncio.timeout(self._seconds):
                if length is not None and length <= _SMALL:
                    return io.BytesIO(await protocol())
                async for piece in protocol:
                    if len(body) <= self._most:
                        body += piece
                    else:  # the application refuses it by its length, or by what there is
                        patience -= len(piece)
                        if patience < 0:
                            break
        except TimeoutError:
            if len(body) <= self._most:
                return _TooSlow()
        return io.BytesIO(body)

    def _answer(self, scope: Any, body: Any) -> _Answer:
        head: list[Any] = []
        pieces = self._application(
            environment(scope, body), lambda status, headers, _=None: head.extend((status, headers))
        )
        try:
            content, file = _stored(pieces)
        finally:
            close = getattr(pieces, "close", None)
            if close is not None:
                close()
        status, headers = head
        return _Answer(int(status[:3]), headers, content, file)


def _reads_body(scope: Any) -> bool:
    """Whether to read the body before responding.

    Calls need it. Methods that will be refused have it read too, since an unread body closes the
    connection; but a client that asks first, with Expect, gets the refusal at once.
    """
    if scope.method == "POST":
        return True
    return scope.method not in ("GET", "HEAD", "OPTIONS") and "expect" not in scope.headers


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the application answered: content, or an open file with it."""

    status: int
    headers: list[tuple[str, str]]
    content: bytes
    file: IO[bytes] | None


def _stored(pieces: Iterable[bytes]) -> tuple[bytes, IO[bytes] | None]:
    """An answer in memory if it is short, else a file without a name that it was written to."""
    begin, rest = bytearray(), iter(pieces)
    for piece in rest:
        begin += piece
        if len(begin) > _SMALL:
            break
    else:
        return bytes(begin), None
    if not Path(_FILES).exists():  # Windows
        return bytes(begin) + b"".join(rest), None
    file = tempfile.TemporaryFile()  # noqa: SIM115 (closed when the server has opened it)
    file.write(begin)
    file.writelines(rest)
    file.flush()
    file.seek(0)  # where opening it again means sharing its position, as on macOS
    return b"", file


class _TooSlow(io.RawIOBase):
    """The body of a request that didn't come in time."""

    def read(self, _size: int = -1) -> bytes:
        raise TimeoutError


def environment(scope: Any, body: Any) -> dict[str, Any]:
    """The WSGI environment of a request."""
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
