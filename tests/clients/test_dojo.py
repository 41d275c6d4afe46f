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

from clients import scenario, toolkits, tools
from clients.conftest import Scene

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.toolkits


@pytest.fixture(scope="module")
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a page, Dojo and the programs."""
    folder: Path = tmp_path_factory.mktemp("site")
    for source in (tools.HERE / "dojo").iterdir():
        shutil.copy(source, folder)
    shutil.copy(tools.HERE / "node" / "scenario.js", folder)
    packages = tools.node_packages(request.config.cache, "dojo")
    (folder / "node_modules").symlink_to(packages)
    return folder


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def page(site: Path) -> Iterator[Page]:
    """The page in a browser, from another origin than the service's."""
    if not importlib.util.find_spec("playwright"):
        tools.missing("playwright", "pip install playwright")
    from console import browser as browsers

    handler = functools.partial(_Handler, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with browsers.chromium() as browser, browser.new_context() as context:
                opened = context.new_page()
                opened.goto(f"http://127.0.0.1:{server.server_port}/page.html")
                yield opened
        finally:
            server.shutdown()
            thread.join()


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
