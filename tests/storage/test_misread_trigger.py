"""A MariaDB server that has misread a trigger, as a node of a cluster sometimes does.

It keeps what it has read, and refuses every statement that the trigger belongs to.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from sqlalchemy import func, select

from faults import instances
from faults.instances import Instance
from kimai_remote.errors import Unavailable
from kimai_remote.storage import models as m
from kimai_remote.storage import schema, transactions
from kimai_remote.storage.transactions import Database
from support import databases
from support.world import World, build

pytestmark = [pytest.mark.slow, pytest.mark.servers]


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    databases.require("mariadb")
    with (
        instances.folder_of_another_user() as folder,
        instances.running("mariadb", folder) as instance,
    ):
        yield instance


@pytest.fixture
def world(instance: Instance) -> Iterator[World]:
    """The known world on a server that has read triggers while their file was damaged."""
    with closing(Database(instance.url)) as database:
        databases.drop(database)
        schema.create(database)
        world = build(database)
        (file,) = (instance.data / "test").glob("*timeSheet.TRG")
        whole = file.read_bytes()
        file.write_bytes(whole.replace(b"FOR EACH ROW BEGIN", b"FOR EACH ROW BEGIN DAMAGED"))
        instance.execute("FLUSH TABLES", url=instance.administration)
        with pytest.raises(Unavailable), pytest.MonkeyPatch.context() as patch:
            patch.setattr(transactions, "LOCK_TIMEOUT", 0)
            world.add_entry()
        file.write_bytes(whole)
        yield world


def test_calls_have_it_read_again(world: World) -> None:
    # One alone: more at once would open the table more often, and read the triggers anew.
    world.add_entry()
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda _: world.add_entry(), range(8)))
    assert world.execute(select(func.sum(m.EntryCount.entries))) == [(9,)]


def test_an_account_that_cannot_is_told_what_to_do(
    instance: Instance, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    revoke = "REVOKE ALTER ON test.* FROM test@'127.0.0.1'"
    instance.execute(revoke, url=instance.administration)
    world.database.close()  # a connection keeps its privileges
    with pytest.raises(Unavailable), pytest.MonkeyPatch.context() as patch:
        patch.setattr(transactions, "LOCK_TIMEOUT", 0.5)
        world.add_entry()
    assert "runs FLUSH TABLES; ALTER TABLE failed: " in caplog.text
    instance.execute("FLUSH TABLES", url=instance.administration)
    world.add_entry()
