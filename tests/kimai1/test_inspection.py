"""What an inspection finds in a Kimai 1 database."""

from __future__ import annotations

from pathlib import Path

import pytest

from kimai_remote.errors import ConfigurationError
from kimai_remote.kimai1.inspection import BLOCKER, NOTE, PROBLEM, DataFinding, inspect
from kimai_remote.storage import models as m
from kimai_remote.storage.rights import GLOBAL_RIGHTS, MEMBERSHIP_RIGHTS
from kimai_remote.storage.transactions import Database
from support import kimai1

pytestmark = pytest.mark.servers


def find(findings: list[DataFinding], topic: str, text: str = "") -> DataFinding:
    matching = [one for one in findings if one.topic == topic and text in one.text]
    assert len(matching) == 1, (topic, text, findings)
    return matching[0]


def test_everything_awkward_is_found(kimai: Database) -> None:
    before = {name: kimai1.rows_of(kimai, name) for name in kimai1.TABLES}
    inspection = inspect(kimai)
    assert (inspection.revision, inspection.version) == (1394, "1.3.5")
    assert (inspection.adoption_problem, inspection.import_problem) == ("", "")
    assert inspection.counts == {name: len(kimai1.ROWS[name]) for name in inspection.counts}
    assert set(inspection.counts) == set(kimai1.TABLES)
    findings = inspection.findings
    assert find(findings, "orphans", "timeSheet.userID").examples == ("99",)
    assert find(findings, "orphans", "timeSheet.projectID").count == 2
    assert find(findings, "orphans", "projects.customerID").examples == ("55",)
    assert find(findings, "orphans", "expenses.projectID").count == 1
    assert find(findings, "links to nothing", "groups_users.userID").examples == ("88",)
    assert find(findings, "links to nothing", "groups_customers.groupID").count == 1
    assert set(find(findings, "status", "doesn't exist").examples) == {"0", "9"}
    assert find(findings, "unknown role", "global").examples == ("clara",)
    assert find(findings, "unknown role", "members").examples == (str(kimai1.CLARA),)
    timers = find(findings, "running recordings")
    assert (timers.level, timers.examples) == (PROBLEM, (str(kimai1.BEN),))
    assert find(findings, "times", "before they start").examples == ("6",)
    assert find(findings, "times", "end - start").examples == ("10",)
    assert find(findings, "times", "1970").examples == ("9",)
    assert find(findings, "duplicate names", "customers").count == 1
    assert find(findings, "time zone", "users").examples == ("Middle/Earth",)
    assert find(findings, "character set", "latin1").count > 10
    assert find(findings, "double encoding", "timeSheet.description").examples == (
        f"{kimai1.spoil('Prüfung der Anlage')} → Prüfung der Anlage",
    )
    spoilt = {one.text.split(":")[0] for one in findings if one.topic == "double encoding"}
    assert spoilt == {
        "users.alias",
        "customers.company",
        "activities.name",
        "timeSheet.description",
        "expenses.comment",
    }
    assert not [one for one in findings if one.topic == "table engine"]
    assert {name: kimai1.rows_of(kimai, name) for name in kimai1.TABLES} == before


def test_tables_without_transactions_are_a_problem(tmp_path: Path) -> None:
    with kimai1.database(tmp_path, engine="MyISAM") as kimai:
        engines = find(inspect(kimai).findings, "table engine")
        assert (engines.level, engines.count) == (PROBLEM, len(kimai1.TABLES))


def test_an_entry_without_a_status(tmp_path: Path) -> None:
    with kimai1.database(tmp_path, **kimai1.updated()) as kimai:
        assert find(inspect(kimai).findings, "status", "without").count == 1


@pytest.mark.parametrize(
    ("options", "level", "parts"),
    [
        ({}, NOTE, ("1 minute", "start down, end up", "allowRoundDown 1")),
        ({"roundPrecision": "15"}, NOTE, ("15 minutes",)),
        ({"roundPrecision": "0"}, NOTE, ("aren't rounded",)),
        ({"roundPrecision": None}, NOTE, ("aren't rounded",)),
        ({"allowRoundDown": "0"}, NOTE, ("both up", "allowRoundDown 0")),
        ({"allowRoundDown": None}, NOTE, ("both up", "no allowRoundDown")),
        ({"version": "1.3.4"}, NOTE, ("to the closest step, a half down", "1.3.4")),
        ({"version": "1.2.0"}, NOTE, ("duration is closest", "1.2.0")),
        ({"version": "?"}, PROBLEM, ("version '?'", "1.3.5")),
        ({"roundingMethod": "ceil"}, PROBLEM, ("both up", "Kimai 1.3.5 doesn't know")),
        ({"roundingMethod": "ceil", "revision": "1400"}, NOTE, ("both up", "roundingMethod")),
    ],
)
def test_rounding_is_told(
    kimai: Database, options: dict[str, str | None], level: str, parts: tuple[str, ...]
) -> None:
    with kimai.begin() as connection:
        for option, value in options.items():
            row = m.Configuration.__table__
            connection.execute(row.delete().where(row.c.option == option))
            if value is not None:
                connection.execute(row.insert(), {"option": option, "value": value})
    rounding = find(inspect(kimai).findings, "rounding")
    assert rounding.level == level
    for part in parts:
        assert part in rounding.text


def test_passwords_that_something_else_checks(kimai: Database) -> None:
    finding = find(inspect(kimai, "ldap").findings, "authenticator")
    assert (finding.level, "'ldap'" in finding.text) == (PROBLEM, True)
    assert not [one for one in inspect(kimai, "kimai").findings if one.topic == "authenticator"]


@pytest.mark.parametrize("revision", [1387, 1388, 1391, 1393, 1394, 1400])
def test_releases_can_be_served(tmp_path: Path, revision: int) -> None:
    with kimai1.database(tmp_path, **kimai1.older(revision)) as kimai:
        inspection = inspect(kimai)
    assert (inspection.adoption_problem, inspection.import_problem) == ("", "")


def test_an_older_one_that_can_be_served(tmp_path: Path) -> None:
    missing = [
        ("users", "passwordResetHash"),
        ("customers", "passwordResetHash"),
        ("customers", "country"),
    ]
    with kimai1.database(tmp_path, **kimai1.older(1382, *missing)) as kimai:
        inspection = inspect(kimai)
    assert inspection.adoption_problem == ""
    assert len([one for one in inspection.findings if one.topic == "missing column"]) == len(
        missing
    )


def test_an_older_one_that_can_only_be_imported(tmp_path: Path) -> None:
    views = [("globalRoles", right) for right in GLOBAL_RIGHTS if right.endswith("-view")]
    views.append(("membershipRoles", "core-user-view"))
    assert "core-user-view" in MEMBERSHIP_RIGHTS
    with kimai1.database(tmp_path, **kimai1.older(1374, *views)) as kimai:
        inspection = inspect(kimai)
    assert inspection.import_problem == ""
    assert inspection.adoption_problem.startswith(
        "Revision 1374 of Kimai lacks globalRoles.core-user"
    )
    assert inspection.findings[0].level == BLOCKER


@pytest.mark.parametrize("revision", [1373, 1401])
def test_other_revisions_are_refused_by_number(tmp_path: Path, revision: int) -> None:
    with kimai1.database(tmp_path, **kimai1.older(revision)) as kimai:
        inspection = inspect(kimai)
    assert f"Revision {revision}" in inspection.import_problem
    assert f"Revision {revision}" in inspection.adoption_problem


def test_kimai_before_it_named_its_tables_in_english(kimai: Database) -> None:
    ancient = Database(kimai.url.render_as_string(hide_password=False), f"a{kimai.prefix}")
    with ancient.engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE {ancient.prefix}usr (usr_ID int)")
    try:
        with pytest.raises(ConfigurationError, match="before revision 1368"):
            inspect(ancient)
    finally:
        with ancient.engine.begin() as connection:
            connection.exec_driver_sql(f"DROP TABLE {ancient.prefix}usr")
        ancient.close()


def test_something_else_in_the_table(tmp_path: Path) -> None:
    with kimai1.database(tmp_path, **kimai1.older(1394, ("timeSheet", "rate"))) as kimai:
        assert f"{kimai.prefix}timeSheet.rate" in inspect(kimai).import_problem


def test_no_kimai_at_all(kimai: Database) -> None:
    nothing = Database(kimai.url.render_as_string(hide_password=False), "k7_")
    with pytest.raises(ConfigurationError, match="no Kimai tables with the prefix 'k7_'"):
        inspect(nothing)
    nothing.close()
