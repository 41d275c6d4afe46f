"""``/health/live`` and ``/health/ready`` respond fast and correctly in any database state."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from werkzeug.test import Client

from faults.serving import serving_world
from kimai_remote import __version__
from kimai_remote.app import create_app
from kimai_remote.storage import schema
from kimai_remote.storage.transactions import Database
from kimai_remote.web import health
from kimai_remote.web.health import ReadinessProbe
from support import databases
from support.processes import DEADLINE, allowed, wait_until
from support.raw_http import Response, get, request
from support.server import Server, serving
from support.world import World, build

LIVE, READY = "/health/live", "/health/ready"
SLOW = {"database": "slow", "schema": "unknown", "secret": "unknown"}
WRONG_SCHEMA = {"database": "ok", "schema": "wrong", "secret": "ok"}
#: Seconds within which a supervisor gets a response.
SOON = 3.5


def timed(server: Server, path: str) -> tuple[Response, float]:
    started = time.monotonic()
    response = get(server, path)
    return response, time.monotonic() - started


def wait_until_ready(server: Server, status: int) -> None:
    wait_until(lambda: get(server, READY).status == status)


def test_all_is_well(world: World, tmp_path: Path) -> None:
    with serving_world(world, tmp_path) as server:
        live, ready = get(server, LIVE), get(server, READY)
        assert (live.status, live.json) == (
            200,
            {"status": "ok", "checks": {}, "version": __version__},
        )
        assert ready.status == 200
        checks = {"database": "ok", "schema": "ok", "secret": "ok"}
        assert ready.json == {"status": "ok", "checks": checks, "version": __version__}
        for path, full in ((LIVE, live), (READY, ready)):
            assert full.headers["Cache-Control"] == "no-store"
            assert full.headers["Content-Type"] == "application/json"
            head = request(server, "HEAD", path)
            assert (head.status, head.body) == (200, b"")
            refused = request(server, "POST", path, b"{}")
            assert (refused.status, refused.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.servers
@pytest.mark.parametrize("backend", ["postgresql", "mariadb"])
def test_a_database_that_hangs(tmp_path: Path, backend: str) -> None:
    """All threads for calls wait for it, but health checks have threads of their own."""
    url = databases.url_of(backend, tmp_path)
    with _between(url) as (port, stop):
        through = Database(url).url.set(host="127.0.0.1", port=port)
        name = through.set(drivername=backend).render_as_string(hide_password=False)
        prefix = f"h{os.getpid()}_"
        with closing(Database(url, prefix)) as database:
            databases.drop(database)
            schema.create(database)
            try:
                build(database)
                environ = {
                    "KIMAI_REMOTE_DATABASE_URL": name,
                    "KIMAI_REMOTE_TABLE_PREFIX": prefix,
                    "KIMAI_REMOTE_SECRET": "0123456789abcdef",
                    "KIMAI_REMOTE_STATEMENT_TIMEOUT": "0",
                }
                with serving(tmp_path, "--threads", "2", environ=environ) as server:
                    assert get(server, READY).status == 200
                    stop.set()
                    with ThreadPoolExecutor(4) as pool:
                        calls = [pool.submit(_try_call, server) for _ in range(3)]
                        time.sleep(1.2)
                        for _ in range(2):
                            live, took = timed(server, LIVE)
                            assert (live.status, took < allowed(1)) == (200, True)
                            ready, took = timed(server, READY)
                            assert (ready.status, took < allowed(SOON)) == (503, True)
                            assert ready.json == {
                                "status": "failing",
                                "checks": SLOW,
                                "version": __version__,
                            }
                        stop.clear()
                        wait_until_ready(server, 200)
                        for call in calls:
                            call.result()
            finally:
                databases.drop(database)


def _try_call(server: Server) -> None:
    body = json.dumps({"jsonrpc": "2.0", "method": "getUsers", "params": ["x"], "id": 1})
    request(server, "POST", "/core/json.php", body.encode())


@contextmanager
def _between(url: str) -> Iterator[tuple[int, threading.Event]]:
    """The port of a way to a database server that stands still while the event is set."""
    target = Database(url).url
    stop, ended = threading.Event(), threading.Event()

    def pass_on(source: socket.socket, sink: socket.socket) -> None:
        with source, sink:
            while not ended.is_set():
                try:
                    piece = source.recv(65536)
                    while stop.is_set() and not ended.is_set():
                        time.sleep(0.02)
                    if not piece:
                        return
                    sink.sendall(piece)
                except OSError:
                    return

    def accept(listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            server = socket.create_connection((target.host or "", target.port or 0))
            for pair in ((client, server), (server, client)):
                threading.Thread(target=pass_on, args=pair, daemon=True).start()

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        threading.Thread(target=accept, args=(listener,), daemon=True).start()
        try:
            yield listener.getsockname()[1], stop
        finally:
            ended.set()


def test_a_schema_that_is_not_ours(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        assert get(server, READY).status == 200
        with sqlite3.connect(tmp_path / "data" / "kimai.sqlite3") as database:
            database.execute("UPDATE \"kimai_remote_version\" SET version_num = '0001'")
        wait_until_ready(server, 503)
        assert get(server, READY).json["checks"] == WRONG_SCHEMA
        with sqlite3.connect(tmp_path / "data" / "kimai.sqlite3") as database:
            database.execute('DROP TABLE "kimai_remote_version"')
        time.sleep(1.1)
        assert get(server, READY).json["checks"] == WRONG_SCHEMA


def test_a_database_that_is_locked_is_ready_to_read(tmp_path: Path) -> None:
    file = tmp_path / "data" / "kimai.sqlite3"
    with serving(tmp_path) as server, closing(sqlite3.connect(file)) as database:
        database.execute("BEGIN EXCLUSIVE")
        ready, took = timed(server, READY)
        assert (ready.status, took < allowed(SOON)) == (200, True)
        database.execute("ROLLBACK")


@pytest.mark.slow
def test_a_file_that_is_damaged(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        pass
    file = tmp_path / "data" / "kimai.sqlite3"
    for path in (tmp_path / "data").glob("kimai.sqlite3*"):
        if path != file:
            path.unlink()
    with serving(tmp_path) as server:
        file.write_bytes(b"no database" * 1000)
        wait_until_ready(server, 503)
        answer = get(server, READY)
        assert answer.json["checks"] == {
            "database": "unreachable",
            "schema": "unknown",
            "secret": "unknown",
        }
        for internal in ("sqlite", "kimai.sqlite3", "malformed", "Traceback"):
            assert internal not in answer.text
        assert get(server, LIVE).status == 200


CURRENT = schema.SchemaState(schema.Condition.CURRENT, schema.LATEST)


class Asked:
    """Count how often the schema is read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, wait: float = 0.0) -> None:
        self.count = 0
        self.wait = wait
        self.goes_on = threading.Event()
        monkeypatch.setattr(schema, "read_state", self._read_state)

    def _read_state(self, _: object) -> schema.SchemaState:
        self.count += 1
        self.goes_on.wait(self.wait)
        return CURRENT


def test_asking_often_asks_the_database_once(
    file_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked(monkeypatch, wait=0.1)
    ready = ReadinessProbe(file_world.database, cache_seconds=600)
    with ThreadPoolExecutor(8) as pool:
        states = list(pool.map(lambda _: ready.state(), range(50)))
    assert {state.is_ready for state in states} == {True}
    assert asked.count == 1
    again = ReadinessProbe(file_world.database, cache_seconds=0.0)
    assert [again.state().is_ready for _ in range(2)] == [True, True]
    assert asked.count == 3


def test_few_questions_wait_for_a_database_that_hangs(
    file_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked(monkeypatch, wait=DEADLINE)
    ready = ReadinessProbe(file_world.database, timeout=0.1, cache_seconds=0.0)
    try:
        for _ in range(8):
            assert ready.state().checks["database"] == "slow"
        assert asked.count == health.MAX_WAITING
    finally:
        asked.goes_on.set()
    wait_until(lambda: ready.state().is_ready)


def test_a_change_is_logged_once(
    file_world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    older = schema.SchemaState(schema.Condition.OLDER, "0001")
    foreign = schema.SchemaState(schema.Condition.FOREIGN)
    schema_states = [CURRENT, older, older, foreign, CURRENT, CURRENT]
    monkeypatch.setattr(schema, "read_state", lambda _: schema_states.pop(0))
    ready = ReadinessProbe(file_world.database, cache_seconds=0.0)
    states = [ready.state().is_ready for _ in range(6)]
    assert states == [True, False, False, False, True, True]
    assert [record.getMessage() for record in caplog.records] == [
        "Not ready: database ok, schema wrong, secret ok. "
        f"Its version is 0001, not {schema.LATEST}.",
        "Ready again",
    ]


def test_nothing_below_it(file_world: World) -> None:
    client = Client(create_app(file_world.service))
    for path in ("/health", "/health/", "/health/live/", "/health/other", "/kimai/health/live"):
        assert client.get(path).status_code == 404
