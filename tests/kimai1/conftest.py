"""A Kimai 1 database for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kimai_remote.storage.transactions import Database
from support import kimai1


@pytest.fixture(scope="session")
def _kimai(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with kimai1.database(tmp_path_factory.mktemp("kimai"), prefix=kimai1.PREFIX) as database:
        yield database


@pytest.fixture
def kimai(_kimai: Database) -> Database:
    """A Kimai 1 database of revision 1394 with awkward data."""
    kimai1.reset(_kimai)
    return _kimai
