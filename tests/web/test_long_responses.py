"""Long responses wait in temporary files, which go when the response ends, however it ends."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kimai_remote.protocols import rendering, response_body
from kimai_remote.server import rsgi
from kimai_remote.tracking.record_set import RecordSet
from support.processes import DEADLINE, wait_until
from support.raw_http import call, connect, envelope, post_json
from support.server import Server, serving

#: Of each kind of client, at the same time.
CLIENTS = 8


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with demo data and a directory of its own for temporary files."""
    directory = tmp_path_factory.mktemp("long")
    temporary = directory / "tmp"
    temporary.mkdir()
    with serving(directory, "--demo", environ={"TMPDIR": str(temporary)}) as running:
        yield running


@pytest.fixture
def long_call(server: Server) -> bytes:
    """A batch whose response is several MiB."""
    key = call(server, "authenticate", "anna", "demo-anna")["items"][0]["apiKey"]
    calls = [
        {"jsonrpc": "2.0", "id": id_, "method": "getTimesheet", "params": [key, 0, 0, -1, 0, 9999]}
        for id_ in range(6)
    ]
    return json.dumps(calls).encode()


@pytest.fixture
def long_soap_call(server: Server) -> bytes:
    """A SOAP call whose response is about a MiB."""
    key = call(server, "authenticate", "anna", "demo-anna")["items"][0]["apiKey"]
    parameters = {"apiKey": key, "from": 0, "to": 0, "cleared": -1, "start": 0, "limit": 9999}
    fields = "".join(f"<{name}>{value}</{name}>" for name, value in parameters.items())
    return envelope(f'<u:getTimesheet xmlns:u="urn:x">{fields}</u:getTimesheet>')


def request(body: bytes, endpoint: str = "json") -> bytes:
    head = f"POST /core/{endpoint}.php HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def temporary_files(server: Server) -> list[str]:
    """Return what the server has open or left below its directory for temporary files."""
    directory = Path(server.environ["TMPDIR"])
    paths = [
        str(path) for path in directory.iterdir() if not path.name.startswith("kimai-remote-m")
    ]
    for process in server.workers:
        for descriptor in Path(f"/proc/{process}/fd").iterdir():
            try:
                target = str(descriptor.readlink())
            except OSError:  # closed meanwhile
                continue
            if target.startswith(str(directory)) and "metrics" not in target:
                paths.append(target)
    return paths


def test_a_long_response_is_complete(server: Server, long_call: bytes) -> None:
    response = post_json(server, long_call)
    assert len(response.body) == int(response.headers["Content-Length"]) > 3 * 2**20
    assert len({len(one["result"]["items"]) for one in response.json}) == 1
    wait_until(lambda: not temporary_files(server))


def test_the_connection_is_kept(server: Server, long_call: bytes) -> None:
    """A request that follows on the connection of a long response is served."""
    with connect(server.url) as connection:
        connection.sendall(request(long_call) + request(b'{"method":"getVersion","id":7}'))
        received = b""
        while not received.endswith(b'"id":7}'):
            received += connection.recv(1 << 20)


@pytest.mark.slow
def test_clients_that_leave(server: Server, long_call: bytes) -> None:
    """Before, or in the middle of, a long response."""
    for position in range(CLIENTS):
        with connect(server.url) as connection:
            connection.sendall(request(long_call))
            if position % 2:
                connection.recv(1000)
    wait_until(lambda: not temporary_files(server))
    assert call(server, "getVersion")


def leave_before_all_is_sent(connection: socket.socket, whole: bytes) -> None:
    connection.sendall(whole[:-10])


def leave_at_once(connection: socket.socket, whole: bytes) -> None:
    connection.sendall(whole)


def leave_after_a_while(connection: socket.socket, whole: bytes) -> None:
    connection.sendall(whole)
    time.sleep(0.02)


def leave_in_the_head(connection: socket.socket, whole: bytes) -> None:
    connection.sendall(whole)
    connection.recv(5)


def leave_after_the_head(connection: socket.socket, whole: bytes) -> None:
    connection.sendall(whole)
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(1)


def leave_in_the_middle(connection: socket.socket, whole: bytes) -> None:
    connection.sendall(whole)
    left = 400_000
    while left > 0 and (piece := connection.recv(left)):
        left -= len(piece)


def leave_while_the_next_is_served(connection: socket.socket, whole: bytes) -> None:
    connection.sendall(whole * 3)
    connection.recv(1000)


LEAVING = [
    leave_before_all_is_sent,
    leave_at_once,
    leave_after_a_while,
    leave_in_the_head,
    leave_after_the_head,
    leave_in_the_middle,
    leave_while_the_next_is_served,
]


def resources(server: Server) -> dict[str, int]:
    """Return how many files and threads the server's processes have."""
    workers = [Path(f"/proc/{process}") for process in server.workers]
    return {
        name: sum(len(list((worker / name).iterdir())) for worker in workers)
        for name in ("fd", "task")
    }


@pytest.mark.slow
def test_responses_that_break_off_leave_nothing(
    server: Server, long_call: bytes, long_soap_call: bytes, pytestconfig: pytest.Config
) -> None:
    """No file, pipe, connection or thread, wherever in a request or response a client leaves."""

    def leave(how: Callable[[socket.socket, bytes], None], whole: bytes, is_reset: bool) -> None:
        with connect(server.url) as connection:
            if is_reset:  # closing sends RST, not FIN
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            how(connection, whole)

    calls = [request(long_call), request(long_soap_call, "soap")]
    assert json.loads(post_json(server, long_call).body)
    with connect(server.url) as connection:
        connection.sendall(calls[1])
        assert b" 200 OK" in connection.recv(1000)
    ways = [(how, whole, reset) for how in LEAVING for whole in calls for reset in (False, True)]

    def leave_in_every_way() -> None:
        with ThreadPoolExecutor(CLIENTS) as pool:
            for done in [pool.submit(leave, *way) for way in ways]:
                done.result()

    # The first times start threads and open connections to the database, which stay.
    for _ in range(2):
        leave_in_every_way()
    wait_until(lambda: not temporary_files(server))
    before = resources(server)
    for _ in range(pytestconfig.getoption("rounds")):
        leave_in_every_way()

    def is_as_before() -> bool:
        now = resources(server)
        return not temporary_files(server) and all(now[name] <= before[name] for name in now)

    wait_until(
        is_as_before, lambda: f"{before}, now {resources(server)}, {temporary_files(server)}"
    )
    assert call(server, "getVersion")


@pytest.mark.slow
def test_clients_that_read_slowly(server: Server, long_call: bytes) -> None:
    """They get everything, hold no thread, and the server keeps little of it in memory."""
    connections = []
    for _ in range(CLIENTS):
        connection = connect(server.url)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.sendall(request(long_call))
        connections.append(connection)
    lengths: list[int] = []

    def read(connection: socket.socket) -> None:
        time.sleep(1)
        with connection, connection.makefile("rb") as stream:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += stream.readline()
            (length,) = (
                int(line.split(b":")[1])
                for line in head.lower().splitlines()
                if line.startswith(b"content-length")
            )
            lengths.append(len(stream.read(length)) - length)

    threads = [threading.Thread(target=read, args=(connection,)) for connection in connections]
    for thread in threads:
        thread.start()
    assert call(server, "getVersion")
    for thread in threads:
        thread.join(DEADLINE)
    assert lengths == [0] * CLIENTS
    wait_until(lambda: not temporary_files(server))


@pytest.mark.parametrize("opens_after", [0.0, 0.04], ids=["opened", "opened late"])
def test_a_server_that_opens_the_pipe_is_never_left_waiting(opens_after: float) -> None:
    """Even if its client leaves while it opens the pipe: its thread would be blocked for ever."""
    opened: list[bytes] = []

    class Protocol:
        async def client_disconnect(self) -> None:
            await asyncio.sleep(opens_after + 0.002)

        def response_file(self, _status: int, _headers: object, path: str) -> None:
            def read() -> None:
                time.sleep(opens_after)
                opened.append(Path(path).read_bytes())

            self.reader = threading.Thread(target=read, daemon=True)
            self.reader.start()

    protocol, closed = Protocol(), threading.Event()
    response = rsgi._Response(200, [], b"x", iter([b"y" * 2**20]), closed.set)
    asyncio.run(rsgi._send_long(protocol, response))
    protocol.reader.join(DEADLINE)
    assert not protocol.reader.is_alive()
    assert opened in ([b""], [b"x" + b"y" * 2**20])
    assert closed.is_set()


def test_without_a_directory_for_the_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nonexistent")
    sent: list[bytes] = []
    closed = threading.Event()

    class Protocol:
        def response_bytes(self, _status: int, _headers: object, content: bytes) -> None:
            sent.append(content)

    asyncio.run(
        rsgi._send_long(Protocol(), rsgi._Response(200, [], b"x", iter([b"y"]), closed.set))
    )
    assert (sent, closed.is_set()) == ([b"xy"], True)


def test_records_that_break_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is closed at once, not when memory is collected."""
    buffers: list[response_body.BodyBuffer] = []

    class Recorded(response_body.BodyBuffer):
        def __init__(self) -> None:
            super().__init__()
            buffers.append(self)

    def rows() -> Iterator[tuple[str]]:
        for _ in range(3 * rendering.CHUNK_SIZE):
            yield ("x" * 2000,)
        raise TimeoutError("the database took too long")

    monkeypatch.setattr(rendering, "BodyBuffer", Recorded)
    with pytest.raises(TimeoutError):
        rendering._buffer(RecordSet(("name",), rows()), lambda chunk: repr(chunk).encode())
    (buffer,) = buffers
    assert buffer.length > response_body.IN_MEMORY
    assert buffer._file.closed
