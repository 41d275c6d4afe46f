"""Database servers that the tests of this folder may break."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from faults import instances
from kimai_remote.storage import schema
from kimai_remote.storage.transactions import Database
from support import databases
from support.world import World, build


@pytest.fixture(
    scope="session",
    params=[pytest.param(dialect, marks=pytest.mark.servers) for dialect in instances.SERVERS],
)
def instance(request: pytest.FixtureRequest) -> Iterator[instances.Instance]:
    """A database server of each dialect, running and writable between tests."""
    databases.require(request.param)
    with (
        instances.folder_of_another_user() as folder,
        instances.running(request.param, folder) as running,
    ):
        with closing(Database(running.url)) as database:
            schema.create(database)
        yield running


@pytest.fixture
def own_world(instance: instances.Instance) -> Iterator[World]:
    """The known world on the test's own database server."""
    with closing(Database(instance.url)) as database:
        databases.empty(database)
        yield build(database)
