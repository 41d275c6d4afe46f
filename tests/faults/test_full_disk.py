"""A disk that is full for a while."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from faults import instances
from faults.client import Client, Outcome
from faults.instances import Instance
from faults.invariants import Invariants
from faults.serving import serving_world
from faults.workload import Workload
from kimai_remote.storage import schema
from kimai_remote.storage.transactions import Database
from support import databases
from support.requirements import missing
from support.server import Server
from support.world import World, build

pytestmark = pytest.mark.slow

#: Sizes of disks, in MiB, that hold a new database and some more.
SIZES = {"sqlite": 16, "postgresql": 110, "mariadb": 180}


@contextmanager
def disk(folder: Path, size: int) -> Iterator[Path]:
    """A small file system of its own."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}m", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True)
    if mounted.returncode != 0:
        missing(f"a file system can't be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Nothing more fits on the disk."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(bytes(4096))
    try:
        yield
    finally:
        filler.unlink()


def assert_kept(invariants: Invariants, server: Server, world: World) -> None:
    invariants.check(world)
    assert set(invariants.outcomes) <= {Outcome.DONE, Outcome.REFUSED, Outcome.NOT_NOW}
    with closing(Client(server.url, world.key("alice"))) as client:
        for _ in range(20):
            assert client.call("startRecord", world.shop, world.coding).done


@contextmanager
def database_on(folder: Path, dialect: str) -> Iterator[tuple[World, Instance | None]]:
    """The known world in a folder, and the database server that has it there."""
    with ExitStack() as stack:
        instance = None
        if dialect != "sqlite":
            instance = stack.enter_context(instances.running(dialect, folder))
        url = instance.url if instance else databases.url_of(dialect, folder)
        database = stack.enter_context(closing(Database(url)))
        schema.create(database)
        databases.empty(database)
        yield build(database), instance


@pytest.mark.parametrize("dialect", list(SIZES))
def test_a_full_disk(dialect: str, tmp_path: Path) -> None:
    databases.require(dialect)
    with (
        instances.folder_of_another_user() as parent,
        disk(parent / "disk", SIZES[dialect]) as folder,
        database_on(folder, dialect) as (world, instance),
        serving_world(world, tmp_path) as server,
    ):
        workload = Workload(world, [server.url])
        with workload.running() as invariants:
            invariants.wait_for(Outcome.DONE, 50)
            with filled(folder):
                invariants.wait_for(Outcome.NOT_NOW, 20)
            if instance and not instance.is_running:
                instance.start()  # a database server may give up; somebody starts it again
            invariants.wait_for(Outcome.DONE, 100)
        assert_kept(invariants, server, world)


def test_a_file_that_can_not_grow(tmp_path: Path) -> None:
    """As on a disk that fails; the error is another one than that of a full disk."""
    databases.require("sqlite")
    folder = tmp_path / "database"
    folder.mkdir()
    with (
        database_on(folder, "sqlite") as (world, _),
        serving_world(world, tmp_path) as server,
    ):
        (worker,) = server.workers
        limits = resource.prlimit(worker, resource.RLIMIT_FSIZE)
        workload = Workload(world, [server.url])
        with workload.running() as invariants:
            invariants.wait_for(Outcome.DONE, 50)
            resource.prlimit(worker, resource.RLIMIT_FSIZE, (65_536, limits[1]))
            invariants.wait_for(Outcome.NOT_NOW, 20)
            resource.prlimit(worker, resource.RLIMIT_FSIZE, limits)
            invariants.wait_for(Outcome.DONE, 100)
        assert_kept(invariants, server, world)
