"""Connections: lost ones, slow statements, every character of Unicode, pool settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session

from kimai_remote.errors import ConfigurationError, Refused, Unavailable
from kimai_remote.storage import models as m
from kimai_remote.storage import prepared_statements, tables
from kimai_remote.storage.transactions import Database
from support import databases

pytestmark = pytest.mark.each_driver


@pytest.fixture
def other(database: Database) -> Iterator[Database]:
    """The same database with a pool of its own."""
    url = database.url.render_as_string(hide_password=False)
    other = Database(url, database.prefix, statement_timeout=2)
    yield other
    other.close()


@pytest.fixture
def database_server(database: Database) -> Database:
    if database.dialect.name == "sqlite":
        pytest.skip("SQLite has no server that could break off a connection")
    return database


def connection_id(session: Session) -> int:
    """The server's ID of the session's connection."""
    mariadb = session.get_bind().dialect.name == "mariadb"
    return session.scalar(text("SELECT CONNECTION_ID()" if mariadb else "SELECT pg_backend_pid()"))


def end(database: Database, lost: int) -> None:
    """End a connection from outside, as a restart of the server does."""
    ends = (
        f"KILL {lost}"
        if database.dialect.name == "mariadb"
        else f"SELECT pg_terminate_backend({lost}, 5000)"
    )
    with database.engine.connect() as connection:
        connection.exec_driver_sql(ends)


def break_off(database: Database, session: Session) -> None:
    end(database, connection_id(session))


def groups(database: Database) -> list[str]:
    return list(
        database.run(lambda session: session.scalars(select(m.Group.name)).all(), writes=False)
    )


@pytest.fixture(autouse=True)
def _no_rows(database: Database) -> None:
    databases.empty(database)


def test_idle_connections_that_broke_are_replaced(
    database_server: Database, other: Database
) -> None:
    with Session(other.engine) as session:
        lost = connection_id(session)
    end(database_server, lost)
    assert groups(other) == []
    assert other.run(connection_id, writes=False) != lost


def test_a_call_whose_connection_breaks_is_done_once(
    database_server: Database, other: Database
) -> None:
    attempts = []

    def work(session: Session) -> None:
        attempts.append(1)
        session.add(m.Group(name=f"attempt {len(attempts)}"))
        session.flush()
        if len(attempts) == 1:
            break_off(database_server, session)
            session.execute(text("SELECT 1"))

    other.run(work, writes=True)
    assert groups(other) == ["attempt 2"]


def test_a_prepared_statement_whose_connection_broke_is_run_again(
    database_server: Database, other: Database
) -> None:
    query = select(tables.groups.c.name)
    connections = []

    def work(connection: Connection) -> list[Any]:
        with Session(connection) as session:
            connections.append(connection_id(session))
        if len(connections) == 1:
            end(database_server, connections[0])
        return prepared_statements.fetch(connection, query, {})

    assert other.execute(work, writes=False) == []
    assert len(set(connections)) == 2


def test_a_connection_that_keeps_breaking_is_unavailable(
    database_server: Database, other: Database
) -> None:
    attempts = []

    def work(session: Session) -> None:
        attempts.append(1)
        break_off(database_server, session)
        session.execute(text("SELECT 1"))

    with pytest.raises(Unavailable):
        other.run(work, writes=True)
    assert len(attempts) == 2
    assert groups(other) == []


def test_a_broken_commit_is_not_done_again(database_server: Database, other: Database) -> None:
    """It may have been done; doing it again might do it twice."""
    attempts = []

    def work(session: Session) -> None:
        attempts.append(1)
        session.add(m.Group(name="perhaps"))
        session.flush()
        break_off(database_server, session)

    with pytest.raises(Unavailable):
        other.run(work, writes=True)
    assert len(attempts) == 1
    assert groups(other) == []


def test_a_server_that_is_down_is_unavailable(database_server: Database) -> None:
    url = database_server.url.set(port=1).render_as_string(hide_password=False)
    down = Database(url)
    with pytest.raises(Unavailable):
        groups(down)
    down.close()


FOREVER = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
    "SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(60)",
    # SLEEP() itself ends early without an error.
    "mariadb": "SELECT count(*) FROM seq_1_to_100000000 a, seq_1_to_100000000 b "
    "WHERE a.seq < b.seq",
}


def test_a_statement_that_takes_too_long_is_broken_off(other: Database) -> None:
    statement = text(FOREVER[other.engine.dialect.name])
    with pytest.raises(Unavailable):
        other.run(lambda session: session.scalar(statement), writes=False)
    assert groups(other) == []  # its connection is usable again


def test_without_a_limit_statements_may_take_their_time(database: Database) -> None:
    limits = {"postgresql": "SHOW statement_timeout", "mariadb": "SELECT @@max_statement_time"}
    if database.dialect.name == "sqlite":
        pytest.skip("SQLite has no such setting to look at")
    url = database.url.render_as_string(hide_password=False)
    unlimited = Database(url, statement_timeout=0)
    with unlimited.engine.connect() as connection:
        assert float(connection.scalar(text(limits[database.engine.dialect.name]))) == 0
    unlimited.close()


TEXTS = [
    "emoji 😀👩‍👩‍👧",
    "𠜎 four bytes",
    "שלום עולם",
    "Ünïcödé",
    "中文",
    "\u200b\ufeff",
    "\t\r\n",
    "\x01\x7f",
]


@pytest.mark.parametrize("value", TEXTS, ids=ascii)
def test_every_character_comes_back(database: Database, value: str) -> None:
    database.run(lambda session: session.add(m.Group(name=value)), writes=True)
    stored = database.run(
        lambda session: session.scalar(select(m.Group.name).where(m.Group.name == value)),
        writes=False,
    )
    assert stored == value


def test_capitals_of_names_count(database: Database) -> None:
    """The same on each database, so that an import finds room for both."""

    def add(session: Any) -> None:
        session.add_all([m.User(name=name, globalRoleID=1) for name in ("anna", "Anna", "ánna")])

    database.run(add, writes=True)
    named = select(m.User.name).where(m.User.name == "Anna")
    assert database.run(lambda session: session.scalars(named).all(), writes=False) == ["Anna"]


def test_a_pool_without_a_free_connection_is_unavailable(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kimai_remote.storage import engine

    monkeypatch.setattr(engine, "LOCK_TIMEOUT", 1)
    url = database.url.render_as_string(hide_password=False)
    small = Database(url, database.prefix, pool_size=1)
    connect = small.engine.connect
    with connect(), connect(), connect(), pytest.raises(Unavailable):
        groups(small)
    assert groups(small) == []
    small.close()


def test_a_text_that_the_database_cannot_hold(database: Database) -> None:
    if database.dialect.name != "mariadb":
        pytest.skip("only MariaDB has columns of another character set")
    table = f"{database.prefix}latin"
    with database.engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE {table} (a varchar(9)) CHARSET latin1")
    try:
        statement = text(f"INSERT INTO {table} VALUES (:a)")
        with pytest.raises(Refused, match="characters"):
            database.run(lambda session: session.execute(statement, {"a": "☕"}), writes=True)
    finally:
        with database.engine.begin() as connection:
            connection.exec_driver_sql(f"DROP TABLE {table}")


@pytest.mark.parametrize("url", ["nonsense", "sqlite://", "sqlite:///:memory:", "oracle://x/y"])
def test_urls_that_lead_nowhere(url: str) -> None:
    with pytest.raises(ConfigurationError):
        Database(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:hidden@127.0.0.1/x",
        "postgresql://127.0.0.1/x?password=hidden&user=user",
        "mariadb://127.0.0.1/x?user=user&passwd=hidden",
    ],
)
def test_passwords_are_not_shown(url: str) -> None:
    shown = Database(url).name
    assert "hidden" not in shown
    assert "user" in shown
