"""A database that can be read but not written, and then can be written again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import delete, select

from faults.client import Client, Outcome
from faults.instances import Instance
from faults.serving import serving_world
from faults.soap import assert_not_now
from kimai_remote.storage import shared_values
from kimai_remote.storage.models import SharedValue
from kimai_remote.storage.transactions import Database
from support import databases
from support.processes import wait_until
from support.requirements import missing
from support.server import Server
from support.world import World, build_file

#: How an administrator makes a server read-only, for a copy or before an upgrade.
SWITCHES = {
    "postgresql": (
        "ALTER SYSTEM SET default_transaction_read_only = {}",
        "SELECT pg_reload_conf()",
    ),
    "mariadb": ("SET GLOBAL read_only = {}",),
}


def writes(world: World) -> list[tuple[object, ...]]:
    record = {
        "projectId": world.shop,
        "taskId": world.coding,
        "start": 1_700_000_000,
        "end": 1_700_000_600,
    }
    return [("startRecord", world.shop, world.coding), ("setTimesheetRecord", record, False)]


def assert_only_reads(server: Server, world: World) -> None:
    """Reading is served; writing gets the clear error over both protocols and changes nothing."""
    before = world.snapshot()
    with closing(Client(server.url, world.key("alice"))) as client:
        assert client.call("getProjects").outcome is Outcome.DONE
        for call in writes(world):
            assert client.call(*call).outcome is Outcome.NOT_NOW
        assert client.call("getActiveRecording").text == "No active recording."
    assert_not_now(
        server,
        "startRecord",
        apiKey=world.key("alice"),
        projectId=world.shop,
        activityId=world.coding,
    )
    assert world.snapshot() == before


def assert_writes(server: Server, world: World) -> None:
    """Each connection of the pool has got over it."""
    with closing(Client(server.url, world.key("alice"))) as client:
        for call in writes(world) * 10:
            assert client.call(*call).outcome is Outcome.DONE


@contextmanager
def read_only(instance: Instance) -> Iterator[None]:
    """Nobody may write to a server until the block ends."""

    def switch(state: str) -> None:
        statements = [statement.format(state) for statement in SWITCHES[instance.dialect]]
        instance.execute(*statements, url=instance.administration)
        if instance.dialect == "postgresql":
            wait_for_reload(instance, state)

    switch("on")
    try:
        yield
    finally:
        switch("off")


def test_a_server_that_is_read_only_for_a_while(
    own_world: World, instance: Instance, tmp_path: Path
) -> None:
    with serving_world(own_world, tmp_path) as server:
        with read_only(instance):
            assert_only_reads(server, own_world)
        assert_writes(server, own_world)


def test_a_server_that_is_read_only_from_the_start(
    own_world: World, instance: Instance, tmp_path: Path
) -> None:
    """The fingerprint of the secret can't be stored, which the next start makes up for."""
    is_secret = SharedValue.name == shared_values.SECRET
    own_world.execute(delete(SharedValue).where(is_secret))
    with read_only(instance), serving_world(own_world, tmp_path) as server:
        assert_only_reads(server, own_world)
        assert "The fingerprint of the server secret can't be stored" in server.output
    with serving_world(own_world, tmp_path):
        assert len(own_world.execute(select(SharedValue).where(is_secret))) == 1


def test_a_database_user_who_may_only_read(
    own_world: World, instance: Instance, tmp_path: Path
) -> None:
    is_postgresql = instance.dialect == "postgresql"
    host = "" if is_postgresql else "@'127.0.0.1'"
    tables = "ALL TABLES IN SCHEMA public" if is_postgresql else "test.*"
    # Privileges on tables belong to a database.
    url = instance.url if is_postgresql else instance.administration
    instance.execute(
        f"CREATE USER reader{host}", f"GRANT SELECT ON {tables} TO reader{host}", url=url
    )
    try:
        reading = instance.url.replace("test@", "reader@")
        with serving_world(own_world, tmp_path, database_url=reading) as server:
            assert_only_reads(server, own_world)
            assert "Traceback" not in server.output
    finally:
        drop = ("DROP OWNED BY reader",) if is_postgresql else ()
        instance.execute(*drop, f"DROP USER reader{host}", url=url)


def wait_for_reload(instance: Instance, state: str) -> None:
    """PostgreSQL's server is only asked to read its configuration; a new session sees when it
    has, and has told the others."""
    url = Database(instance.administration).url
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)

    def current() -> object:
        with engine.connect() as connection:
            return connection.exec_driver_sql("SHOW default_transaction_read_only").scalar()

    wait_until(lambda: current() == state)


@contextmanager
def write_protected(folder: Path) -> Iterator[None]:
    """Nobody may write the files of a folder, or add one, unless the system lets root do all."""
    paths = [folder, *folder.iterdir()]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        yield
    finally:
        for path in paths:
            path.chmod(0o755 if path.is_dir() else 0o644)


def without_privilege() -> list[str]:
    """A program that runs another one as somebody whom write protection stops."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        missing("setpriv isn't installed, and root may write to everything")
    return [str(setpriv), "--bounding-set", "-dac_override,-dac_read_search"]


@pytest.fixture
def sqlite_world(tmp_path: Path) -> Iterator[World]:
    """The known world in a folder that holds nothing but its database."""
    databases.require("sqlite")
    folder = tmp_path / "database"
    folder.mkdir()
    world = build_file(folder / "test.sqlite3")
    with world.database.engine.connect():
        pass  # in the pool, the connection stays open
    yield world
    world.database.close()


@pytest.mark.slow
def test_a_file_that_is_write_protected_for_a_while(sqlite_world: World, tmp_path: Path) -> None:
    world = sqlite_world
    folder = Path(world.database.url.database or "").parent
    with serving_world(world, tmp_path, wrapper=without_privilege()) as server:
        # As long as somebody else has the database open, it can be read without writing to it.
        with write_protected(folder):
            assert_only_reads(server, world)
        assert_writes(server, world)


@pytest.mark.slow
def test_a_folder_that_is_write_protected_for_a_while(sqlite_world: World, tmp_path: Path) -> None:
    world = sqlite_world
    folder = Path(world.database.url.database or "").parent
    world.database.close()
    with (
        serving_world(world, tmp_path, wrapper=without_privilege()) as server,
        closing(Client(server.url, world.key("alice"))) as client,
    ):
        with write_protected(folder):
            for call in [("getProjects",), *writes(world)]:
                assert client.call(*call).outcome is Outcome.NOT_NOW
        assert_writes(server, world)
