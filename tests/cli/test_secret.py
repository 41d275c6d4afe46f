"""The server secret: all servers of a database have the same, and it changes on purpose only."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete

from cli.test_demo_accounts import run
from faults.serving import serving_world
from kimai_remote.api.execution import Service
from kimai_remote.config import Settings
from kimai_remote.errors import Unavailable
from kimai_remote.server import bootstrap, logging
from kimai_remote.storage import models as m
from kimai_remote.storage import schema, shared_values
from kimai_remote.storage.transactions import Database
from kimai_remote.tracking.authentication import ApiKeyDeriver
from support.processes import wait_until
from support.raw_http import get
from support.server import Server, free_port, serving
from support.world import SECRET, World

OTHER = b"another secret, also 32 bytes lon"
READY = "/health/ready"


@pytest.fixture(autouse=True)
def no_audit_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands that run in this process would set it up for all tests that follow."""
    monkeypatch.setattr(logging, "configure_commands", lambda _: None)


def with_secret(world: World, secret: bytes, **settings: object) -> Service:
    return replace(
        world.service,
        keys=ApiKeyDeriver(secret),
        settings=Settings(secret=secret.decode(), **settings),  # type: ignore[arg-type]
    )


def stored(database: Database) -> str | None:
    return schema.state(database).secret


def forget(world: World) -> None:
    """Have the database be one that no server has stored a fingerprint in."""
    world.execute(delete(m.SharedValue).where(m.SharedValue.name == shared_values.SECRET))


def test_the_first_server_stores_a_fingerprint(world: World) -> None:
    forget(world)
    assert bootstrap.prepare(with_secret(world, SECRET)) is None
    fingerprint = stored(world.database)
    assert fingerprint == ApiKeyDeriver(SECRET).fingerprint
    assert SECRET.decode() not in str(fingerprint)
    before = world.snapshot()
    bootstrap.prepare(with_secret(world, SECRET))
    with pytest.raises(bootstrap.OtherSecret, match=r"secret replace.*--other-secret"):
        bootstrap.prepare(with_secret(world, OTHER))
    assert world.snapshot() == before


def test_another_secret_can_be_allowed(world: World, caplog: pytest.LogCaptureFixture) -> None:
    forget(world)
    bootstrap.prepare(with_secret(world, SECRET))
    for _ in range(2):
        bootstrap.prepare(with_secret(world, OTHER, other_secret=True))
    assert stored(world.database) == ApiKeyDeriver(SECRET).fingerprint
    warnings = [record.getMessage() for record in caplog.records]
    assert len(warnings) == 2
    assert all(text.startswith("Serving with another secret") for text in warnings)


def test_one_of_several_first_servers_wins(world: World) -> None:
    """Whichever it is, the others compare theirs with it."""
    secrets = [f"secret of server {n}".encode() for n in range(4)]
    services = [
        replace(with_secret(world, secret), database=Database(url_of(world), world.database.prefix))
        for secret in secrets
    ]
    try:
        for _ in range(5):
            forget(world)
            barrier = threading.Barrier(len(services))

            def start(service: Service, barrier: threading.Barrier = barrier) -> bool:
                barrier.wait()
                try:
                    bootstrap.check_secret(service, None)
                except bootstrap.OtherSecret:
                    return False
                return True

            with ThreadPoolExecutor(len(services)) as pool:
                started = list(pool.map(start, services))
            assert started.count(True) == 1
            winner = services[started.index(True)]
            assert stored(world.database) == winner.keys.fingerprint
    finally:
        for service in services:
            service.database.close()


def url_of(world: World) -> str:
    return world.database.url.render_as_string(hide_password=False)


def test_a_fingerprint_that_can_not_be_stored(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    forget(world)

    def refuse(*_: object, **__: object) -> None:
        raise Unavailable

    monkeypatch.setattr(world.database, "execute", refuse)
    bootstrap.prepare(with_secret(world, OTHER))
    assert stored(world.database) is None
    assert "can't be stored" in caplog.text


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path) as server:
        yield server


def settings_of(folder: Path) -> dict[str, object]:
    return {"data_dir": folder / "data"}


def serve(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run ``serve`` where it fails to start."""
    return run("serve", "--port", str(free_port()), *arguments, **settings_of(folder))


@pytest.mark.slow
def test_a_lost_file(running: Server, tmp_path: Path) -> None:
    """A server that runs goes on, one that starts refuses, and says what to do."""
    secret = tmp_path / "data" / "secret"
    kept = secret.read_text()
    secret.unlink()
    running.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "Not reloaded, the processes go on as they are" in running.output)
    assert "isn't the server secret of" in running.output
    assert get(running, READY).json["checks"]["secret"] == "ok"
    running.stop()
    code, output = serve(tmp_path)
    assert code == 2
    assert f"{secret} isn't the server secret of" in output
    assert run("user", "list", **settings_of(tmp_path))[0] == 0
    code, output = run("doctor", **settings_of(tmp_path))
    assert (code, "servers have another one than is set here" in output) == (1, True)
    code, output = run("secret", "show", "--json", **settings_of(tmp_path))
    assert (code, '"same": false' in output) == (1, True)
    secret.write_text(kept)
    assert run("secret", "show", **settings_of(tmp_path))[0] == 0
    running.start()
    assert get(running, READY).status == 200


@pytest.mark.slow
def test_the_secret_of_the_database_is_changed(running: Server, tmp_path: Path) -> None:
    """The server that has the old one isn't ready any more, nor is a process that it starts."""
    assert get(running, READY).status == 200
    file = tmp_path / "data" / "kimai.sqlite3"
    with closing(Database(f"sqlite:///{file}")) as database:
        with database.begin() as connection:
            shared_values.store(connection, shared_values.SECRET, "of another one")
        wait_until(lambda: get(running, READY).status == 503)
        checks = {"database": "ok", "schema": "ok", "secret": "other"}
        assert get(running, READY).json["checks"] == checks
        assert "secret other. The servers of this database have another secret." in running.output
    for worker in running.workers:
        os.kill(worker, signal.SIGKILL)
    wait_until(lambda: "A server process can't start" in running.output)
    running.process.wait(60)


@pytest.mark.slow
def test_another_secret_by_option(running: Server, tmp_path: Path) -> None:
    running.stop()
    (tmp_path / "data" / "secret").write_text(OTHER.decode())
    with serving(tmp_path, "--other-secret") as server:
        assert get(server, READY).status == 200
        assert "Serving with another secret (--other-secret)" in server.output
    running.command.append("--other-secret")
    running.start()


@pytest.mark.slow
def test_replacing_the_secret(world: World, tmp_path: Path) -> None:
    forget(world)
    with serving_world(world, tmp_path):
        pass
    environ = {
        "database_url": url_of(world),
        "table_prefix": world.database.prefix,
        "data_dir": tmp_path / "data",
        "secret": SECRET.decode(),
    }
    code, output = run("secret", "replace", "--yes", **environ)
    assert (code, "has this secret already" in output) == (2, True)
    keys = world.execute(m.RemoteKey.__table__.select())
    assert any(key.keyHash for key in keys)
    changed = environ | {"secret": OTHER.decode()}
    assert run("secret", "replace", **changed)[0] == 2  # not confirmed
    code, output = run("secret", "replace", "--yes", **changed)
    assert (code, "API keys became invalid" in output) == (0, True)
    assert stored(world.database) == ApiKeyDeriver(OTHER).fingerprint
    after = world.execute(m.RemoteKey.__table__.select())
    assert [key.generation for key in after] == [key.generation for key in keys]
    assert not any(key.keyHash for key in after)
    assert run("serve", "--port", str(free_port()), **environ)[0] == 2
    with serving_world(world, tmp_path, secret=OTHER.decode()) as server:
        assert get(server, READY).status == 200
