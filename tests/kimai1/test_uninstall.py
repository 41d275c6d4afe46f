"""Both ways back to Kimai: a database that was served in place, and one that was imported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.schema import DropTable

from kimai_remote.kimai1 import importer, uninstall
from kimai_remote.kimai1.importer import ImportRefused
from kimai_remote.storage import models as m
from kimai_remote.storage import schema
from kimai_remote.storage.migrations import runner
from kimai_remote.storage.transactions import Database
from support import databases, kimai1

pytestmark = pytest.mark.servers


def silent(_table: str, _done: int, _total: int) -> None:
    pass


@pytest.fixture
def served(database: Database, tmp_path: Path) -> Iterator[Database]:
    """A database with tables as Kimai has them, without foreign keys, on each database."""
    url = f"sqlite:///{tmp_path / 'kimai.sqlite3'}"
    if database.dialect.has_server:
        url = database.url.render_as_string(hide_password=False)
    made = Database(url, f"served{kimai1.PREFIX}")
    drop(made)
    kimai1.tables().create_all(made.engine, checkfirst=False)
    with made.begin() as connection:
        schema.fill(connection)
    yield made
    drop(made)
    made.close()


def drop(database: Database) -> None:
    with database.begin() as connection:
        for table in reversed(m.Base.metadata.sorted_tables):
            connection.execute(DropTable(table, if_exists=True))


def test_nothing_is_left_behind(served: Database) -> None:
    before = kimai1.structure(served)
    runner.upgrade(served)
    served.run(lambda session: session.add(m.User(name="anna", globalRoleID=1)), writes=True)
    additions = uninstall.find_additions(served)
    assert [name.removeprefix(served.prefix) for name in additions.tables] == [
        "remote_counts",
        "remote_keys",
        "remote_period_counts",
        "remote_values",
        "remote_version",
    ]
    assert f"{served.prefix}timeSheet_page" in [index for index, _ in additions.indexes]
    uninstall.remove(served, additions)
    assert kimai1.structure(served) == before
    assert uninstall.find_additions(served).is_empty
    with served.engine.connect() as connection:
        assert connection.scalars(select(m.User.name)).all() == ["anna"]


def test_it_can_be_served_again(served: Database) -> None:
    runner.upgrade(served)
    uninstall.remove(served, uninstall.find_additions(served))
    runner.upgrade(served)
    schema.check(served)


def test_what_broke_off_is_done_again(served: Database) -> None:
    runner.upgrade(served)
    before = uninstall.find_additions(served)
    rest = uninstall.Additions(before.tables[:1], before.indexes[:1], ())
    uninstall.remove(served, rest)
    assert uninstall.find_additions(served) == uninstall.Additions(
        before.tables[1:], before.indexes[1:], ()
    )


def test_a_database_of_ours_is_not_touched(database: Database) -> None:
    with pytest.raises(uninstall.OwnSchema, match="made by kimai-remote"):
        uninstall.find_additions(database)


def test_passwords_that_kimai_cannot_check(kimai: Database) -> None:
    assert uninstall.find_additions(kimai).passwords == ()

    def change(session: Any) -> None:
        session.get(m.User, kimai1.BEN).password = "$argon2id$v=19$…"
        session.get(m.Customer, 3).password = "$argon2id$v=19$…"

    kimai.run(change, writes=True)
    assert uninstall.find_additions(kimai).passwords == ("ben", "müller & söhne")


@pytest.fixture
def back(tmp_path: Path) -> Iterator[Database]:
    """Kimai's tables on MariaDB with nothing in them, as ``mariadb-dump --no-data`` leaves them."""
    with kimai1.database(tmp_path, prefix=f"b{kimai1.PREFIX}", rows={}) as empty:
        yield empty


@pytest.fixture
def imported(database: Database, kimai: Database, tmp_path: Path) -> Iterator[Database]:
    """A database of ours that was imported and then used, on each database."""
    url = f"sqlite:///{tmp_path / 'ours.sqlite3'}"
    if database.dialect.has_server:
        url = database.url.render_as_string(hide_password=False)
    ours = Database(url, f"Ours{kimai1.PREFIX}")
    databases.drop(ours)
    importer.run(kimai, ours, silent)
    entry = m.TimeEntry(
        userID=kimai1.ANNA,
        projectID=1,
        activityID=1,
        start=kimai1.START,
        end=kimai1.START + 60,
        duration=60,
        statusID=1,
        description="written afterwards",
    )
    spent = m.Expense(userID=kimai1.ANNA, projectID=1, designation="Taxi", comment=None)
    ours.run(lambda session: session.add_all([entry, spent]), writes=True)
    yield ours
    databases.drop(ours)
    ours.close()


def test_an_imported_database_goes_back_into_kimai_tables(
    imported: Database, kimai: Database, back: Database
) -> None:
    before = kimai1.structure(back)
    runner.upgrade(back)
    assert importer.run(imported, back, silent).differences == []
    with back.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(m.EntryCount)) == 0
    uninstall.remove(back, uninstall.find_additions(back))
    assert kimai1.structure(back) == before
    entries = {row["timeEntryID"]: row for row in kimai1.rows_of(back, "timeSheet")}
    for row in kimai1.rows_of(kimai, "timeSheet"):
        assert entries.pop(row["timeEntryID"]) == row
    (new,) = entries.values()
    assert (new["description"], new["duration"]) == ("written afterwards", 60)
    for name in ("users", "customers", "activities", "globalRoles", "rates", "configuration"):
        rows = [
            {key: "" if key == "mail" and value is None else value for key, value in row.items()}
            if name == "users"
            else row
            for row in kimai1.rows_of(kimai, name)
        ]
        assert sorted(map(repr, kimai1.rows_of(back, name))) == sorted(map(repr, rows))
    assert [row["comment"] for row in kimai1.rows_of(back, "expenses")][-1] is None


def test_text_that_kimai_column_cannot_hold(imported: Database, back: Database) -> None:
    runner.upgrade(back)

    def change(session: Any) -> None:
        session.get(m.TimeEntry, 1).description = "Kaffee 😀"

    imported.run(change, writes=True)
    with pytest.raises(ImportRefused, match=r"timeSheet can't be copied.*description"):
        importer.run(imported, back, silent)
    assert kimai1.rows_of(back, "users") == []


def test_tables_of_an_older_kimai_are_refused(imported: Database, tmp_path: Path) -> None:
    how = kimai1.older(1384, ("customers", "country"))
    with kimai1.database(tmp_path, tables=how["tables"], rows={}) as old:
        runner.upgrade(old)
        with pytest.raises(ImportRefused, match=r"customers\.country"):
            importer.run(imported, old, silent)
