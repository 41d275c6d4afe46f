"""A copy of an SQLite database that is being written."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import func, select

from kimai_remote.errors import ConfigurationError
from kimai_remote.storage import models as m
from kimai_remote.storage import schema
from kimai_remote.storage.backup import ServerDatabase, backup
from kimai_remote.storage.transactions import Database
from support.processes import DEADLINE


@pytest.fixture
def original(tmp_path: Path) -> Database:
    database = Database(f"sqlite:///{tmp_path / 'kimai.sqlite3'}")
    schema.create(database)
    return database


def count(database: Database) -> tuple[int, int]:
    statement = select(
        select(func.count()).select_from(m.Group).scalar_subquery(),
        select(func.count()).select_from(m.Activity).scalar_subquery(),
    )
    groups, activities = database.run(
        lambda session: session.execute(statement).one(), writes=False
    )
    return groups, activities


def test_a_copy_taken_between_writes_is_whole(original: Database, tmp_path: Path) -> None:
    stop = threading.Event()
    wrote = threading.Event()

    def write() -> None:
        while not stop.is_set():
            original.run(
                lambda session: session.add_all([m.Group(name="x" * 100), m.Activity(name="y")]),
                writes=True,
            )
            wrote.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert wrote.wait(DEADLINE)
        sizes = []
        for number in range(5):
            target = tmp_path / f"copy{number}.sqlite3"
            assert backup(original, target) == target.stat().st_size
            wrote.clear()
            assert wrote.wait(DEADLINE)  # it isn't held up
            copy = Database(f"sqlite:///{target}")
            schema.check(copy)
            groups, activities = count(copy)
            assert groups == activities
            sizes.append(groups)
            copy.close()
        assert sizes == sorted(sizes)
        assert sizes[0] > 0
    finally:
        stop.set()
        writer.join()
    assert {path.name for path in tmp_path.glob(".*")} == set()


def test_it_is_the_owners_alone_and_replaces_nothing(original: Database, tmp_path: Path) -> None:
    target = tmp_path / "copy.sqlite3"
    backup(original, target)
    assert target.stat().st_mode & 0o077 == 0
    with pytest.raises(ConfigurationError, match="exists already"):
        backup(original, target)
    backup(original, target, overwrite=True)


def test_what_cannot_be_copied(original: Database, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't be written"):
        backup(original, tmp_path / "nowhere" / "copy.sqlite3")
    with pytest.raises(ConfigurationError, match="no database"):
        backup(Database(f"sqlite:///{tmp_path / 'none.sqlite3'}"), tmp_path / "copy.sqlite3")
    with pytest.raises(ServerDatabase) as refused:
        backup(Database("postgresql://127.0.0.1/x"), tmp_path / "copy.sqlite3")
    assert refused.value.dump_program == "pg_dump"
    assert not (tmp_path / "none.sqlite3").exists()
