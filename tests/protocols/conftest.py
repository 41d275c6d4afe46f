"""Servers that the protocols are tested on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.live_server import LiveServer, live_server, started

__all__ = ["legacy_server", "live_server"]


@pytest.fixture(scope="session")
def legacy_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server set up for clients of Kimai before 2018, with a small batch limit."""
    directory = tmp_path_factory.mktemp("legacy")
    settings = {"wsdl_style": "rpc", "legacy_stop_boolean": "yes", "max_batch": "3"}
    with started(directory, **settings) as running:
        yield running
