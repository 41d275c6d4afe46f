"""A whole Kimai 1 database is copied into ours, on each database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, inspect, select

from kimai_remote.errors import ConfigurationError
from kimai_remote.kimai1 import control_totals, importer
from kimai_remote.kimai1.importer import ImportRefused
from kimai_remote.storage import entry_counts, origin, schema
from kimai_remote.storage import models as m
from kimai_remote.storage.dialects import mariadb
from kimai_remote.storage.dialects.base import SchemaLocked
from kimai_remote.storage.origin import DatabaseOrigin
from kimai_remote.storage.transactions import Database
from kimai_remote.tracking.context import Options
from kimai_remote.tracking.rounding import Rounding
from support import databases, kimai1

pytestmark = pytest.mark.servers


def silent(_table: str, _done: int, _total: int) -> None:
    pass


@pytest.fixture(scope="module")
def created(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    directory = tmp_path_factory.mktemp("target")
    with databases.without_tables(database, directory, f"Import{os.getpid()}_") as created:
        schema.create(created)
        yield created


@pytest.fixture
def target(created: Database) -> Database:
    """A fresh database, on each database."""
    databases.empty(created)
    with created.begin() as connection:
        schema.clear(connection)
        schema.fill(connection)
    return created


def read(database: Database, statement: Any) -> list[Any]:
    with database.engine.connect() as connection:
        return list(connection.execute(statement))


def records(database: Database, table: Any) -> dict[Any, dict[str, Any]]:
    keys = [column.name for column in table.primary_key.columns]
    rows = [dict(row._mapping) for row in read(database, select(table))]
    return {tuple(row[key] for key in keys) if len(keys) > 1 else row[keys[0]]: row for row in rows}


def test_everything_is_there_under_its_own_number(kimai: Database, target: Database) -> None:
    report = importer.run(kimai, target, silent)
    assert report.differences == []
    assert not report.already
    schema.check(target)
    entries = records(target, m.TimeEntry.__table__)
    for row in kimai1.rows_of(kimai, "timeSheet"):
        assert entries.pop(row["timeEntryID"]) == row
    assert entries == {}
    for model, name in (
        (m.Customer, "customers"),
        (m.Project, "projects"),
        (m.Activity, "activities"),
        (m.Expense, "expenses"),
        (m.Status, "statuses"),
        (m.Preference, "preferences"),
        (m.GlobalRole, "globalRoles"),
    ):
        theirs = kimai1.rows_of(kimai, name)
        ours = list(records(target, model.__table__).values())
        assert sorted(ours, key=repr) == sorted(
            ({key: row[key] for key in ours[0]} for row in theirs), key=repr
        )
    users = records(target, m.User.__table__)
    assert users[kimai1.ANNA]["apikey"] == kimai1.KEY
    assert users[kimai1.ADMIN]["password"] == kimai1.md5(kimai1.PASSWORD)
    assert users[kimai1.BEN]["mail"] == ""  # null in Kimai
    assert sorted(read(target, select(m.rates)), key=repr) == sorted(
        [(None, None, None, Decimal("50.00")), (kimai1.ANNA, None, None, Decimal("85.50"))],
        key=repr,
    )


def test_the_copy_knows_that_it_is_one(kimai: Database, target: Database) -> None:
    """Programs that were written for Kimai use it, and load the contract of Kimai's style."""

    def origin_now() -> DatabaseOrigin:
        with target.engine.connect() as connection:
            return origin.read(connection)

    assert origin_now() is DatabaseOrigin.OWN
    importer.run(kimai, target, silent)
    assert origin_now() is DatabaseOrigin.IMPORTED


def test_what_cannot_be_the_same_is_said(kimai: Database, target: Database) -> None:
    report = importer.run(kimai, target, silent)
    assert report.changed == {
        "groups_users: links to what isn't there, left out": 1,
        "groups_customers: links to what isn't there, left out": 1,
        "groups_projects: links to what isn't there, left out": 1,
        "users.mail: null, stored as ''": 4,
    }


def test_an_entry_without_a_status_gets_the_default_one(tmp_path: Path, target: Database) -> None:
    with kimai1.database(tmp_path, **kimai1.updated()) as kimai:
        report = importer.run(kimai, target, silent)
    assert report.changed["timeSheet.statusID: null, stored as '1'"] == 1
    assert records(target, m.TimeEntry.__table__)[1]["statusID"] == 1


@pytest.mark.parametrize(
    ("how", "rule", "revision"),
    [
        (kimai1.older(1387, version="1.0.0"), Rounding.CLOSEST_DURATION, "1394"),
        (kimai1.older(1393, version="1.3.4"), Rounding.CLOSEST_HALF_DOWN, "1394"),
        (kimai1.older(1394), Rounding.OUTWARD, "1394"),
        (kimai1.branch(), Rounding.CLOSEST, "1400"),
    ],
    ids=["1.0.0", "1.3.4", "1.3.5", "branch"],
)
def test_times_are_rounded_as_before(
    tmp_path: Path, target: Database, how: dict[str, Any], rule: Rounding, revision: str
) -> None:
    with kimai1.database(tmp_path, **how) as kimai:
        importer.run(kimai, target, silent)
    options = target.run(Options.load, writes=False)
    assert (options.rounding, options.round_precision) == (rule, 1)
    stored = records(target, m.Configuration.__table__)
    assert stored["revision"]["value"] == revision


def test_new_records_get_new_numbers(kimai: Database, target: Database) -> None:
    importer.run(kimai, target, silent)

    def add(session: Any) -> list[int]:
        entry = m.TimeEntry(userID=2, projectID=1, activityID=1, start=1, end=2, statusID=1)
        user = m.User(name="new 😀", globalRoleID=2)
        group = m.Group(name="new")
        session.add_all([entry, user, group])
        session.flush()
        return [entry.timeEntryID, user.userID, group.groupID]

    ids = target.run(add, writes=True)
    assert ids == [11, kimai1.ADMIN + 1, 3]


def test_ids_of_records_that_were_removed_before_stay_unused(
    created: Database, tmp_path: Path
) -> None:
    """Programs may still have them."""

    def add(session: Any) -> list[int]:
        records = [
            m.TimeEntry(userID=2, projectID=1, activityID=1, start=1, end=2, statusID=1),
            m.Expense(userID=2, projectID=1, designation="new"),
            m.Project(name="new", customerID=1),
        ]
        session.add_all(records)
        session.flush()
        return [inspect(record).identity[0] for record in records]

    url = f"sqlite:///{tmp_path / 'ids.sqlite3'}"
    if created.dialect.has_server:
        url = created.url.render_as_string(hide_password=False)
    target = Database(url, f"Ids{os.getpid()}_")
    databases.drop(target)
    try:
        with kimai1.database(tmp_path) as kimai:
            with kimai.begin() as connection:
                for name, key in (("timeSheet", 1000), ("expenses", 2000), ("projects", 3000)):
                    table = f"{kimai.prefix}{name}"
                    connection.exec_driver_sql(f"ALTER TABLE {table} AUTO_INCREMENT={key}")
            importer.run(kimai, target, silent)
            assert importer.run(kimai, target, silent).already
        assert target.run(add, writes=True) == [1000, 2000, 3000]
    finally:
        databases.drop(target)
        target.close()


def test_sums_are_compared_to_the_cent(kimai: Database, target: Database) -> None:
    report = importer.run(kimai, target, silent)
    totals = {(total.topic, total.name): total.target for total in report.totals}
    entries = kimai1.rows_of(kimai, "timeSheet")
    for user in {row["userID"] for row in entries}:
        seconds = sum(row["duration"] for row in entries if row["userID"] == user)
        assert totals[control_totals.HOURS, str(user)] == Decimal(seconds) / 3600
    earned = sum(
        row["fixedRate"] or row["rate"] * row["duration"] / 3600
        for row in entries
        if row["projectID"] == 1
    )
    assert totals[control_totals.EARNED, "1"] == earned
    assert totals[control_totals.SPENT, "1"] == Decimal("49.975")
    assert totals[control_totals.SPENT, "55"] == Decimal("-3.1")
    assert totals["records", "timeSheet"] == len(entries)


def test_doing_it_again_changes_nothing(kimai: Database, target: Database) -> None:
    importer.run(kimai, target, silent)
    before = {table.name: read(target, select(table)) for table in m.Base.metadata.sorted_tables}
    report = importer.run(kimai, target, silent)
    assert report.already
    assert report.differences == []
    after = {table.name: read(target, select(table)) for table in m.Base.metadata.sorted_tables}
    assert after == before


def test_nothing_else_changes_the_schema_meanwhile(
    kimai: Database, target: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not target.dialect.has_server:
        pytest.skip("SQLite itself lets only one process write")
    monkeypatch.setattr(mariadb, "LOCK_TIMEOUT", 1)
    url = target.url.render_as_string(hide_password=False)
    refusals: list[str] = []

    def recount_once(table: str, _done: int, _total: int | None) -> None:
        if table != "timeSheet" or refusals:
            return
        with closing(Database(url, target.prefix)) as other:
            try:
                entry_counts.recount(other, lambda *_: None)
            except ConfigurationError as error:
                refusals.append(str(error))

    assert importer.run(kimai, target, recount_once).differences == []
    assert refusals == [str(SchemaLocked())]
    with target.begin() as connection:
        assert entry_counts.enabled(connection)


def test_a_used_database_is_left_alone(kimai: Database, target: Database) -> None:
    target.run(lambda session: session.add(m.Group(name="ours")), writes=True)
    with pytest.raises(ImportRefused, match="left as it is") as refused:
        importer.run(kimai, target, silent)
    assert refused.value.report is not None
    assert {total.name for total in refused.value.report.differences} >= {"users", "timeSheet"}
    assert [row.name for row in read(target, select(m.Group.name))] == ["ours"]
    assert read(target, select(m.User.userID)) == []


def test_text_is_repaired_on_request(kimai: Database, target: Database) -> None:
    report = importer.run(kimai, target, silent, repair_text=True)
    assert {what: count for what, count in report.changed.items() if "repaired" in what} == {
        "users: texts repaired": 1,
        "customers: texts repaired": 1,
        "activities: texts repaired": 1,
        "timeSheet: texts repaired": 1,
        "expenses: texts repaired": 1,
    }
    assert records(target, m.Customer.__table__)[1]["company"] == "Müller & Söhne GmbH"
    assert records(target, m.Customer.__table__)[1]["name"] == "Müller & Söhne"
    assert records(target, m.TimeEntry.__table__)[1]["description"] == "Prüfung der Anlage"


def test_a_failure_halfway_leaves_nothing(kimai: Database, target: Database) -> None:
    class Interrupted(Exception):
        pass

    def interrupt(table: str, done: int, _total: int) -> None:
        if table == "timeSheet" and done:
            raise Interrupted

    with pytest.raises(Interrupted):
        importer.run(kimai, target, interrupt)
    assert read(target, select(func.count()).select_from(m.User))[0][0] == 0
    assert importer.run(kimai, target, silent).differences == []


def test_a_copy_that_differs_is_not_kept(
    kimai: Database, target: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer.mojibake, "repair", lambda text: text)
    real = importer._Copy.all

    def lossy(copy: Any, *arguments: Any) -> None:
        real(copy, *arguments)
        copy._writing.execute(
            m.TimeEntry.__table__.update().where(m.TimeEntry.timeEntryID == 2).values(duration=5399)
        )

    monkeypatch.setattr(importer._Copy, "all", lossy)
    with pytest.raises(ImportRefused, match="isn't the same") as refused:
        importer.run(kimai, target, silent)
    assert refused.value.report is not None
    differing = {(total.topic, total.name) for total in refused.value.report.differences}
    assert differing == {(control_totals.HOURS, str(kimai1.ANNA))}
    assert read(target, select(m.User.userID)) == []


def test_an_older_revision_gets_what_kimai_would_give_it(tmp_path: Path, target: Database) -> None:
    missing = [
        ("globalRoles", f"core-{viewed}-otherGroup-view")
        for viewed in ("customer", "project", "activity", "group", "user")
    ]
    missing += [
        ("globalRoles", "demo_ext-access"),
        ("membershipRoles", "core-user-view"),
        ("users", "passwordResetHash"),
        ("customers", "passwordResetHash"),
        ("customers", "country"),
    ]
    with kimai1.database(tmp_path, **kimai1.older(1374, *missing)) as kimai:
        assert importer.run(kimai, target, silent).differences == []
    roles = records(target, m.GlobalRole.__table__)
    assert [roles[number]["core-user-otherGroup-view"] for number in (1, 2, 3)] == [1, 1, 1]
    assert [roles[number]["demo_ext-access"] for number in (1, 2, 3)] == [1, 0, 0]
    members = records(target, m.MembershipRole.__table__)
    assert [members[number]["core-user-view"] for number in (1, 2, 3)] == [1, 0, 1]
    assert records(target, m.Customer.__table__)[1]["country"] is None
    assert records(target, m.Configuration.__table__)["revision"]["value"] == "1394"


def test_a_database_that_does_not_exist_is_made(kimai: Database, tmp_path: Path) -> None:
    new = Database(f"sqlite:///{tmp_path / 'new.sqlite3'}")
    assert importer.run(kimai, new, silent).differences == []
    schema.check(new)
    new.close()


def test_a_source_that_is_none(kimai: Database, target: Database) -> None:
    with pytest.raises(ImportRefused, match="same database"):
        importer.run(kimai, kimai, silent)
