"""Database servers that the tests of this folder may break."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from faults import instances
from kimai_remote.storage import schema
from kimai_remote.storage.database import Database
from support import databases
from support.world import World, build


@pytest.fixture(scope="session", params=list(instances.KINDS))
def instance(request: pytest.FixtureRequest) -> Iterator[instances.Instance]:
    """A database server, one of each kind, that is running and writable between tests."""
    if request.param not in request.config.getoption("databases").split(","):
        pytest.skip(f"{request.param} isn't asked for")
    # Not below pytest's own folder, which other users may not enter.
    directory = Path(tempfile.mkdtemp(prefix=f"{request.param}-"))
    try:
        with instances.running(request.param, directory) as running:
            with closing(Database(running.url)) as database:
                schema.create(database)
            yield running
    finally:
        shutil.rmtree(directory)


@pytest.fixture
def own_world(instance: instances.Instance) -> Iterator[World]:
    """The known world on the test's own database server."""
    with closing(Database(instance.url)) as database:
        databases.empty(database)
        yield build(database)
