"""``/metrics``: true figures of all processes, for those who may read them, without names."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families
from werkzeug.test import Client

from faults.serving import serving_world
from kimai_remote.api.instrumentation import CallRecord, RequestInfo, observe
from kimai_remote.app import create_app
from kimai_remote.config import Settings
from kimai_remote.errors import Outcome
from kimai_remote.protocols import jsonrpc
from kimai_remote.server import metrics_multiprocess
from support.processes import wait_until
from support.raw_http import call, get, post_json, post_soap
from support.server import Server, serving
from support.world import World

VERSION = {"jsonrpc": "2.0", "method": "getVersion", "id": 1}
Metrics = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the servers of a test put their files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def near(file_world: World) -> tuple[World, Client]:
    """A world, and a client of it on the same machine."""
    application = create_app(file_world.service)
    return (
        file_world,
        Client(lambda environ, start: application({"REMOTE_ADDR": "127.0.0.1", **environ}, start)),
    )


def parsed(text: str) -> Metrics:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scrape(server: Server) -> Metrics:
    reply = get(server, "/metrics")
    assert reply.status == 200
    assert reply.headers["Content-Type"].startswith("text/plain; version=")
    assert reply.headers["Cache-Control"] == "no-store"
    return parsed(reply.text)


def of(metrics: Metrics, name: str, **labels: str) -> float:
    """Return the sum of the metrics of this name with at least these labels."""
    return sum(
        value
        for (other, others), value in metrics.items()
        if other == name and labels.items() <= dict(others).items()
    )


def calls(metrics: Metrics) -> dict[tuple[str, str, str], float]:
    return {
        (labels["method"], labels["protocol"], labels["outcome"]): value
        for (name, pairs), value in metrics.items()
        if name == "kimai_remote_calls_total"
        for labels in [dict(pairs)]
    }


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_calls_of_all_processes_add_up(world: World, tmp_path: Path, workers: str) -> None:
    with serving_world(world, tmp_path, "--workers", workers) as server:
        before = calls(scrape(server)).get(("getVersion", "json-rpc", "success"), 0)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: post_json(server, VERSION), range(200)))
        post_soap(server, '<getVersion xmlns="urn:kimai-remote"/>')
        post_soap(server, "<getVersion/>")
        metrics = scrape(server)
        counted = calls(metrics)
        assert counted["getVersion", "json-rpc", "success"] == before + 200
        assert counted["getVersion", "soap", "success"] == 1
        assert counted["getVersion", "soap-rpc", "success"] == 1
        durations = "kimai_remote_call_duration_seconds"
        assert of(metrics, f"{durations}_count", method="getVersion") == before + 202
        assert of(metrics, f"{durations}_bucket", method="getVersion", le="+Inf") == before + 202
        assert 0 < of(metrics, f"{durations}_sum", method="getVersion") < 20
        assert of(metrics, "kimai_remote_calls_in_progress") == 0
        assert of(metrics, "kimai_remote_database_pool_size") == 8 * int(workers)
        assert of(metrics, "kimai_remote_database_connections_in_use") == 0
        assert of(metrics, "kimai_remote_build_info") == 1
        processes = {dict(labels)["pid"] for name, labels in metrics if name == "process_open_fds"}
        assert processes == {str(pid) for pid in server.workers}


def test_outcomes(world: World, tmp_path: Path) -> None:
    key = world.key("alice")
    with serving_world(world, tmp_path) as server:
        call(server, "authenticate", "alice", "wrong")
        call(server, "getUsers", key)
        call(server, "getUsers", "no key")
        call(server, "stopRecord", key)
        post_json(server, {"method": "getUsers", "params": [key, 1, 2, "\ud800"], "id": 1})
        post_json(server, {"method": "getTasks", "params": [key, "no number"], "id": 1})
        post_json(server, {"method": "rpc.discover", "id": 1})
        for bad in (b"{", b"[]", b"7", b'{"jsonrpc":"1"}'):
            post_json(server, bad)
        post_json(server, {"method": "x" * 1000, "id": 1})
        post_json(server, [VERSION, {"jsonrpc": "2.0", "method": "getVersion"}, 7, {"method": "n"}])
        post_soap(server, b"<")
        post_soap(server, '<noMethod xmlns="urn:kimai-remote"/>')
        post_soap(server, '<getUsers xmlns="urn:kimai-remote"><wrong/></getUsers>')
        metrics = calls(scrape(server))
    assert metrics == {
        ("authenticate", "json-rpc", "refused"): 1,
        ("getUsers", "json-rpc", "success"): 1,
        ("getUsers", "json-rpc", "refused"): 1,
        ("stopRecord", "json-rpc", "failure"): 1,
        ("getTasks", "json-rpc", "invalid"): 1,
        ("rpc.discover", "json-rpc", "success"): 1,
        ("malformed", "json-rpc", "invalid"): 6,
        ("unknown", "json-rpc", "invalid"): 2,
        ("getVersion", "json-rpc", "success"): 2,
        ("malformed", "soap", "invalid"): 1,
        ("unknown", "soap", "invalid"): 1,
        ("getUsers", "soap", "invalid"): 1,
    }


def test_unavailable_and_faults(near: tuple[World, Client]) -> None:
    world, client = near
    database = world.database

    def ask(method: str) -> None:
        body = json.dumps({"method": method, "params": [world.key("alice")], "id": 1})
        client.post("/core/json.php", data=body)

    world.add_entry(start=world.now - 7200, end=world.now - 3600)
    with database.begin() as connection:
        connection.exec_driver_sql(f'UPDATE "{database.prefix}timeSheet" SET "end" = \'no number\'')
    ask("getTimesheet")
    with database.begin() as connection:
        connection.exec_driver_sql(f'ALTER TABLE "{database.prefix}users" RENAME TO taken')
    ask("getUsers")
    metrics = calls(parsed(client.get("/metrics").text))
    assert metrics["getTimesheet", "json-rpc", "fault"] == 1
    assert metrics["getUsers", "json-rpc", "unavailable"] == 1


def test_calls_of_a_batch_that_are_not_run(
    near: tuple[World, Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonrpc, "BATCH_SECONDS", -1)
    _, client = near
    client.post("/core/json.php", data=json.dumps([VERSION, VERSION]))
    assert calls(parsed(client.get("/metrics").text)) == {
        ("malformed", "json-rpc", "unavailable"): 2
    }


def test_clients_make_no_labels(near: tuple[World, Client]) -> None:
    world, client = near
    key = world.key("alice")
    secrets = {key, "alice", "m1ne", "an0ther", "Tr0ub4dor"}
    for name in ("m1ne", "an0ther", "authenticate", key):
        body = json.dumps({"method": name, "params": ["alice", "Tr0ub4dor"], "id": 1})
        client.post("/core/json.php", data=body, headers={"X-Request-Id": "m1ne-m1ne"})
        envelope = (
            '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
            f'<{name} xmlns="urn:an0ther"><a>Tr0ub4dor</a></{name}></e:Body></e:Envelope>'
        )
        client.post("/core/soap.php", data=envelope, headers={"Content-Type": "text/xml"})
    text = client.get("/metrics").text
    assert not [secret for secret in secrets if secret in text]
    methods = {value for _, pairs in parsed(text) for name, value in pairs if name == "method"}
    assert methods == {"unknown", "authenticate"}


def test_connections_in_use(near: tuple[World, Client]) -> None:
    world, client = near

    def in_use() -> tuple[float, float]:
        metrics = parsed(client.get("/metrics").text)
        return (
            of(metrics, "kimai_remote_database_connections_in_use"),
            of(metrics, "kimai_remote_database_connections_overflow"),
        )

    running, end = threading.Barrier(10), threading.Event()

    def work(_connection: object) -> None:
        running.wait()
        end.wait()

    with ThreadPoolExecutor(9) as threads:
        calls = [threads.submit(world.database.execute, work, writes=False) for _ in range(9)]
        running.wait()
        try:
            assert in_use() == (9, 1)
        finally:
            end.set()
        for call in calls:
            call.result()
    assert in_use() == (0, 0)


def test_openmetrics(near: tuple[World, Client]) -> None:
    _, client = near
    client.post("/core/json.php", data=json.dumps(VERSION))
    response = client.get("/metrics", headers={"Accept": "application/openmetrics-text"})
    assert response.content_type.startswith("application/openmetrics-text")
    assert "kimai_remote_calls" in {family.name for family in openmetrics(response.text)}
    assert client.head("/metrics").status_code == 200
    assert client.post("/metrics").status_code == 405


# Who may read them ------------------------------------------------------------------------------

TOKEN = "a-token-for-metrics"


@pytest.mark.parametrize(
    ("settings", "address", "headers", "status"),
    [
        ({}, "127.0.0.1", {}, 200),
        ({}, "::1", {}, 200),
        ({}, "::ffff:127.0.0.1", {}, 200),
        ({}, "192.0.2.1", {}, 403),
        ({}, "", {}, 403),
        ({}, "127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 403),
        ({}, "127.0.0.1", {"Forwarded": "for=127.0.0.1"}, 403),
        ({}, "127.0.0.1", {"X-Real-IP": "127.0.0.1"}, 403),
        ({}, "127.0.0.1", {"Via": "1.1 proxy"}, 403),
        ({}, "127.0.0.1", {"Authorization": "Bearer "}, 200),
        ({"metrics_from": "10.0.0.0/8, 2001:db8::/32"}, "10.1.2.3", {}, 200),
        ({"metrics_from": "10.0.0.0/8, 2001:db8::/32"}, "2001:db8::7", {}, 200),
        ({"metrics_from": "10.0.0.0/8"}, "127.0.0.1", {}, 403),
        ({"metrics_from": "10.0.0.0/8"}, "10.1.2.3", {"X-Forwarded-For": "10.1.2.3"}, 403),
        ({"trusted_proxies": 1}, "192.0.2.9", {"X-Forwarded-For": "203.0.113.5"}, 403),
        ({"trusted_proxies": 1}, "127.0.0.1", {"X-Forwarded-For": "127.0.0.1, 203.0.113.5"}, 403),
        (
            {"trusted_proxies": 1, "metrics_from": "203.0.113.0/24"},
            "127.0.0.1",
            {"X-Forwarded-For": "203.0.113.5"},
            200,
        ),
        ({"trusted_proxies": 2}, "127.0.0.1", {"X-Forwarded-For": "203.0.113.5"}, 403),
        ({"trusted_proxies": 2}, "127.0.0.1", {"X-Real-Ip": "203.0.113.5"}, 403),
        ({"trusted_proxies": 2}, "127.0.0.1", {}, 200),
        ({"metrics_from": ""}, "127.0.0.1", {}, 404),
        ({"metrics_from": "", "metrics_token": TOKEN}, "127.0.0.1", {}, 401),
        ({"metrics_token": TOKEN}, "127.0.0.1", {}, 200),
        ({"metrics_token": TOKEN}, "192.0.2.1", {"Authorization": f"Bearer {TOKEN}"}, 200),
        ({"metrics_token": TOKEN}, "192.0.2.1", {"Authorization": f"bearer {TOKEN}"}, 200),
        ({"metrics_token": TOKEN}, "192.0.2.1", {"Authorization": f"Bearer {TOKEN}x"}, 401),
        ({"metrics_token": TOKEN}, "192.0.2.1", {"Authorization": "Bearer \xe9"}, 401),
        ({"metrics_token": TOKEN}, "192.0.2.1", {}, 401),
    ],
)
def test_who_may_read(
    file_world: World, settings: dict[str, Any], address: str, headers: dict[str, str], status: int
) -> None:
    file_world.settings = Settings(**settings)
    client = Client(create_app(file_world.service))
    response = client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address})
    assert response.status_code == status
    if status != 200:
        assert "kimai_remote_" not in response.text
        assert TOKEN not in response.text
    if status == 401:
        assert response.headers["WWW-Authenticate"].lower() == "bearer"


@pytest.mark.slow
def test_nothing_is_measured_without_a_reader(tmp_path: Path, own_temporary_folder: Path) -> None:
    with serving(tmp_path, environ={"KIMAI_REMOTE_METRICS_FROM": ""}) as server:
        post_json(server, VERSION)
        assert get(server, "/metrics").status == 404
        assert list(own_temporary_folder.glob("*/*.db")) == []


# The files of several processes -----------------------------------------------------------------


@pytest.mark.slow
def test_the_folder_goes_with_the_server(tmp_path: Path, own_temporary_folder: Path) -> None:
    with serving(tmp_path) as server:
        (folder,) = own_temporary_folder.iterdir()
        assert folder.stat().st_mode & 0o777 == 0o700
        assert list(folder.glob("gauge_*.db"))
        server.kill()
        assert folder.exists()
        server.start()
        (another,) = own_temporary_folder.iterdir()
        assert another != folder
    assert list(own_temporary_folder.iterdir()) == []


@pytest.mark.slow
def test_a_folder_that_was_cleaned_away(tmp_path: Path, own_temporary_folder: Path) -> None:
    """Metrics begin anew then; calls go on, and so does the replacing of processes."""
    with serving(tmp_path) as server:
        (folder,) = own_temporary_folder.iterdir()
        shutil.rmtree(folder)
        post_json(server, VERSION)
        assert get(server, "/metrics").status == 200
        shutil.rmtree(folder)
        before = server.workers
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: server.workers and not set(before) & set(server.workers))
        post_json(server, VERSION)
        assert calls(scrape(server)) == {("getVersion", "json-rpc", "success"): 1}


@pytest.mark.slow
def test_files_of_other_programs_in_the_folder(tmp_path: Path, own_temporary_folder: Path) -> None:
    """Anybody may make a folder of such a name in a folder for temporary files."""
    (own_temporary_folder / "kimai-remote-metrics-link").symlink_to(tmp_path)
    (own_temporary_folder / "kimai-remote-metrics-file").touch()
    with serving(tmp_path) as server:
        assert get(server, "/metrics").status == 200
    assert tmp_path.exists()


@pytest.mark.slow
def test_two_servers_have_folders_of_their_own(tmp_path: Path, own_temporary_folder: Path) -> None:
    with serving(tmp_path) as one, serving(tmp_path) as other:
        assert len(list(own_temporary_folder.iterdir())) == 2
        post_json(one, VERSION)
        assert calls(scrape(one)) == {("getVersion", "json-rpc", "success"): 1}
        assert calls(scrape(other)) == {}


@pytest.mark.slow
def test_a_process_that_dies(tmp_path: Path, own_temporary_folder: Path) -> None:
    """Its counters stay and its gauges don't; its files are merged into one."""
    with serving(tmp_path, "--workers", "2") as server:
        for _ in range(20):
            post_json(server, VERSION)
        before = set(server.workers)
        victim = min(before)
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: len(set(server.workers) - before) == 1)

        def is_replaced() -> bool:
            # The kernel may refuse a connection that it had given to the dead process.
            with suppress(ConnectionError):
                return of(scrape(server), "kimai_remote_database_pool_size") == 16
            return False

        wait_until(is_replaced)
        assert calls(scrape(server)) == {("getVersion", "json-rpc", "success"): 20}
        names = {path.name for path in own_temporary_folder.glob("*/*.db")}
        assert not [name for name in names if str(victim) in name]


PROGRAM = """
import os, sys
from kimai_remote.errors import Outcome
from kimai_remote.server import metrics_multiprocess
os.environ[metrics_multiprocess.VARIABLE] = sys.argv[1]
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
files = metrics_multiprocess.of_this_process()
registry = CollectorRegistry()
Counter("c", "", ["x"], registry=registry).labels("a").inc(5)
Histogram("h", "", buckets=(1, 2), registry=registry).observe(1.5)
Gauge("g", "", multiprocess_mode="livesum", registry=registry).inc()
"""


def test_figures_of_many_processes_that_ended(own_temporary_folder: Path) -> None:
    with metrics_multiprocess.folder() as folder:
        for _ in range(4):
            subprocess.run([sys.executable, "-c", PROGRAM, str(folder)], check=True)
        with metrics_multiprocess.ProcessFiles(folder).settled() as live:
            assert live == [os.getpid()]
        registry = CollectorRegistry()
        MultiProcessCollector(registry, str(folder))
        assert registry.get_sample_value("c_total", {"x": "a"}) == 20
        assert registry.get_sample_value("h_count") == 4
        assert registry.get_sample_value("h_bucket", {"le": "1.0"}) == 0
        assert registry.get_sample_value("h_bucket", {"le": "2.0"}) == 4
        assert registry.get_sample_value("g") is None
        assert len(list(folder.glob("*.db"))) == 2


def test_an_observed_call_knows_its_duration() -> None:
    seen: list[CallRecord] = []

    class Watcher:
        def on_start(self, call: CallRecord) -> None:
            assert call.seconds == 0

        def on_end(self, call: CallRecord) -> None:
            seen.append(call)

    with observe((Watcher(),), "test", RequestInfo("192.0.2.1", "number")) as observed:
        time.sleep(0.02)
        observed.outcome = Outcome.SUCCESS
    assert seen == [observed]
    assert observed.seconds >= 0.02
