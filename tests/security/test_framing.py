"""Requests that are incomplete, ambiguous or malformed HTTP: refused, and never carried out."""

from __future__ import annotations

import itertools
import json
import re
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.live_server import LiveServer, started
from support.processes import allowed
from support.raw_http import call, connect, envelope, exchange, read_until_closed, request

pytestmark = pytest.mark.slow

JSON, SOAP = "/core/json.php", "/core/soap.php"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server of these tests alone, since some requests add expenses."""
    with started(tmp_path_factory.mktemp("framing")) as running:
        yield running


def expenses(server: LiveServer) -> int:
    """Return how many expenses alice has."""
    return int(call(server.server, "getExpenses", server.key, 0, 0, -1, -1, 0, 1)["total"])


def documents(server: LiveServer) -> dict[str, tuple[str, bytes]]:
    """Return requests that add an expense each: path and body."""
    record = {
        "projectId": server.world.portal,
        "date": "2026-11-02 12:00",
        "designation": "never",
        "multiplier": 1,
        "value": 5,
    }
    named = {"method": "setExpenseRecord", "params": {"apiKey": server.key, "record": record}}
    rpc = {"method": "setExpenseRecord", "params": [server.key, record, False]}
    fields = "".join(f"<{name}>{value}</{name}>" for name, value in record.items())
    items = "".join(
        f"<item><key>{name}</key><value>{value}</value></item>" for name, value in record.items()
    )
    return {
        "a call": (JSON, json.dumps({"jsonrpc": "2.0", "id": 1} | rpc).encode()),
        "named parameters": (JSON, json.dumps({"jsonrpc": "2.0", "id": 1} | named).encode()),
        "a call of Kimai's time": (JSON, json.dumps({"id": 1} | rpc).encode()),
        "a notification": (JSON, json.dumps({"jsonrpc": "2.0"} | rpc).encode()),
        "a batch": (JSON, json.dumps([{"jsonrpc": "2.0", "id": 1} | rpc]).encode()),
        "a byte order mark": (JSON, b"\xef\xbb\xbf" + json.dumps({"id": 1} | rpc).encode() + b" "),
        "document/literal": (
            SOAP,
            envelope(
                f'<setExpenseRecord xmlns="urn:kimai-remote"><apiKey>{server.key}</apiKey>'
                f"<record>{fields}</record></setExpenseRecord>"
            ),
        ),
        "rpc/encoded": (
            SOAP,
            envelope(
                f'<k:setExpenseRecord xmlns:k="urn:k"><apiKey xmlns="">{server.key}</apiKey>'
                f'<record xmlns="">{items}</record></k:setExpenseRecord>'
            ),
        ),
    }


NAMES = (
    "a call",
    "named parameters",
    "a call of Kimai's time",
    "a notification",
    "a batch",
    "a byte order mark",
    "document/literal",
    "rpc/encoded",
)
each_document = pytest.mark.parametrize("name", NAMES)


def head(path: str, *lines: str) -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: kimai.test", *lines, "", ""]).encode()


def chunk(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body)


def status_of(response: bytes) -> int:
    """Return the status of the only response in these bytes."""
    assert response.count(b"HTTP/1.1 ") == 1, response
    return int(response.split(b" ", 2)[1])


#: What follows the only chunk, in which the document is complete, until the client ends its side.
CUT = {
    "no last chunk": b"",
    "half a last chunk": b"0",
    "a last chunk without its empty line": b"0\r\n",
    "half of the empty line": b"0\r\n\r",
    "a chunk without its bytes": b"5\r\n",
    "a chunk with some of its bytes": b"5\r\n  ",
    "a chunk without its end": b"2\r\n  ",
    "half a trailer": b"0\r\nX-A: b",
}
#: The same, for a client that keeps the connection open.
MALFORMED = {
    "a chunk's size that is none": b"zz\r\n\r\n",
    "a negative size": b"-1\r\n\r\n",
    "an empty size": b"\r\n0\r\n\r\n",
    "a size with a prefix": b"0x0\r\n\r\n",
    "a size that is too large for any number": b"f" * 17 + b"\r\n\r\n",
    "two sizes": b"0 0\r\n\r\n",
    "a size with a line feed alone": b"0\n\r\n",
    "an extension with a line feed": b"0;a\n\r\n",
    "a chunk that is longer than its size": b"1\r\n   \r\n0\r\n\r\n",
    "a carriage return alone": b"0\rx\r\n\r\n",
    # Granian can't tell them from a body that is broken; no client sends them.
    "a trailer": b"0\r\nX-A: b\r\n\r\n",
}


@each_document
def test_a_whole_request_is_carried_out(server: LiveServer, name: str) -> None:
    """What the tests below break in one place."""
    path, body = documents(server)[name]
    before = expenses(server)
    for frame in (
        head(path, f"Content-Length: {len(body)}", "Connection: close") + body,
        head(path, "Transfer-Encoding: chunked", "Connection: close")
        + chunk(body)
        + b"0;extension=1\r\n\r\n",
    ):
        assert status_of(exchange(server.server.url, frame)) in (200, 204)
    assert expenses(server) == before + 2


def test_pieces_of_any_size(server: LiveServer) -> None:
    """However the network cuts a request, it is whole."""
    path, body = documents(server)["a call"]
    before = expenses(server)
    small = b"".join(map(chunk, re.findall(rb"(?s).{1,3}", body)))
    frame = head(path, "Transfer-Encoding: chunked", "Connection: close") + small + b"0\r\n\r\n"
    sizes = (1, 2, 5, 97, len(frame) - 1)
    for size in sizes:
        with connect(server.server.url) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for at in range(0, len(frame), size):
                connection.sendall(frame[at : at + size])
                time.sleep(0.0005)
            assert status_of(read_until_closed(connection)[0]) == 200
    assert expenses(server) == before + len(sizes)


def test_an_empty_chunked_body(server: LiveServer) -> None:
    """It is complete, but no document."""
    frame = head(JSON, "Transfer-Encoding: chunked", "Connection: close") + b"0\r\n\r\n"
    response = exchange(server.server.url, frame)
    assert status_of(response) == 200
    assert b"Parse error" in response


@each_document
def test_a_chunked_body_that_is_cut_off(
    server: LiveServer, subtests: pytest.Subtests, name: str
) -> None:
    path, body = documents(server)[name]
    start = head(path, "Transfer-Encoding: chunked") + chunk(body)
    before = expenses(server)
    for what, end in CUT.items():
        with subtests.test(what), connect(server.server.url) as connection:
            connection.sendall(start + end)
            connection.shutdown(socket.SHUT_WR)
            assert status_of(read_until_closed(connection)[0]) == 400
    assert expenses(server) == before


@each_document
def test_a_chunked_body_that_is_malformed(
    server: LiveServer, subtests: pytest.Subtests, name: str
) -> None:
    """The connection ends, so that what follows isn't taken for another request."""
    path, body = documents(server)[name]
    whole = head(path, f"Content-Length: {len(body)}") + body
    start = head(path, "Transfer-Encoding: chunked") + chunk(body)
    before = expenses(server)
    for what, end in MALFORMED.items():
        with subtests.test(what):
            response = exchange(server.server.url, start + end + whole)
            assert status_of(response) == 400
            assert b"chunks are malformed" in response
    assert expenses(server) == before


@pytest.mark.parametrize(("size", "added"), [(1000, 1), (6000, 0)])
def test_a_body_in_small_chunks(server: LiveServer, size: int, added: int) -> None:
    """Each takes time to read, before anybody has shown a key."""
    path, body = documents(server)["a call"]
    before = expenses(server)
    chunks = b"".join(chunk(body.ljust(size)[index : index + 1]) for index in range(size))
    start = head(path, "Transfer-Encoding: chunked", "Connection: close")
    response = exchange(server.server.url, start + chunks + b"0\r\n\r\n")
    assert status_of(response) == (200 if added else 400)
    assert expenses(server) == before + added


@each_document
@pytest.mark.parametrize("missing", [1, 100, 1_000_000])
def test_a_body_that_is_shorter_than_its_length(
    server: LiveServer, name: str, missing: int
) -> None:
    path, body = documents(server)[name]
    before = expenses(server)
    with connect(server.server.url) as connection:
        connection.sendall(head(path, f"Content-Length: {len(body) + missing}") + body)
        connection.shutdown(socket.SHUT_WR)
        assert status_of(read_until_closed(connection)[0]) == 400
    assert expenses(server) == before


def test_a_connection_that_is_reset(server: LiveServer) -> None:
    """The client sees no response then, so what counts is that nothing is done."""
    before = expenses(server)
    for path, body in documents(server).values():
        frames = [
            head(path, "Transfer-Encoding: chunked") + chunk(body) + end for end in CUT.values()
        ]
        frames.append(head(path, f"Content-Length: {len(body) + 9}") + body)
        for frame, pause in itertools.product(frames, (0, 0.02)):
            connection = connect(server.server.url)
            connection.sendall(frame)
            time.sleep(pause)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
    time.sleep(allowed(0.5))
    assert expenses(server) == before
    assert "Traceback" not in server.server.output


# Heads -------------------------------------------------------------------------------------------


HOST = "Host: kimai.test"
CHUNKED = "Transfer-Encoding: chunked"
LINE = f"POST {JSON} HTTP/1.1"
#: Heads of requests: the status of the response, and the lines. LENGTH stands for a right length.
REFUSED: dict[str, tuple[int, tuple[str, ...]]] = {
    "no Host": (400, (LINE, "LENGTH")),
    "two Hosts": (400, (LINE, HOST, HOST, "LENGTH")),
    "two Hosts in HTTP/1.0": (400, (f"POST {JSON} HTTP/1.0", HOST, HOST, "LENGTH")),
    "two names in a Host": (400, (LINE, "Host: a, b", "LENGTH")),
    "an empty Host": (400, (LINE, "Host:", "LENGTH")),
    "a Host with a user": (400, (LINE, "Host: a@b", "LENGTH")),
    "a Host with a path": (400, (LINE, "Host: a/b", "LENGTH")),
    "a Host that isn't ASCII": (400, (LINE, "Host: ü", "LENGTH")),
    "a method in lower case": (501, (f"post {JSON} HTTP/1.1", HOST, "LENGTH")),
    "a method in mixed case": (501, (f"Post {JSON} HTTP/1.1", HOST, "LENGTH")),
    "an unknown method": (501, (f"BREW {JSON} HTTP/1.1", HOST, "LENGTH")),
    "a method that is none": (400, (f"PO(ST {JSON} HTTP/1.1", HOST, "LENGTH")),
    "another coding": (400, (LINE, HOST, "Transfer-Encoding: gzip")),
    "another coding first": (501, (LINE, HOST, "Transfer-Encoding: gzip, chunked")),
    "another coding last": (400, (LINE, HOST, "Transfer-Encoding: chunked, gzip")),
    "another coding in its own line": (501, (LINE, HOST, "Transfer-Encoding: identity", CHUNKED)),
    "chunks in chunks": (501, (LINE, HOST, CHUNKED, CHUNKED)),
    "a coding like chunked": (400, (LINE, HOST, "Transfer-Encoding: xchunked")),
    "a coding with a control character": (400, (LINE, HOST, "Transfer-Encoding: \x0bchunked")),
    "a coding with a space before its colon": (400, (LINE, HOST, "Transfer-Encoding : chunked")),
    "chunks in HTTP/1.0": (400, (f"POST {JSON} HTTP/1.0", HOST, CHUNKED)),
    "two lengths": (400, (LINE, HOST, "LENGTH", "Content-Length: 5")),
    "a list of lengths": (400, (LINE, HOST, "Content-Length: 5, 5")),
    "a signed length": (400, (LINE, HOST, "Content-Length: +5")),
    "a negative length": (400, (LINE, HOST, "Content-Length: -5")),
    "a length of another base": (400, (LINE, HOST, "Content-Length: 0x5")),
    "an empty length": (400, (LINE, HOST, "Content-Length:")),
    "a folded line": (400, (LINE, HOST, "LENGTH", "X-A: b", " c")),
    "a folded first line": (400, (LINE, " X-A: b", HOST, "LENGTH")),
    "a header with a null": (400, (LINE, HOST, "LENGTH", "X-A: \0")),
    "a header with a carriage return": (400, (LINE, HOST, "LENGTH", "X-A: b\rX-C: d")),
    "a space before a colon": (400, (LINE, HOST, "LENGTH", "X-A : b")),
    "a header without a name": (400, (LINE, HOST, "LENGTH", ": b")),
    "a header without a colon": (400, (LINE, HOST, "LENGTH", "X-A")),
    "too many headers": (431, (LINE, HOST, "LENGTH", *["X-A: b"] * 100)),
    "too long a URL": (414, (f"POST {JSON}?{'a' * 70_000} HTTP/1.1", HOST, "LENGTH")),
    "no version": (400, (f"POST {JSON}", HOST, "LENGTH")),
    "HTTP/0.9": (400, (f"POST {JSON} HTTP/0.9", HOST, "LENGTH")),
    "HTTP/1.2": (400, (f"POST {JSON} HTTP/1.2", HOST, "LENGTH")),
    "HTTP/2.0": (400, (f"POST {JSON} HTTP/2.0", HOST, "LENGTH")),
    "two spaces": (400, (f"POST  {JSON} HTTP/1.1", HOST, "LENGTH")),
    "a tab": (400, (f"POST\t{JSON} HTTP/1.1", HOST, "LENGTH")),
    "a word too many": (400, (f"POST {JSON} HTTP/1.1 x", HOST, "LENGTH")),
    "a URL with a null": (400, (f"POST {JSON}\0 HTTP/1.1", HOST, "LENGTH")),
    "a URL without a slash": (400, (f"POST {JSON[1:]} HTTP/1.1", HOST, "LENGTH")),
    "a URL of the server as a whole": (404, ("POST * HTTP/1.1", HOST, "LENGTH")),
    "a tunnel": (404, ("CONNECT kimai.test:80 HTTP/1.1", HOST, "LENGTH")),
}
SERVED: dict[str, tuple[str, ...]] = {
    "HTTP/1.0 without Host": (f"POST {JSON} HTTP/1.0", "LENGTH"),
    "another case": (LINE, "hOST: kimai.test", "transfer-ENCODING: Chunked"),
    "the same length twice": (LINE, HOST, "LENGTH", "LENGTH"),
    "many headers": (LINE, HOST, "LENGTH", *["X-A: b"] * 90),
    "a complete URL": (f"POST http://kimai.test{JSON} HTTP/1.1", HOST, "LENGTH"),
    "empty lines before": ("", "", LINE, HOST, "LENGTH"),
    "an expectation nobody knows": (LINE, HOST, "LENGTH", "Expect: 200-ok"),
    # Granian leaves out values that aren't ASCII, so this is one name only.
    "a second Host that isn't ASCII": (LINE, HOST, "Host: ü", "LENGTH"),
}


def framed(lines: tuple[str, ...], body: bytes) -> bytes:
    """Return a request with this head; its body is in chunks if there is no length."""
    right = f"Content-Length: {len(body)}"
    text = "\r\n".join([right if line == "LENGTH" else line for line in lines])
    in_chunks = not any("Length" in line or line == "LENGTH" for line in lines)
    return text.encode() + b"\r\n\r\n" + (chunk(body) + chunk(b"") if in_chunks else body)


@pytest.mark.parametrize("what", REFUSED)
def test_heads_that_are_refused(server: LiveServer, what: str) -> None:
    """What follows on the same connection isn't carried out either, after what is no HTTP."""
    status, lines = REFUSED[what]
    _, body = documents(server)["a call"]
    follower = framed((LINE, HOST, "LENGTH", "Connection: close"), body)
    before = expenses(server)
    if status == 404:
        follower = follower.replace(b"POST", b"GET")
    with connect(server.server.url) as connection:
        connection.sendall(framed(lines, body) + follower)
        response = read_until_closed(connection)[0]
    assert re.match(rb"HTTP/1\.[01] %d " % status, response), response
    if status != 404:
        assert response.count(b"HTTP/1.") == 1
    assert expenses(server) == before


@pytest.mark.parametrize("what", SERVED)
def test_heads_that_are_served(server: LiveServer, what: str) -> None:
    _, body = documents(server)["a call"]
    before = expenses(server)
    frame = framed(SERVED[what], body).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)
    if what == "empty lines before":
        frame = framed(SERVED[what], body)
        frame = frame.replace(b"Host", b"Connection: close\r\nHost", 1)
    assert re.match(rb"HTTP/1\.[01] 200 ", exchange(server.server.url, frame))
    assert expenses(server) == before + 1


@pytest.mark.parametrize("lines", [("LENGTH", CHUNKED), (CHUNKED, "LENGTH")])
def test_a_length_and_chunks(server: LiveServer, lines: tuple[str, ...]) -> None:
    """The chunks count, as in RFC 9112, and nothing that follows is a second request.

    Granian removes the length, so that nobody here can refuse this.
    """
    _, body = documents(server)["a call"]
    follower = framed((LINE, HOST, "LENGTH"), body)
    before = expenses(server)
    start = framed((LINE, HOST, *lines), body).partition(b"\r\n\r\n")[0]
    response = exchange(
        server.server.url, start + b"\r\n\r\n" + chunk(body) + chunk(b"") + follower
    )
    assert status_of(response) == 200
    assert expenses(server) == before + 1


def test_a_proxy_does_not_replace_a_missing_host(tmp_path: Path) -> None:
    with started(tmp_path, trusted_proxies="1") as running:
        _, body = documents(running)["a call"]
        for hosts in ((), (HOST, HOST)):
            frame = framed((LINE, *hosts, "X-Forwarded-Host: kimai.test", "LENGTH"), body)
            assert status_of(exchange(running.server.url, frame)) == 400


@pytest.mark.parametrize("method", ["get", "post", "Head", "options", "BREW"])
@pytest.mark.parametrize(
    "path", [JSON, SOAP, "/", "/console/main.js", "/metrics", "/health/live", "/health/ready", "/x"]
)
def test_unknown_methods(server: LiveServer, method: str, path: str) -> None:
    response = request(server.server, method, path)
    assert response.status == 501
    assert "The method is unknown." in response.text


def test_a_client_that_ends_its_side_after_the_request(server: LiveServer) -> None:
    """It may get no response, as Granian ends such a connection; but never half a response."""
    for _ in range(20):
        with connect(server.server.url) as connection:
            connection.sendall(f"GET {JSON} HTTP/1.1\r\n{HOST}\r\n\r\n".encode())
            connection.shutdown(socket.SHUT_WR)
            response, _ = read_until_closed(connection)
            assert response == b"" or response.endswith(b"}")
