"""PgBouncer between the service and PostgreSQL, in both modes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from click.testing import CliRunner
from sqlalchemy import Connection, text

from cluster.pgbouncer import PgBouncer, pooling
from faults import instances
from faults.client import Outcome
from faults.instances import Instance
from faults.serving import serving_world
from faults.workload import Workload
from kimai_remote.cli.main import app
from kimai_remote.errors import Unavailable
from kimai_remote.storage import engine, schema
from kimai_remote.storage.dialects import LOCK_TIMEOUT, postgresql
from kimai_remote.storage.transactions import Database
from support import databases
from support.processes import allowed
from support.server import ROOT
from support.world import SECRET, World, build

pytestmark = pytest.mark.cluster

#: Code of PostgreSQL's for a statement that took too long.
QUERY_CANCELED = "57014"
MODES = ("session", "transaction")
#: Tests that a pooler may make a difference to, and those that are run in addition with --deep.
THROUGH = (
    "tests/api/test_start_stop.py",
    "tests/storage/test_schema_lock.py::test_one_of_several_processes_upgrades_it",
    "tests/storage/test_migrations.py::test_an_upgrade_from_0003_keeps_all_records",
)
THROUGH_TOO = (
    "tests/api",
    "tests/storage",
    "tests/tracking",
    "tests/kimai1",
    "tests/cli/test_db.py",
)
#: They end the server's session of a connection, which is that of others too.
NOT_THROUGH = ("tests/storage/test_connections.py::test_idle_connections_that_broke_are_replaced",)


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    databases.require("postgresql")
    with (
        instances.folder_of_another_user() as folder,
        instances.running("postgresql", folder, "-cfsync=off") as running,
    ):
        yield running


@pytest.fixture(params=MODES)
def pooler(request: pytest.FixtureRequest, instance: Instance) -> Iterator[PgBouncer]:
    with pooling(instance, request.param) as running:
        yield running


@pytest.fixture
def own_world(pooler: PgBouncer) -> Iterator[World]:
    """The known world, created through the pooler."""
    with closing(Database(pooler.url, pooler=pooler.mode)) as database:
        if schema.state(database).is_empty:
            schema.create(database)
        databases.empty(database)
        yield build(database)


def test_the_workload(own_world: World, pooler: PgBouncer, tmp_path: Path, is_deep: bool) -> None:
    """All promises are kept while the pooler is killed and started again."""
    calls = 2_000 if is_deep else 100
    with (
        serving_world(own_world, tmp_path, database_pooler=pooler.mode) as one,
        serving_world(own_world, tmp_path, database_pooler=pooler.mode) as other,
    ):
        with Workload(own_world, [one.url, other.url]).running() as invariants:
            for _ in range(5 if is_deep else 1):
                invariants.wait_for(Outcome.DONE, calls)
                pooler.kill()
                invariants.wait_for(Outcome.NOT_NOW, 20)
                pooler.start()
            invariants.wait_for(Outcome.DONE, calls)
        print(f"{invariants.total} calls, {dict(invariants.outcomes)}")
    own_world.database.close()
    invariants.check(own_world)
    assert set(invariants.outcomes) <= {Outcome.DONE, Outcome.REFUSED, Outcome.NOT_NOW}


def test_sessions_of_the_server_are_shared(
    own_world: World, pooler: PgBouncer, instance: Instance, tmp_path: Path
) -> None:
    """Three of them serve sixteen clients, and none keeps a call's settings."""
    if pooler.mode == "session":
        pytest.skip("each connection has a session of its own")
    settings = {"database_pooler": pooler.mode, "threads": 16}
    with (
        pooling(instance, pooler.mode, default_pool_size=3) as small,
        serving_world(own_world, tmp_path, database_url=small.url, **settings) as server,
    ):
        workload = Workload(own_world, [server.url])
        with workload.running() as invariants:
            invariants.wait_for(Outcome.DONE, 200)
        plain = sqlalchemy.create_engine(engine.parse(small.url))
        with plain.connect() as one, plain.connect() as other, plain.connect() as third:
            for connection in (one, other, third):
                for name in ("lock_timeout", "statement_timeout"):
                    assert connection.exec_driver_sql(f"SHOW {name}").scalar() == "0"
        plain.dispose()
    invariants.check(own_world)
    assert set(invariants.outcomes) <= {Outcome.DONE, Outcome.REFUSED}


def test_timeouts_hold(own_world: World, pooler: PgBouncer) -> None:
    """The server itself ends a statement; the connection stays."""
    with closing(Database(pooler.url, pooler=pooler.mode, statement_timeout=1)) as database:

        def execute(statement: str) -> Any:
            def work(connection: Connection) -> Any:
                return connection.exec_driver_sql(statement).scalar()

            return database.execute(work, writes=False)

        with pytest.raises(Unavailable) as caught:
            execute("SELECT pg_sleep(60)")
        assert caught.value.__cause__.orig.sqlstate == QUERY_CANCELED  # type: ignore[union-attr]
        assert execute("SHOW statement_timeout") == "450ms"
        assert execute("SHOW lock_timeout") == f"{LOCK_TIMEOUT // 2}s"


def test_a_pool_that_is_too_small(
    own_world: World,
    pooler: PgBouncer,
    instance: Instance,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postgresql, "LOCK_TIMEOUT", 2)
    with (
        pooling(instance, pooler.mode, default_pool_size=1) as small,
        closing(Database(small.url, pooler=pooler.mode)) as holder,
        closing(Database(small.url, pooler=pooler.mode)) as waiting,
    ):
        with holder.engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
            begun = time.monotonic()
            with pytest.raises(Unavailable):
                waiting.run(lambda session: session.scalar(text("SELECT 1")), writes=False)
            assert time.monotonic() - begun < allowed(3)
            assert "raise its pool size (default_pool_size of PgBouncer)" in caplog.text
        holder.close()
        assert waiting.run(lambda session: session.scalar(text("SELECT 1")), writes=False) == 1


def findings(url: str, mode: str) -> dict[str, dict[str, str]]:
    """What ``doctor`` finds with this mode in the settings."""
    environ = {
        "KIMAI_REMOTE_DATABASE_URL": url,
        "KIMAI_REMOTE_DATABASE_POOLER": mode,
        "KIMAI_REMOTE_SECRET": SECRET.decode(),
    }
    result = CliRunner().invoke(app, ["doctor", "--json"], env=environ)
    return {row["about"]: row for row in json.loads(result.output)["findings"]}


@pytest.mark.usefixtures("folder")
def test_doctor_recognizes_it(own_world: World, pooler: PgBouncer, instance: Instance) -> None:
    refused = findings(pooler.url, "none")["database"]
    assert "set database_pooler to its mode" in refused["text"]
    with pooling(instance, pooler.mode, ignore_startup_parameters="options") as lenient:
        ignored = findings(lenient.url, "none")["pooler"]
    assert (ignored["level"], ignored["advice"]) == (
        "wrong",
        f"Set database_pooler to {pooler.mode}.",
    )
    for mode in MODES:
        found = findings(pooler.url, mode)
        matches = mode in (pooler.mode, "transaction")
        assert found["pooler"]["level"] == ("right" if matches else "wrong")
        assert f"one in {pooler.mode} mode" in found["pooler"]["text"]
        assert found["counts"]["level"] == "right"
    without = findings(instance.url, "transaction")["pooler"]
    assert (without["level"], "there is none" in without["text"]) == ("right", True)


def test_serving_in_another_mode(own_world: World, pooler: PgBouncer, tmp_path: Path) -> None:
    """What transaction mode needs does for session mode too, and not the other way."""
    settings = {"database_url": pooler.url, "database_pooler": "transaction"}
    with serving_world(own_world, tmp_path, **settings):
        pass
    settings["database_pooler"] = "session"
    refuses = pooler.mode == "transaction"
    refused = pytest.raises(AssertionError, match="Set it to transaction")
    with refused if refuses else nullcontext(), serving_world(own_world, tmp_path, **settings):
        pass


def test_tests_of_other_folders(pooler: PgBouncer, is_deep: bool) -> None:
    environ = os.environ | {
        "KIMAI_REMOTE_TEST_POSTGRESQL": pooler.url,
        "POOLER_MODE": pooler.mode,
        "PYTHONPATH": os.pathsep.join(filter(None, ("tests", os.environ.get("PYTHONPATH")))),
    }
    options = ["-q", "-p", "cluster.through_pooler", "-p", "no:cacheprovider"]
    options += ["--databases", "postgresql", *(f"--deselect={test}" for test in NOT_THROUGH)]
    files = THROUGH_TOO if is_deep else THROUGH
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *files],
        env=environ,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-5000:]
    print(done.stdout.splitlines()[-1])
