"""Servers that the protocols are tested on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.town import Town, founded, town

__all__ = ["legacy_town", "town"]


@pytest.fixture(scope="session")
def legacy_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A server set up for clients of Kimai before 2018, with a small batch limit."""
    directory = tmp_path_factory.mktemp("legacy")
    settings = {"wsdl_style": "rpc", "legacy_stop_boolean": "yes", "max_batch": "3"}
    with founded(directory, **settings) as founding:
        yield founding
