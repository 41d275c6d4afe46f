"""A Kimai 1 database for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kimai_remote.storage.database import Database
from support import kimai1


@pytest.fixture
def kimai(tmp_path: Path) -> Iterator[Database]:
    """A Kimai 1 database of revision 1400 with awkward data."""
    with kimai1.database(tmp_path) as database:
        yield database
