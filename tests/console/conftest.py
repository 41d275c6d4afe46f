"""Servers and browsers for the console."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from console import browser as browsers
from console.browser import Console
from support.server import Server, serving


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests; each has cookies, storage and a cache of its own."""
    with browsers.chromium() as opened:
        yield opened


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with demo data, for people who change their own."""
    directory: Path = tmp_path_factory.mktemp("console")
    with serving(directory, "--demo") as running:
        yield running


@pytest.fixture
def console(browser: Browser, demo: Server) -> Iterator[Console]:
    """The console of the demo server."""
    with browsers.console(browser, demo.url) as opened:
        yield opened
