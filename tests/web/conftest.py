"""Servers that HTTP itself is tested on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.live_server import LiveServer, live_server, started

__all__ = ["live_server", "proxied_server", "public_server"]


@pytest.fixture(scope="session")
def proxied_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server that believes one proxy in front of it, and takes small bodies only."""
    directory = tmp_path_factory.mktemp("proxied")
    with started(directory, trusted_proxies="1", max_body="2000") as running:
        yield running


@pytest.fixture(scope="session")
def public_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with a configured public URL."""
    directory = tmp_path_factory.mktemp("public")
    with started(directory, public_url="https://time.example.org/kimai/") as running:
        yield running
