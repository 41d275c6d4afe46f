"""Dialects: drivers' errors are classified by their codes, on each database."""

from __future__ import annotations

import sqlite3
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import make_url

from kimai_remote.errors import ConfigurationError
from kimai_remote.storage.dialects import DIALECTS, Dialect, Failure, for_url


def sqlite_error(name: str) -> Any:
    return SimpleNamespace(sqlite_errorname=name)


def postgresql_error(sqlstate: str) -> Any:
    return SimpleNamespace(sqlstate=sqlstate)


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("scheme", "error", "failure"),
    [
        ("sqlite", sqlite_error("SQLITE_BUSY"), Failure.CONFLICT),
        ("sqlite", sqlite_error("SQLITE_BUSY_SNAPSHOT"), Failure.CONFLICT),
        ("sqlite", sqlite_error("SQLITE_IOERR_WRITE"), Failure.LOST_CONNECTION),
        ("sqlite", sqlite_error("SQLITE_CONSTRAINT_UNIQUE"), None),
        ("sqlite", sqlite3.ProgrammingError("no code"), None),
        ("postgresql", postgresql_error("40P01"), Failure.CONFLICT),
        ("postgres", postgresql_error("57P01"), Failure.LOST_CONNECTION),
        ("postgresql", postgresql_error("22P05"), Failure.UNSTORABLE_TEXT),
        ("postgresql", postgresql_error("23505"), None),
        ("postgresql", ValueError("40P01"), None),
        ("mariadb", Exception(1213, "deadlock"), Failure.CONFLICT),
        ("mysql", Exception(1927, "killed"), Failure.LOST_CONNECTION),
        ("mariadb", Exception(1267, "collations"), Failure.UNCOMPARABLE_TEXT),
        ("mariadb", Exception(1366, "string"), Failure.UNSTORABLE_TEXT),
        ("mariadb", Exception(1064, "Trigger 'count' has an error in its body"), Failure.CONFLICT),
        ("mariadb", Exception(1064, "Unknown trigger has an error in its body"), Failure.CONFLICT),
        ("mariadb", Exception(1064, "You have an error in your SQL syntax"), None),
        ("mariadb", Exception(1062, "duplicate"), None),
        ("mariadb", Exception(), None),
    ],
)
def test_errors_are_classified(scheme: str, error: Any, failure: Failure | None) -> None:
    assert for_url(make_url(f"{scheme}://host/name")).failure(error) is failure


@pytest.mark.one_database
@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_a_server_has_a_driver_and_a_file_has_none(dialect: Dialect) -> None:
    url = make_url(f"{dialect.name}://host/name")
    assert dialect.has_server == bool(dialect.extra)
    assert dialect.has_server == bool(dialect.dump_program) == (dialect.file(url) is None)


@pytest.mark.one_database
def test_other_databases_are_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match="'oracle' are not supported"):
        for_url(make_url("oracle://host/name"))
