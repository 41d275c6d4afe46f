"""An empty database for the tests of this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kimai_remote.storage.transactions import Database
from support import databases


@pytest.fixture
def blank(database: Database, tmp_path: Path) -> Iterator[Database]:
    """A database of the same kind without tables."""
    url = f"sqlite:///{tmp_path / 'blank.sqlite3'}"
    if database.dialect.has_server:
        url = database.url.render_as_string(hide_password=False)
    with closing(Database(url, f"Blank{os.getpid()}_")) as empty:
        databases.drop(empty)
        yield empty
        databases.drop(empty)
