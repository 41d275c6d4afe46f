"""Servers and browsers for the console."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from support.server import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from console.browser import Console

# Pytest's header reports that playwright is missing.
if importlib.util.find_spec("playwright") or os.environ.get("KIMAI_REMOTE_TEST_ALL"):
    from console import browser as browsers
else:
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests; each has cookies, storage and a cache of its own."""
    with browsers.chromium() as opened:
        yield opened


@pytest.fixture(scope="session")
def demo(demo_server: Server) -> Server:
    """The server with demo data. Tests change entries of ben and clara, and old ones of anna."""
    return demo_server


@pytest.fixture
def console(browser: Browser, demo: Server) -> Iterator[Console]:
    """The console of the demo server."""
    with browsers.console(browser, demo.url) as opened:
        yield opened
