"""The transport: TLS, who may connect, limits, and slow clients."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from kimai_remote.cli.main import app
from kimai_remote.config import Settings
from kimai_remote.errors import ConfigurationError
from kimai_remote.server import preflight
from support.certificates import certificate, trusting
from support.processes import DEADLINE, allowed, wait_until
from support.raw_http import connect, exchange, read_until_closed
from support.server import Server, free_port, serving

#: Deadlines of the server of these tests, in seconds; its threads.
CLIENT_TIMEOUT = 2
THREADS = 2
LIMIT = 4096
VERSION = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "getVersion"}).encode()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    environ = {
        "KIMAI_REMOTE_CLIENT_TIMEOUT": str(CLIENT_TIMEOUT),
        "KIMAI_REMOTE_THREADS": str(THREADS),
        "KIMAI_REMOTE_MAX_BODY": str(LIMIT),
        "KIMAI_REMOTE_MAX_BATCH": "3",
    }
    with serving(tmp_path_factory.mktemp("transport"), environ=environ) as running:
        yield running


def post(
    url: str, body: bytes, *, context: ssl.SSLContext | None = None, **headers: str
) -> tuple[int, Any, bytes]:
    request = urllib.request.Request(url, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE, context=context) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def head(length: int, *, close: bool = True) -> bytes:
    end = b"Connection: close\r\n" if close else b""
    return b"POST /core/json.php HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n%b\r\n" % (
        length,
        end,
    )


# Slow clients ------------------------------------------------------------------------------------


UNFINISHED = {
    "nothing": b"",
    "a letter": b"P",
    "a head": b"POST /core/json.php HTTP/1.1\r\nHost: a\r\nX-A: ",
    "a body": head(len(VERSION)) + VERSION[:5],
    "a chunked body": b"POST /core/json.php HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked"
    b"\r\n\r\n5\r\n" + VERSION[:5] + b"\r\n",
}


@pytest.mark.slow
def test_incomplete_requests(server: Server, subtests: pytest.Subtests) -> None:
    """All clients run in parallel, because each waits for its timeout."""

    def wait(start: bytes) -> tuple[bytes, float]:
        with connect(server.url) as connection:
            connection.sendall(start)
            return read_until_closed(connection)

    with ThreadPoolExecutor(len(UNFINISHED)) as pool:
        ends = dict(zip(UNFINISHED, pool.map(wait, UNFINISHED.values()), strict=True))
    for what, (response, seconds) in ends.items():
        with subtests.test(what):
            assert seconds < CLIENT_TIMEOUT + allowed(5)
            if what.endswith("body"):
                assert response.startswith(b"HTTP/1.1 408 ")
                assert b"didn't come in time" in response
                assert seconds > CLIENT_TIMEOUT - 0.5


def test_single_bytes_do_not_extend_the_deadline(server: Server) -> None:
    with connect(server.url) as connection:
        connection.sendall(head(1000))
        stop = threading.Event()

        def drip() -> None:
            try:
                while not stop.wait(0.2):
                    connection.sendall(b" ")
            except OSError:
                pass

        dripping = threading.Thread(target=drip)
        dripping.start()
        response, seconds = read_until_closed(connection)
        stop.set()
        dripping.join()
    assert response.startswith(b"HTTP/1.1 408 ")
    assert seconds < CLIENT_TIMEOUT + allowed(5)


def test_slow_clients_do_not_block_others(server: Server) -> None:
    """With many more slow clients than threads, another client gets its response in time."""
    slow = [connect(server.url) for _ in range(THREADS * 20)]
    try:
        for connection in slow:
            connection.sendall(head(1000) + b"{")
        started = time.monotonic()
        for _ in range(5):
            status, _, response = post(server.json, VERSION)
            assert (status, b"result" in response) == (200, True)
        assert time.monotonic() - started < allowed(CLIENT_TIMEOUT)
        responses = [read_until_closed(connection)[0] for connection in slow]
        assert all(response.startswith(b"HTTP/1.1 408 ") for response in responses)
    finally:
        for connection in slow:
            connection.close()
    assert post(server.json, VERSION)[0] == 200


def test_clients_that_disconnect_in_the_body(server: Server) -> None:
    for _ in range(THREADS * 5):
        with connect(server.url) as connection:
            connection.sendall(head(1000) + b"{")
    assert post(server.json, VERSION)[0] == 200


def test_clients_that_dont_read(server: Server) -> None:
    """They keep nobody waiting, and lose their connections, of which a process has so many."""
    assert post(server.json, VERSION)[0] == 200
    (worker,) = server.workers
    before = descriptors(worker)
    with ExitStack() as stack:
        for _ in range(THREADS * 5):
            connection = stack.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            connection.connect(("127.0.0.1", urlsplit(server.url).port))
            connection.sendall(b"GET /core/soap.php?wsdl HTTP/1.1\r\nHost: a\r\n\r\n" * 200)
        assert post(server.json, VERSION)[0] == 200
        few = before + THREADS * 2  # connections to the database
        assert descriptors(worker) > few
        wait_until(lambda: descriptors(worker) <= few)


def descriptors(process: int) -> int:
    """Return the number of files and sockets that a process has open."""
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


# Limits ------------------------------------------------------------------------------------------


def padded(length: int) -> bytes:
    return VERSION + b" " * (length - len(VERSION))


def chunked(body: bytes) -> bytes:
    pieces = b"".join(
        b"%x\r\n%b\r\n" % (len(body[at : at + 700]), body[at : at + 700])
        for at in range(0, len(body), 700)
    )
    return (
        b"POST /core/json.php HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
        b"Connection: close\r\n\r\n" + pieces + b"0\r\n\r\n"
    )


@pytest.mark.parametrize(("length", "status"), [(LIMIT, 200), (LIMIT + 1, 413), (LIMIT * 50, 413)])
def test_size_of_a_body(server: Server, length: int, status: int) -> None:
    by_length = exchange(server.url, head(length) + padded(length))
    in_chunks = exchange(server.url, chunked(padded(length)))
    for response in (by_length, in_chunks):
        assert response.startswith(b"HTTP/1.1 %d " % status), response[:200]


def test_a_wrong_content_length_costs_nothing(server: Server) -> None:
    response = exchange(server.url, head(10**12))
    assert response.startswith(b"HTTP/1.1 413 ")


def test_size_of_the_head(server: Server) -> None:
    long = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-A: " + b"a" * 2_000_000
    try:
        response = exchange(server.url, long + b"\r\n\r\n")
    except (BrokenPipeError, ConnectionResetError):
        response = b""
    assert not response.startswith(b"HTTP/1.1 200 ")
    assert post(server.json, VERSION)[0] == 200


def test_calls_in_a_batch(server: Server) -> None:
    def batch(calls: int) -> Any:
        return json.loads(post(server.json, b"[" + b",".join([VERSION] * calls) + b"]")[2])

    assert len(batch(3)) == 3
    assert batch(4)["error"]["code"] == -32600


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_nesting_of_json(server: Server, opening: bytes) -> None:
    deep = opening * (2500 // len(opening))  # fewer values than it may have
    assert json.loads(post(server.json, deep)[2])["error"]["code"] == -32700


def test_nesting_of_xml(server: Server) -> None:
    status, _, response = post(server.soap, b"<a>" * 1000, **{"Content-Type": "text/xml"})
    assert (status, b"faultcode>soap11env:Client<" in response) == (500, True)


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 5\r\nContent-Length: 6",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Content-Length: -1",
        b"Content-Length: 5, 5",
        b"Content-Length: 0x5",
        b"Content-Length: " + b"9" * 30,
        b"Transfer-Encoding: gzip",
        b"Transfer-Encoding: chunked, identity",
    ],
)
def test_ambiguous_framing(server: Server, framing: bytes) -> None:
    """There is at most one response, so that no second request is hidden in the first."""
    request = (
        b"POST /core/json.php HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
        + framing
        + b"\r\n\r\n0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"
    )
    assert exchange(server.url, request).count(b"HTTP/1.1 ") <= 1


# Headers and addresses ---------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/core/json.php", "/core/soap.php", "/nowhere"])
def test_security_headers(server: Server, path: str) -> None:
    status, headers, _ = get(server, path)
    assert status == (404 if path == "/nowhere" else 200)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["Set-Cookie"] is None
    assert headers["Strict-Transport-Security"] is None  # no promise of HTTPS, which isn't here


def get(
    server: Server, path: str, *, context: ssl.SSLContext | None = None, **headers: str
) -> tuple[int, Any, bytes]:
    host = server.url.partition("//")[2]
    connection = (
        http.client.HTTPSConnection(host, timeout=DEADLINE, context=context)
        if context
        else http.client.HTTPConnection(host, timeout=DEADLINE)
    )
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, response.headers, body


def test_each_request_has_a_unique_id(server: Server) -> None:
    request_ids = {
        post(server.json, VERSION, **{"X-Request-Id": "mine-mine"})[1]["X-Request-Id"]
        for _ in range(3)
    }
    assert len(request_ids) == 3
    assert all(len(request_id) == 16 for request_id in request_ids)


SPOOFED = {
    "X-Forwarded-Host": "evil.test",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Port": "666",
    "X-Forwarded-For": "203.0.113.9",
    "Forwarded": "host=evil.test;proto=https",
    "X-Original-Url": "/evil",
}


@pytest.mark.parametrize("path", ["/core/soap.php?wsdl", "/core/json.php"])
def test_forwarded_headers_of_untrusted_clients(server: Server, path: str) -> None:
    plain = get(server, path)[2]
    spoofed = get(server, path, **SPOOFED)[2]
    assert spoofed == plain
    assert b"evil" not in spoofed


@pytest.mark.parametrize("path", ["/core/soap.php?wsdl", "/core/json.php", "/"])
@pytest.mark.parametrize("host", ['evil"><script>', "evil.test/a?b#c", "a b", "evil.test\t", "&<"])
def test_invalid_host_headers(server: Server, path: str, host: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    response = exchange(server.url, request.encode())
    body = response.partition(b"\r\n\r\n")[2]
    # White space around a value isn't part of it.
    assert response.startswith(b"HTTP/1.1 200 " if host.endswith("\t") else b"HTTP/1.1 400 ")
    assert b"<script>" not in body
    assert b"a?b#c" not in body


def test_a_host_header_affects_its_sender_only(server: Server) -> None:
    for path in ("/core/soap.php?wsdl", "/core/json.php"):
        assert b"evil.test" in get(server, path, Host="evil.test")[2]
        _, headers, body = get(server, path)
        assert b"evil.test" not in body
        assert "Host" in headers["Vary"]
        assert headers["Cache-Control"] == "no-cache"


def test_a_trusted_proxy(tmp_path: Path) -> None:
    with serving(tmp_path, environ={"KIMAI_REMOTE_TRUSTED_PROXIES": "1"}) as running:
        headers = {
            "X-Forwarded-For": "198.51.100.1, 203.0.113.9",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Host": "time.example.org",
            "X-Request-Id": "proxy-0001",
        }
        _, answered, body = get(running, "/core/json.php", **headers)
        assert b'"target":"https://time.example.org/core/json.php"' in body
        assert answered["X-Request-Id"] == "proxy-0001"
        login = {"jsonrpc": "2.0", "id": 1, "method": "authenticate", "params": ["no", "no"]}
        underscored = headers | {"X_Forwarded_For": "192.0.2.66"}
        post(running.json, json.dumps(login).encode(), **underscored)
        assert '"from": "203.0.113.9"' in running.output
        assert "192.0.2.66" not in running.output


def test_cors_of_json_alone(server: Server) -> None:
    origin = {"Origin": "https://evil.test"}
    _, headers, _ = post(server.json, VERSION, **origin)
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Access-Control-Allow-Credentials"] is None
    _, headers, _ = get(server, "/core/soap.php", **origin)
    assert headers["Access-Control-Allow-Origin"] is None


# TLS and who may connect -------------------------------------------------------------------------


def test_tls(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    port = free_port()
    arguments = ("--tls-cert", str(cert), "--tls-key", str(key))
    with serving(tmp_path, *arguments, port=port) as running:
        url = running.url
        with urllib.request.urlopen(f"{url}/core/soap.php?wsdl", context=trusting(cert)) as got:
            assert f'location="{url}/core/soap.php"'.encode() in got.read()
        for path in ("/", "/core/json.php", "/health/live", "/nowhere"):
            headers = get(running, path, context=trusting(cert))[1]
            assert headers["Strict-Transport-Security"] == "max-age=31536000"
        headers = post(running.json, VERSION, context=trusting(cert))[1]
        assert headers["Strict-Transport-Security"] == "max-age=31536000"
        response = exchange(url, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert b"HTTP" not in response
        with pytest.raises(ssl.SSLError):
            old = trusting(cert)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                old.maximum_version = ssl.TLSVersion.TLSv1_1
            with socket.create_connection(("127.0.0.1", port)) as raw:
                old.wrap_socket(raw, server_hostname="localhost")
        assert f"https://127.0.0.1:{port}/core/json.php" in running.output


def serve(*arguments: str, **environ: str) -> tuple[int, str]:
    """Run ``serve`` where it fails to start; return its exit code and output."""
    result = CliRunner().invoke(app, ["serve", "--port", str(free_port()), *arguments], env=environ)
    return result.exit_code, " ".join(result.output.split())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])  # noqa: S104
def test_other_machines_need_tls(host: str) -> None:
    code, output = serve("--host", host)
    assert code == 2
    for way_out in ("--tls-cert", "KIMAI_REMOTE_TRUSTED_PROXIES", "--insecure", "in the clear"):
        assert way_out in output


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_this_machine_needs_no_tls(host: str) -> None:
    preflight.check(Settings(host=host, port=free_port()))


@pytest.mark.parametrize("permitted", [{"insecure": True}, {"trusted_proxies": 1}])
def test_serving_without_tls_can_be_allowed(permitted: dict[str, Any]) -> None:
    preflight.check(Settings(host="0.0.0.0", port=free_port(), **permitted))  # noqa: S104


def test_serving_other_machines_without_tls(tmp_path: Path) -> None:
    with serving(tmp_path, "--host", "0.0.0.0", "--insecure") as running:  # noqa: S104
        assert post(running.json, VERSION)[0] == 200


def test_invalid_certificates(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, "one")
    _, other = certificate(tmp_path, "two")
    garbage = tmp_path / "garbage"
    garbage.write_text("garbage")
    for pair in ((garbage, key), (cert, garbage), (cert, other)):
        with pytest.raises(ConfigurationError, match="aren't a certificate and its private key"):
            preflight.check(Settings(tls_cert=str(pair[0]), tls_key=str(pair[1])))
    with pytest.raises(ConfigurationError, match="can't be read"):
        preflight.check(Settings(tls_cert=str(cert), tls_key=str(tmp_path / "missing")))
    with pytest.raises(ConfigurationError, match="belong together"):
        preflight.check(Settings(tls_cert=str(cert)))
    preflight.check(Settings(tls_cert=str(cert), tls_key=str(key), port=free_port()))


def test_an_audit_log_that_cant_be_written(tmp_path: Path) -> None:
    code, output = serve("--data-dir", str(tmp_path), KIMAI_REMOTE_AUDIT_LOG=str(tmp_path))
    assert (code, "can't be written" in output) == (2, True)
