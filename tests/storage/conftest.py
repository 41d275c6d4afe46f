"""A Kimai 1 database for the tests of this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kimai_remote.storage.transactions import Database
from support import databases, kimai1


@pytest.fixture(scope="session")
def _kimai(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with kimai1.database(tmp_path_factory.mktemp("kimai"), prefix=kimai1.PREFIX) as database:
        yield database


@pytest.fixture
def kimai(_kimai: Database) -> Database:
    """A Kimai 1 database of revision 1400 with awkward data."""
    kimai1.reset(_kimai)
    return _kimai


@pytest.fixture
def blank(database: Database, tmp_path: Path) -> Iterator[Database]:
    """A database of the same kind with no tables."""
    url = f"sqlite:///{tmp_path / 'blank.sqlite3'}"
    if database.dialect.name != "sqlite":
        url = database.url.render_as_string(hide_password=False)
    with closing(Database(url, f"Blank{os.getpid()}_")) as empty:
        databases.drop(empty)
        yield empty
        databases.drop(empty)
