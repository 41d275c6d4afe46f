"""A real server process with the test data, for tests that send raw requests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from . import world as worlds
from .server import Server, serving


@dataclass
class LiveServer:
    """A server, its test data, and the IDs of alice's only time entry and expense."""

    server: Server
    world: worlds.World
    entry: int
    expense: int

    @property
    def key(self) -> str:
        """The API key of alice, for tests that read only."""
        return self.world.key("alice")


@contextmanager
def started(directory: Path, **settings: str) -> Iterator[LiveServer]:
    """Run a server with test data of its own.

    :param settings: of the server, by their names in lower case.
    """
    data = directory / "data"
    data.mkdir()
    world = worlds.build_file(data / "kimai.sqlite3")
    entry = world.add_entry(
        start=world.now - 7200,
        end=world.now - 1800,
        description="a <b> & \"c\" 'd'\ttab",
        rate=Decimal("85.50"),
        location="",
    )
    expense = world.add_expense(designation="Bell \x07 ☕", value=Decimal("19.99"))
    world.database.close()
    settings = {"secret": worlds.SECRET.decode(), "login_rate": "0"} | settings
    environ = {f"KIMAI_REMOTE_{name.upper()}": value for name, value in settings.items()}
    with serving(directory, environ=environ) as server:
        yield LiveServer(server, world, entry, expense)


@pytest.fixture(scope="session")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with default settings."""
    with started(tmp_path_factory.mktemp("live_server")) as running:
        yield running
