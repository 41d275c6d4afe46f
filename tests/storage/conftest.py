"""An empty database for the tests of this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kimai_remote.storage.transactions import Database
from support import databases


@pytest.fixture
def blank(database: Database, tmp_path: Path) -> Iterator[Database]:
    """A database of the same kind without tables."""
    with databases.without_tables(database, tmp_path, f"Blank{os.getpid()}_") as blank:
        yield blank
