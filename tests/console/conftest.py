"""Servers and browsers for the console."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from console import browser as browsers
from console.browser import Console
from support.server import Server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests; each has cookies, storage and a cache of its own."""
    with browsers.chromium() as opened:
        yield opened


@pytest.fixture(scope="session")
def demo(demo_server: Server) -> Server:
    """The server with demo data. Here ben and clara work, and anna adds entries of long ago."""
    return demo_server


@pytest.fixture
def console(browser: Browser, demo: Server) -> Iterator[Console]:
    """The console of the demo server."""
    with browsers.console(browser, demo.url) as opened:
        yield opened
