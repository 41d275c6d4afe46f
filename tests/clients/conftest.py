"""The server for third-party clients: the test data, with texts that are hard to encode."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from clients import scenario, toolkits, tools
from kimai_remote.storage import models as m
from support import world as worlds
from support.server import Server, serving

#: Emoji, right-to-left script, markup, quotes, line break and tab: every client gets it unchanged.
AWKWARD = "☕ 🦊 שלום مرحبا <b>&amp;</b> \"double\" 'single'\nsecond line\tafter a tab"
#: A control character that XML can't carry: SOAP clients get U+FFFD instead.
CONTROL = "bell \x07 rings"


@dataclass
class Scene:
    """The values that a client script needs: the login of ``alice``, and IDs."""

    server: Server
    world: worlds.World
    #: A finished time entry and an expense of alice's with the awkward texts; both are uncleared.
    entry: int
    expense: int
    user: str = "alice"
    password: str = worlds.PASSWORD


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A fresh server process for one client, with two time entries and one expense of alice's.

    No recording is running. The newer entry (``scene.entry``) has AWKWARD as its description,
    CONTROL as its comment, rate 85.50 and no location; it lasted 90 minutes.
    """
    data = tmp_path / "data"
    data.mkdir()
    world = worlds.build_file(data / "kimai.sqlite3")
    world.add_entry(start=world.now - 86_400)
    entry = world.add_entry(
        start=world.now - 7200,
        end=world.now - 1800,
        description=AWKWARD,
        comment=CONTROL,
        rate=Decimal("85.50"),
    )
    expense = world.add_expense(designation=AWKWARD, value=Decimal("19.99"), multiplier=Decimal(3))
    world.change(m.Project, world.portal, comment=AWKWARD)
    world.database.close()
    environ = {"KIMAI_REMOTE_SECRET": worlds.SECRET.decode()}
    with serving(tmp_path, environ=environ) as server:
        yield Scene(server, world, entry, expense)


@pytest.fixture
def toolkit_run(request: pytest.FixtureRequest, scene: Scene) -> toolkits.Run:
    """Judge what a toolkit made of the scenario; its test gets the marker ``recorded``."""
    return toolkits.Run(scene, request.node.nodeid, request.config.option.record_toolkits)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "toolkit_run" in getattr(item, "fixturenames", ()):
            item.add_marker("recorded")


def pytest_make_parametrize_id(val: object) -> str | None:
    return val.name if isinstance(val, scenario.Dialect) else None


@pytest.fixture
def node_project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder where Node finds the test programs and the packages that they need."""
    return tools.node_project(request.config.cache, tmp_path)


@pytest.fixture(scope="module")
def dojo_project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for pages that load Dojo from ``node_modules``."""
    directory: Path = tmp_path_factory.mktemp("dojo")
    packages = tools.node_packages(request.config.cache, "dojo")
    (directory / "node_modules").symlink_to(packages)
    return directory
