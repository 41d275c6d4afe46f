"""Dojo's two libraries for SMDs, in a browser: dojo/rpc/JsonService and dojox.rpc.Service."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from clients import scenario, toolkits, tools
from clients.conftest import Scene
from clients.web_pages import browser_page

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.toolkits


@pytest.fixture(scope="module")
def site(dojo_project: Path) -> Path:
    """A folder with a page, Dojo and the programs."""
    for source in (tools.HERE / "dojo").iterdir():
        shutil.copy(source, dojo_project)
    shutil.copy(tools.HERE / "node" / "scenario.js", dojo_project)
    return dojo_project


@pytest.fixture(scope="module")
def page(site: Path) -> Iterator[Page]:
    """The page in a browser, from another origin than the service's."""
    with browser_page(site) as (opened, url):
        opened.goto(f"{url}/page.html")
        yield opened


@pytest.mark.parametrize(
    ("toolkit", "program", "query", "dialect"),
    [
        ("dojo", "dojo_rpc.js", "?smd=dojo", scenario.JSON),
        ("dojo", "dojo_rpc.js", "?smd=dojo&types=native", scenario.JSON_NATIVE),
        ("dojox", "dojox_rpc.js", "", scenario.JSON),
        ("dojox", "dojox_rpc.js", "?types=native", scenario.JSON_NATIVE),
        ("dojox", "dojox_rpc.js", "?smd=dojo", scenario.JSON),
    ],
)
def test_dojo(
    scene: Scene,
    toolkit_run: toolkits.Run,
    site: Path,
    page: Page,
    toolkit: str,
    program: str,
    query: str,
    dialect: scenario.Dialect,
) -> None:
    """Both add X-Requested-With to each request, which a browser asks the service about."""
    steps = json.loads(scenario.program(scene))
    report = page.evaluate("scenario", [program, steps, f"{scene.server.json}{query}"])
    version = tools.node_version(site, toolkit)
    why = "needs the SMD of ?smd=dojo" if toolkit == "dojo" else ""
    toolkit_run(toolkit, "JavaScript", version, dialect, report, why=why)
