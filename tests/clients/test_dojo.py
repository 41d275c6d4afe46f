"""Dojo's two libraries for SMDs, in a browser: dojo/rpc/JsonService and dojox.rpc.Service."""

from __future__ import annotations

import functools
import importlib.util
import json
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from clients import scenario, tools
from clients.conftest import Scene

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a page of another site than the service, with Dojo and the programs."""
    folder: Path = tmp_path_factory.mktemp("site")
    for source in (tools.HERE / "dojo").iterdir():
        shutil.copy(source, folder)
    shutil.copy(tools.HERE / "node" / "scenario.js", folder)
    packages = tools.node_packages(request.config.cache)
    for package in ("dijit", "dojo", "dojox"):
        (folder / package).symlink_to(packages / package)
    handler = functools.partial(_Handler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/page.html"
        server.shutdown()
        thread.join()


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def page(site: str) -> Iterator[Page]:
    if not importlib.util.find_spec("playwright"):
        tools.missing("playwright", "pip install playwright")
    from console import browser as browsers

    with browsers.chromium() as browser, browser.new_context() as context:
        opened = context.new_page()
        opened.goto(site)
        yield opened


@pytest.mark.parametrize(
    ("library", "query", "dialect"),
    [
        ("dojo", "?smd=dojo", scenario.JSON),
        ("dojo", "?smd=dojo&types=native", scenario.JSON_NATIVE),
        ("dojox", "", scenario.JSON),
        ("dojox", "?types=native", scenario.JSON_NATIVE),
        ("dojox", "?smd=dojo", scenario.JSON),
    ],
)
def test_dojo(
    scene: Scene, page: Page, library: str, query: str, dialect: scenario.Dialect
) -> None:
    """Both add X-Requested-With to each request, which a browser asks the service about."""
    steps = json.loads(scenario.program(scene))
    report = page.evaluate("scenario", [library, steps, f"{scene.server.json}{query}"])
    scenario.check(report, scene, dialect)
