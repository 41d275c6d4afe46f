"""Servers that HTTP itself is tested on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.town import Town, founded, town

__all__ = ["proxied_town", "public_town", "town"]


@pytest.fixture(scope="session")
def proxied_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A server that believes one proxy in front of it, and takes small bodies only."""
    directory = tmp_path_factory.mktemp("proxied")
    with founded(directory, trusted_proxies="1", max_body="2000") as founding:
        yield founding


@pytest.fixture(scope="session")
def public_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A server that was told its address."""
    directory = tmp_path_factory.mktemp("public")
    with founded(directory, public_url="https://time.example.org/kimai/") as founding:
        yield founding
