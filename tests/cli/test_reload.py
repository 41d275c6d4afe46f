"""SIGHUP and SIGTERM: each call that is run is answered, and what can be read anew is."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import sqlite3
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from support.certificates import certificate
from support.processes import DEADLINE, wait_until
from support.raw_http import Connection, call, get, post_json
from support.server import Server, free_port, serving

pytestmark = pytest.mark.slow

VERSION = {"jsonrpc": "2.0", "method": "getVersion", "id": 1}


def reload(server: Server) -> None:
    """Send SIGHUP, and wait until all processes are new ones."""
    before = set(server.workers)
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: not before & set(server.workers) and len(server.workers) == len(before))


@dataclass
class Load:
    """What became of many calls."""

    #: Calls that were answered.
    answered: int = 0
    #: Connections that were closed before anything of an answer came.
    closed: int = 0
    #: Anything else that went wrong.
    failures: list[str] = field(default_factory=list)


@contextmanager
def load(server: Server, threads: int) -> Iterator[Load]:
    """Calls all the time, half of them on connections that are kept."""
    found = Load()
    stop, guard = threading.Event(), threading.Lock()

    def work(place: int) -> None:
        session = requests.Session()
        while not stop.is_set():
            try:
                if place % 2:
                    reply = session.post(server.json, json=VERSION, timeout=DEADLINE)
                    assert reply.status_code == 200
                else:
                    assert post_json(server, VERSION).status == 200
                with guard:
                    found.answered += 1
            except (ConnectionError, http.client.BadStatusLine, requests.ConnectionError) as error:
                refused = "refused" in repr(error).lower()
                with guard:
                    found.failures += [repr(error)] * refused
                    found.closed += not refused
            except Exception as error:
                found.failures.append(repr(error))

    with ThreadPoolExecutor(threads) as pool:
        for place in range(threads):
            pool.submit(work, place)
        try:
            yield found
        finally:
            stop.set()


def test_no_call_is_lost_when_processes_are_replaced(tmp_path: Path) -> None:
    """The server never refuses a connection, and every call that it runs is answered.

    A connection that is opened, or idle, at the moment when its process ends may be closed before
    the server has read a call from it; that call is not run.
    """
    with serving(tmp_path, "--workers", "2") as server:
        with load(server, 6) as found:
            for _ in range(2):
                reload(server)
        assert found.failures == []
        assert found.answered > 500
        assert found.closed < 20
        name = 'kimai_remote_calls_total{method="getVersion",outcome="success",protocol="json-rpc"}'
        (run,) = re.findall(re.escape(name) + r" (\S+)", get(server, "/metrics").text)
        assert float(run) == found.answered
    assert server.output.count("Reloading: each process is replaced by a new one") == 2


def test_the_file_and_the_logs_are_read_anew(tmp_path: Path) -> None:
    file, log = tmp_path / "settings.toml", tmp_path / "audit.log"
    file.write_text("max_batch = 2\n")
    environ = {"KIMAI_REMOTE_CONFIG": str(file), "KIMAI_REMOTE_MAX_BODY": "5000"}
    with serving(tmp_path, environ=environ) as server:
        assert "error" in post_json(server, [VERSION] * 3).json
        lines = [
            "max_batch = 3",
            "max_body = 2000",
            f'audit_log = "{log}"',
            "port = 1",
            'log_format = "json"',
            "access_log = true",
            "workers = 3",
        ]
        file.write_text("\n".join(lines))
        reload(server)
        assert len(post_json(server, [VERSION] * 3).json) == 3
        assert post_json(server, b" " * 4000).status == 200  # the environment wins, as before
        assert len(server.workers) == 1
        call(server, "authenticate", "admin", "wrong")
        assert json.loads(log.read_text())["event"] == "login refused"
        accessed = json.loads(server.output.splitlines()[-1])
        assert (accessed["method"], accessed["outcome"]) == ("authenticate", "refused")
        log.rename(tmp_path / "audit.log.1")
        call(server, "authenticate", "admin", "wrong")
        assert json.loads(log.read_text())["event"] == "login refused"


def test_a_wrong_file_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("max_batch = 2\n")
    with serving(tmp_path, environ={"KIMAI_REMOTE_CONFIG": str(file)}) as server:
        before = server.workers
        for lines in (
            "prot = 1",
            "max_batch = ",
            'tls_cert = "none"\ntls_key = "none"',
            'secret = "short"',
            f'audit_log = "{tmp_path}"',
            'database_url = "postgresql://user@host:port/name"',
        ):
            file.write_text(lines)
            seen = server.output.count("Not reloaded, the processes go on as they are: ")
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda seen=seen: server.output.count("Not reloaded") > seen)
        assert server.workers == before
        assert "did you mean" in server.output.lower()
        assert "Traceback" not in server.output
        assert "error" in post_json(server, [VERSION] * 3).json
        file.write_text("max_batch = 3\n")
        reload(server)
        assert len(post_json(server, [VERSION] * 3).json) == 3


def test_other_machines_are_not_served_in_the_clear_by_a_reload(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('host = "0.0.0.0"\ninsecure = true\n')
    with serving(tmp_path, environ={"KIMAI_REMOTE_CONFIG": str(file)}) as server:
        before = server.workers
        file.write_text('host = "0.0.0.0"\n')
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "would cross the network in the clear" in server.output)
        assert server.workers == before
        assert get(server, "/health/live").status == 200


def test_demo_accounts_are_not_exposed_by_a_reload(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("")
    with serving(tmp_path, "--demo", environ={"KIMAI_REMOTE_CONFIG": str(file)}) as server:
        before = server.workers
        file.write_text("trusted_proxies = 1\n")
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "Not reloaded" in server.output)
        assert "other machines may reach this server (trusted_proxies 1)" in server.output.lower()
        assert server.workers == before
        file.write_text("trusted_proxies = 1\npublic_demo = true\n")
        reload(server)


def test_a_new_certificate(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, "one")
    new_cert, new_key = certificate(tmp_path, "two")
    port = free_port()

    def shown() -> str:
        return ssl.get_server_certificate(("127.0.0.1", port), timeout=DEADLINE)

    first = cert.read_text()
    tls = ("--tls-cert", str(cert), "--tls-key", str(key))
    with serving(tmp_path, *tls, port=port) as server:
        assert first.startswith(shown().strip())
        cert.write_bytes(new_cert.read_bytes())
        key.write_bytes(new_key.read_bytes())
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: new_cert.read_text().startswith(shown().strip()))


def test_a_call_in_progress_is_finished(tmp_path: Path) -> None:
    """SIGTERM comes while a call waits for a lock; the call is done, and then the server ends."""
    with serving(tmp_path, "--demo") as server:
        key = call(server, "authenticate", "clara", "demo-clara")["items"][0]["apiKey"]
        file = tmp_path / "data" / "kimai.sqlite3"
        with closing(sqlite3.connect(file)) as other, ThreadPoolExecutor(1) as pool:
            other.execute("BEGIN IMMEDIATE")
            started = pool.submit(call, server, "startRecord", key, 1, 11)
            in_progress = re.compile(r"^kimai_remote_calls_in_progress\S* 1\.0$", re.M)
            wait_until(lambda: in_progress.search(get(server, "/metrics").text) is not None)
            server.process.terminate()
            time.sleep(0.5)
            assert not started.done()
            other.execute("ROLLBACK")
            assert started.result()["success"] is True
        assert server.process.wait(DEADLINE) == 0
        with closing(sqlite3.connect(file)) as database:
            running = 'SELECT count(*) FROM "kimai_timeSheet" WHERE "end" = 0 AND "userID" = 4'
            assert database.execute(running).fetchone() == (1,)


def test_a_hangup_of_a_process_alone_is_ignored(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        (worker,) = server.workers
        os.kill(worker, signal.SIGHUP)
        time.sleep(0.5)
        assert server.workers == [worker]
        assert get(server, "/health/live").status == 200


def test_an_idle_connection_is_closed_in_order(tmp_path: Path) -> None:
    """A client that waits on a kept connection sees its end, and no half of an answer."""
    with serving(tmp_path) as server, Connection(server) as connection:
        body = json.dumps(VERSION).encode()
        head = f"POST /core/json.php HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.send(head.encode() + body)
        assert connection.receive().status == 200
        reload(server)
        connection.socket.settimeout(DEADLINE)
        assert connection.socket.recv(100) == b""
