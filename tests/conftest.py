"""Fixtures of all tests. Most run on each database and over each protocol."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

# Tables for terminals are read by tests; without one they would be cut to 80 columns.
os.environ["COLUMNS"] = "250"

from kimai_remote.storage.database import Database
from support import databases, remotes, server
from support.world import World, build


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--databases",
        default=",".join(databases.KINDS),
        help="databases to run on, separated by commas (default: all that answer)",
    )
    for name, default, what in (
        ("stress", 600, "calls that race, on each database and kind of server"),
        ("fuzz", 1000, "requests that the fuzzers make, over each protocol"),
        ("kills", 4, "kills of the server in the middle of writes, on each database"),
    ):
        parser.addoption(
            f"--{name}",
            type=int,
            default=int(os.environ.get(f"KIMAI_REMOTE_TEST_{name.upper()}", default)),
            help=f"{what} (default: {default}, or KIMAI_REMOTE_TEST_{name.upper()})",
        )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database" in metafunc.fixturenames:
        kinds = metafunc.config.getoption("databases").split(",")
        metafunc.parametrize("database", kinds, indirect=True, scope="session")


@pytest.fixture(scope="session")
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A database with an empty schema, one of each kind for all tests."""
    created = databases.create(request.param, tmp_path_factory.mktemp("database"))
    yield created
    databases.drop(created)
    created.close()


@pytest.fixture
def world(database: Database) -> World:
    """The known world of :mod:`support.world`, made anew for each test."""
    databases.empty(database)
    return build(database)


@pytest.fixture(params=list(remotes.REMOTES))
def remote(request: pytest.FixtureRequest, world: World) -> remotes.JsonRemote | remotes.SoapRemote:
    """The API over each protocol."""
    return remotes.REMOTES[request.param](world)


@pytest.fixture(scope="session")
def demo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.Server]:
    """A server process with demo data, for all tests that only add to it."""
    directory: Path = tmp_path_factory.mktemp("demo")
    with server.serving(directory, "--demo") as running:
        yield running
