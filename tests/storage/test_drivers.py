"""The drivers for MariaDB: which one is chosen, and that it makes no other difference."""

from __future__ import annotations

import importlib.util
import sys
import warnings
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import trustme
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError

from faults import instances
from kimai_remote.storage import engine
from kimai_remote.storage.dialects import mariadb
from kimai_remote.storage.transactions import Database
from support import databases
from support.requirements import missing


@pytest.fixture
def drivers(request: pytest.FixtureRequest) -> tuple[str, ...]:
    if request.config.option.pymysql:
        pytest.skip("--pymysql hides the other driver")
    if importlib.util.find_spec("MySQLdb") is None:
        missing("mysqlclient isn't installed")
    return ("mysqldb", "pymysql")


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("mariadb://host/name", "mariadb+mysqldb"),
        ("mysql://host/name?ssl_ca=ca.pem&unix_socket=s", "mysql+mysqldb"),
        ("mysql://host/name?ssl_check_hostname=false", "mysql+pymysql"),
        ("mysql+pymysql://host/name", "mysql+pymysql"),
        ("mariadb+mysqldb://host/name?ssl_mode=REQUIRED", "mariadb+mysqldb"),
    ],
)
def test_the_driver_for_a_url(monkeypatch: pytest.MonkeyPatch, url: str, driver: str) -> None:
    monkeypatch.setitem(sys.modules, "MySQLdb", mariadb)  # any module will do
    assert engine.parse(url).drivername == driver


def test_pymysql_where_mysqlclient_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "MySQLdb", None)
    assert engine.parse("mysql://host/name").drivername == "mysql+pymysql"


@pytest.mark.parametrize("driver", ["mysqldb", "pymysql"])
def test_a_parameter_that_the_driver_does_not_know(drivers: tuple[str, ...], driver: str) -> None:
    with (
        closing(Database(f"mariadb+{driver}://127.0.0.1/name?sslmode=require")) as database,
        pytest.raises(OperationalError, match=r"know a parameter of the database URL.*'sslmode'"),
    ):
        database.engine.connect()


def with_driver(url: str, driver: str) -> str:
    backend, rest = url.split("://")
    return f"{backend.partition('+')[0]}+{driver}://{rest}"


TABLE = """
CREATE TEMPORARY TABLE everything (
    id INT AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(20) UNIQUE,
    latin VARCHAR(20) CHARSET latin1,
    exact VARCHAR(20) COLLATE utf8mb4_bin,
    note LONGTEXT,
    amount DECIMAL(10, 2),
    ratio DOUBLE,
    flag TINYINT(1),
    big BIGINT UNSIGNED,
    day DATE,
    hash VARBINARY(20)
) CHARSET utf8mb4
"""
FULL = {
    "name": "😀 'q' \"d\" %s %% \\ \0 \x1a \r\n",
    "latin": "é",
    "exact": "ẞ",
    "note": "n" * 100_000,
    "amount": Decimal("12.50"),
    "ratio": 0.1,
    "flag": True,
    "big": 2**64 - 1,
    "day": "2024-02-29",
    "hash": b"\0\xff'\\",
}
INSERT = f"INSERT INTO everything ({', '.join(FULL)}) VALUES ({', '.join(f':{n}' for n in FULL)})"
#: On one connection, on which the table is.
STATEMENTS: list[tuple[str, Any]] = [
    (TABLE, {}),
    (INSERT, FULL),
    ("SELECT * FROM everything", {}),
    ("SELECT sum(amount), avg(big), sum(flag), max(ratio), group_concat(name) FROM everything", {}),
    ("SELECT :a, :b, :c, :d", {"a": 10**30, "b": Decimal("1E+3"), "c": 0.1, "d": None}),
    ("SELECT @@sql_mode, @@max_statement_time, @@innodb_lock_wait_timeout, @@autocommit", {}),
    ("SELECT @@tx_isolation, @@collation_connection, @@character_set_client", {}),
    # The rows that were found, not only those that are different now.
    ("UPDATE everything SET flag = 1", {}),
    ("INSERT INTO everything (name) VALUES (:name)", [{"name": f"{n}"} for n in range(5000)]),
    ("DELETE FROM everything WHERE name BETWEEN '1' AND '2'", {}),
    (INSERT, FULL),
    ("INSERT INTO everything (latin) VALUES ('☕')", {}),
    ("SELECT * FROM everything WHERE latin = :a", {"a": "☕"}),
    ("INSERT INTO everything (name) VALUES (:a)", {"a": "x" * 51}),
    ("INSERT INTO everything (flag) VALUES (300)", {}),
    ("INSERT INTO everything (day) VALUES ('0000-00-00')", {}),
    ("SELECT :a", {"a": "\ud800"}),
    ("SELECT :a", {"a": float("inf")}),
    ("SELECT 1; SELECT 2", {}),
    ("SELECT nothing FROM everything", {}),
    ("SELECT * FROM nothing", {}),
    ("LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE everything", {}),
    ("SELECT count(*) FROM seq_1_to_100000000 a, seq_1_to_100000000 b WHERE a.seq < b.seq", {}),
    ("SELECT count(*) FROM everything", {}),
]
#: Each on a connection of its own.
ERRORS = [
    *(f"SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = {code}" for code in mariadb.MariaDB.failures),
    "SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 1205",
    "KILL QUERY CONNECTION_ID()",
    "KILL CONNECTION_ID()",
]


def outcome(database: Database, connection: Connection, statement: str, values: Any = None) -> Any:
    """What comes back, or what an error means."""
    try:
        result = connection.execute(text(statement), values)
        return (repr(result.all()) if result.returns_rows else None, result.rowcount)
    except DBAPIError as error:
        return (database._classify(error), database.dialect.error_code(error.orig))
    except UnicodeEncodeError as error:
        return type(error)


@pytest.mark.servers
def test_each_driver_gives_the_same(tmp_path: Path, drivers: tuple[str, ...]) -> None:
    url = databases.url_of("mariadb", tmp_path)
    outcomes = {}
    for driver in drivers:
        with closing(Database(with_driver(url, driver), statement_timeout=1)) as database:
            with database.engine.connect() as connection:
                given = [outcome(database, connection, *each) for each in STATEMENTS]
            for statement in ERRORS:
                with database.engine.connect() as connection:
                    given.append(outcome(database, connection, statement))
        outcomes[driver] = list(zip([*STATEMENTS, *ERRORS], given, strict=True))
    assert outcomes["mysqldb"] == outcomes["pymysql"]


@pytest.mark.servers
def test_each_driver_ends_a_list_that_is_not_read_to_its_end(
    tmp_path: Path, drivers: tuple[str, ...]
) -> None:
    url = databases.url_of("mariadb", tmp_path)
    for driver in drivers:
        with closing(Database(with_driver(url, driver))) as database:
            before = []
            with (  # PyMySQL tells of it
                warnings.catch_warnings(action="ignore", category=UserWarning),
                pytest.raises(KeyError),
                database.engine.begin() as connection,
            ):
                before.append(connection.scalar(text("SELECT connection_id()")))
                statement = text("SELECT seq FROM seq_1_to_9999").execution_options(yield_per=10)
                rows = connection.execute(statement)
                assert next(iter(rows)) == (1,)
                raise KeyError
            with database.engine.connect() as connection:
                assert connection.scalar(text("SELECT connection_id()")) == before[0]


@pytest.mark.servers
def test_each_driver_verifies_the_server(tmp_path: Path, drivers: tuple[str, ...]) -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    for name, each in (("ours", authority), ("other", stranger)):
        each.cert_pem.write_to_path(tmp_path / f"{name}.pem")
    with instances.folder_of_another_user() as folder:
        files = {name: folder / f"{name}.pem" for name in ("ca", "cert", "key")}

        def issue(name: str) -> None:
            certificate = authority.issue_cert(name)
            certificate.cert_chain_pems[0].write_to_path(files["cert"])
            certificate.private_key_pem.write_to_path(files["key"])
            for path in files.values():  # whatever files of this process are readable for
                path.chmod(0o644)

        authority.cert_pem.write_to_path(files["ca"])
        issue("localhost")
        options = [f"--ssl-{name}={path}" for name, path in files.items()]
        server_folder = folder / "server"
        server_folder.mkdir()
        with instances.running("mariadb", server_folder, *options) as server:
            url = server.url.replace("127.0.0.1", "localhost")
            trusting = f"{url}?ssl_ca={tmp_path / 'ours.pem'}"
            for driver in drivers:
                assert protocol(url, driver) == protocol(trusting, driver) == "TLSv1.3"
                assert protocol(f"{url}?ssl_ca={tmp_path / 'other.pem'}", driver) is None
            server.stop()
            issue("other.example")
            server.start()
            for driver in drivers:
                assert (protocol(url, driver), protocol(trusting, driver)) == ("TLSv1.3", None)


@pytest.mark.servers
def test_no_driver_sends_a_password_without_the_encryption_asked_for(
    tmp_path: Path, drivers: tuple[str, ...]
) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    with (
        instances.folder_of_another_user() as folder,
        instances.running("mariadb", folder, "--skip-ssl") as server,
    ):
        for driver in drivers:
            assert protocol(server.url, driver) == ""
            assert protocol(f"{server.url}?ssl_ca={tmp_path / 'ca.pem'}", driver) is None


def protocol(url: str, driver: str) -> str | None:
    """The version of TLS, empty without TLS; None if the driver refuses the connection."""
    with closing(Database(with_driver(url, driver))) as database:
        try:
            with database.engine.connect() as connection:
                status = connection.exec_driver_sql("SHOW STATUS LIKE 'Ssl_version'").one()
        except OperationalError as error:
            assert database.dialect.error_code(error.orig) in (2003, 2026), error
            return None
    return str(status[1])
