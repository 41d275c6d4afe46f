"""The SQL in the pages on Kimai 1 does what the pages say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kimai_remote.kimai1 import uninstall
from kimai_remote.storage.migrations import runner
from kimai_remote.storage.transactions import Database
from kimai_remote.tracking.passwords import PasswordHasher
from support import kimai1
from support.markdown import blocks
from support.server import ROOT

pytestmark = pytest.mark.servers


@pytest.fixture
def kimai(tmp_path: Path) -> Iterator[Database]:
    with kimai1.database(tmp_path, prefix=f"p{kimai1.PREFIX}") as database:
        yield database


def run(database: Database, block: int, *changes: tuple[str, str]) -> None:
    page = ROOT / "docs" / "how-to" / "kimai1.md"
    text = [each for each in blocks(page) if each.language == "sql"][block].code
    for old, new in (("kimai_", database.prefix), *changes):
        assert old in text
        text = text.replace(old, new)
    with database.begin() as connection:
        for statement in text.strip().removesuffix(";").split(";\n"):
            connection.exec_driver_sql(statement)


def test_removing_what_is_ours_by_hand(kimai: Database) -> None:
    runner.upgrade(kimai)
    assert not uninstall.find_additions(kimai).is_empty
    run(kimai, 0)
    assert uninstall.find_additions(kimai).is_empty


def test_a_password_that_kimai_can_check(kimai: Database) -> None:
    salt = kimai1.SALT.replace("'", "''")
    run(kimai, 1, ("'salt'", f"'{salt}'"))
    admin = next(row for row in kimai1.rows_of(kimai, "users") if row["name"] == "admin")
    assert admin["password"] == kimai1.md5("changeme")
    assert PasswordHasher(kimai1.SALT).matches("changeme", admin["password"])


def test_the_sql_for_findings(kimai: Database) -> None:
    """The statements in the table of findings can be run on Kimai's tables."""
    page = ROOT / "docs" / "reference" / "checks.md"
    statements = re.findall(r"`((?:ALTER|DELETE|UPDATE) [^`]*)`", page.read_text(encoding="utf-8"))
    assert len(statements) > 3
    with kimai.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement.replace("kimai_", kimai.prefix))
