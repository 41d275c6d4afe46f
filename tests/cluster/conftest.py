"""A Galera cluster for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from cluster import galera
from cluster.galera import Cluster
from faults import instances
from kimai_remote.storage import schema
from kimai_remote.storage.transactions import Database
from support import databases


def create_schema(url: str) -> None:
    with closing(Database(url)) as database:
        schema.create(database)


@pytest.fixture(scope="session")
def running_galera() -> Iterator[Cluster]:
    databases.require("mariadb")
    with (
        instances.folder_of_another_user() as folder,
        galera.running(folder, create_schema) as cluster,
    ):
        yield cluster


@pytest.fixture
def cluster(running_galera: Cluster) -> Cluster:
    """Three nodes, all synced."""
    running_galera.wait_until_whole()
    return running_galera
