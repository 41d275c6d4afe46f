"""SIGTERM ends the server soon, whatever its connections are like, and answers what it runs."""

from __future__ import annotations

import re
import signal
import sqlite3
import ssl
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from support.certificates import certificate
from support.processes import DEADLINE, wait_until
from support.raw_http import Connection, Response, call, envelope, get, post_soap, read_until_closed
from support.server import Server, serving

pytestmark = pytest.mark.slow

#: Seconds, of which an idle machine takes one or two. Granian kills after 30, and clients have as
#: long to send a request.
BOUND = 20

JSON = b'{"jsonrpc": "2.0", "method": "getVersion", "id": 1}'


def end(server: Server, number: signal.Signals = signal.SIGTERM) -> None:
    """Send a signal, and check that the server ends in time, and in order."""
    server.process.send_signal(number)
    try:
        assert server.process.wait(BOUND) == 0
    except subprocess.TimeoutExpired:
        pytest.fail(f"still running {BOUND} s after {number.name}")
    assert "Traceback" not in server.output
    assert "Killing" not in server.output


def head(path: str, length: int) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n".encode()


def ask(connection: Connection, path: str, body: bytes) -> Response:
    connection.send(head(path, len(body)) + body)
    return connection.receive()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_server(number: signal.Signals, tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2") as server:
        end(server, number)


def test_connections_that_are_kept_after_calls(tmp_path: Path) -> None:
    with serving(tmp_path) as server, ExitStack() as opened:
        kept = [opened.enter_context(Connection(server)) for _ in range(6)]
        for connection in kept:
            assert ask(connection, "/core/json.php", JSON).status == 200
            soap = envelope('<getVersion xmlns="urn:kimai-remote"/>')
            assert ask(connection, "/core/soap.php", soap).status == 200
        end(server)
        assert [read_until_closed(connection.socket)[0] for connection in kept] == [b""] * 6


def test_clients_that_have_sent_a_part_of_a_request(tmp_path: Path) -> None:
    """They have a moment for the rest; the answer to half a body says why."""
    cases = {
        "nothing": b"",
        "half a line": b"POST /core/js",
        "half a head": head("/core/soap.php", 50)[:-2],
        "half a second head": head("/core/json.php", len(JSON)) + JSON + b"POST ",
        "half a body": head("/core/json.php", len(JSON)) + JSON[:20],
        "half a long body": head("/core/soap.php", 500_000) + JSON,
        "half a chunk": b"POST /core/json.php HTTP/1.1\r\nHost: a\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
    }
    with serving(tmp_path) as server, ExitStack() as opened:
        connections = {name: opened.enter_context(Connection(server)) for name in cases}
        for name, connection in connections.items():
            connection.send(cases[name])
        assert connections["half a second head"].receive().status == 200
        end(server)
        for name, connection in connections.items():
            received, _ = read_until_closed(connection.socket)
            if "body" in name or "chunk" in name:
                assert received.startswith(b"HTTP/1.1 408 "), name
            else:
                assert b" 200 " not in received, name


def test_a_client_that_has_not_begun_with_tls(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, "server")
    with serving(tmp_path, "--tls-cert", str(cert), "--tls-key", str(key)) as server:
        context = ssl.create_default_context(cafile=str(cert))
        context.check_hostname = False
        with Connection(server), Connection(server) as waiting, Connection(server) as partial:
            waiting.socket = context.wrap_socket(waiting.socket)
            waiting.send(b"POST /core/json.php HT")
            partial.send(b"\x16\x03\x01\x02")
            end(server)


def test_a_slow_call_is_answered(tmp_path: Path) -> None:
    """It takes longer than clients have for the rest of a request, over each protocol."""
    with serving(tmp_path, "--demo") as server:
        keys = [
            call(server, "authenticate", name, f"demo-{name}")["items"][0]["apiKey"]
            for name in ("ben", "clara")
        ]
        file = tmp_path / "data" / "kimai.sqlite3"
        with closing(sqlite3.connect(file)) as other, ThreadPoolExecutor(2) as pool:
            other.execute("BEGIN IMMEDIATE")
            json = pool.submit(call, server, "startRecord", keys[0], 1, 11)
            text = (
                f'<startRecord xmlns="urn:kimai-remote"><apiKey>{keys[1]}</apiKey>'
                "<projectId>1</projectId><activityId>11</activityId></startRecord>"
            )
            soap = pool.submit(post_soap, server, text)
            both = re.compile(r"^kimai_remote_calls_in_progress\S* 1\.0$", re.M)
            wait_until(lambda: len(both.findall(get(server, "/metrics").text)) == 2)
            server.process.terminate()
            time.sleep(3)
            assert not json.done()
            assert not soap.done()
            other.execute("ROLLBACK")
            assert json.result(DEADLINE)["success"] is True
            assert "<tns:success>true</tns:success>" in soap.result(DEADLINE).text
        assert server.process.wait(BOUND) == 0
