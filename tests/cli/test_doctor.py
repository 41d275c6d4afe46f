"""``kimai-remote doctor``: it finds what is wrong, says what to do, and changes nothing."""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import insert, update
from sqlalchemy.exc import DBAPIError

from kimai_remote.cli.doctor import certificates, database, machine
from kimai_remote.cli.doctor.finding import Level
from kimai_remote.cli.main import app
from kimai_remote.config import Settings
from kimai_remote.storage import entry_counts, schema
from kimai_remote.storage import models as m
from kimai_remote.storage.origin import WEB_OPTIONS
from kimai_remote.storage.transactions import Database
from kimai_remote.tracking.authentication import ApiKeyDeriver
from support import databases
from support.certificates import certificate
from support.server import free_port, serving
from support.world import World

Found = dict[str, dict[str, Any]]


pytestmark = pytest.mark.usefixtures("folder")


def doctor(**environ: str) -> tuple[int, Found]:
    """The exit code, and what was found of each thing: the worst of it."""
    variables = {f"KIMAI_REMOTE_{name}": value for name, value in environ.items()}
    result = CliRunner().invoke(app, ["doctor", "--json"], env=variables)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    rows = sorted(json.loads(result.output)["findings"], key=lambda row: row["level"] != "right")
    return result.exit_code, {row["about"]: row for row in rows}


@pytest.fixture
def environ(world: World, folder: Path) -> dict[str, str]:
    """What names the database of the known world, with counts that triggers keep."""
    with world.database.begin() as connection:
        entry_counts.enable(connection)
    if world.database.dialect.name == "sqlite":  # as the service makes it
        Path(world.database.url.database or "").chmod(0o600)
    (folder / "data").mkdir(mode=0o700)
    return {
        "DATABASE_URL": world.database.url.render_as_string(hide_password=False),
        "TABLE_PREFIX": world.database.prefix,
        "DATA_DIR": str(folder / "data"),
        "SECRET": "0123456789abcdef",
    }


def levels(found: Found) -> dict[str, str]:
    return {about: row["level"] for about, row in found.items() if row["level"] != "right"}


def test_all_is_right(environ: dict[str, str], world: World) -> None:
    world.add_entry(start=world.now - 7200, end=world.now - 3600)
    code, found = doctor(**environ)
    assert (code, levels(found)) == (0, {})
    expected = {"database", "character set", "schema", "counts", "address", "program"}
    expected |= (
        {"journal", "disk space"}
        if world.database.dialect.name == "sqlite"
        else {"clock", "connections"}
    )
    assert expected <= set(found)
    assert "correct" in found["counts"]["text"]


def test_a_database_url_with_several_hosts(environ: dict[str, str], world: World) -> None:
    """It looks at the primary, though its own connections are read-only."""
    url = world.database.url
    if world.database.dialect.name != "postgresql":
        pytest.skip("only PostgreSQL's URLs have several hosts")
    query = {"host": f"127.0.0.1,{url.host}", "port": f"{free_port()},{url.port or 5432}"}
    listed = url._replace(host=None, port=None, query=query).render_as_string(hide_password=False)
    code, found = doctor(**environ | {"DATABASE_URL": listed})
    assert (code, levels(found)) == (0, {})
    assert f",{url.host}:" in found["database"]["text"]


def test_counts_that_are_not_true(environ: dict[str, str], world: World) -> None:
    world.add_entry(start=world.now - 7200, end=world.now - 3600)
    with world.database.begin() as connection:
        mine = m.EntryCount.userID == world.alice
        connection.execute(update(m.EntryCount).where(mine).values(entries=7))
    code, found = doctor(**environ)
    assert (code, levels(found)) == (1, {"counts": "wrong"})
    assert f"userID {world.alice})" in found["counts"]["text"]
    variables = {f"KIMAI_REMOTE_{name}": value for name, value in environ.items()}
    assert CliRunner().invoke(app, ["db", "recount"], env=variables).exit_code == 0
    assert doctor(**environ)[0] == 0


def test_triggers_that_are_gone(environ: dict[str, str], world: World) -> None:
    with world.database.begin() as connection:
        entry_counts.disable(connection)
        marker = {"userID": entry_counts.MARKER, "cleared": 0, "projectID": 0}
        marker |= {"activityID": 0, "statusID": 0}
        connection.execute(insert(m.EntryCount), marker)
    code, found = doctor(**environ)
    assert (code, levels(found)) == (1, {"counts": "wrong"})
    assert "triggers for insert on timeSheet, update on timeSheet, " in found["counts"]["text"]
    with world.database.begin() as connection:
        entry_counts.disable(connection)
    code, found = doctor(**environ)
    assert (code, levels(found)) == (0, {"counts": "warning"})
    with world.database.begin() as connection:
        assert entry_counts.enable(connection)


def test_another_prefix(environ: dict[str, str], world: World) -> None:
    code, found = doctor(**environ | {"TABLE_PREFIX": "other_"})
    assert (code, levels(found)) == (0, {"schema": "warning"})
    assert world.database.prefix in found["schema"]["advice"]


def test_an_old_schema(environ: dict[str, str], world: World) -> None:
    version = m.schema_version
    try:
        with world.database.begin() as connection:
            connection.execute(version.update().values(version_num="0001"))
        code, found = doctor(**environ)
    finally:
        with world.database.begin() as connection:
            connection.execute(version.update().values(version_num=schema.LATEST))
    assert (code, levels(found)) == (1, {"schema": "wrong"})
    assert "kimai-remote db upgrade" in found["schema"]["text"]


def test_nothing_is_made_where_nothing_is(folder: Path) -> None:
    code, found = doctor(DATA_DIR="new/data", AUDIT_LOG="audit.log")
    assert code == 0
    assert levels(found) == dict.fromkeys(
        ("data directory", "server secret", "database"), "warning"
    )
    assert list(folder.iterdir()) == []


def test_nothing_is_changed(folder: Path) -> None:
    data = folder / "data"
    data.mkdir(mode=0o700)
    made = databases.create("sqlite", data)
    made.close()
    (data / "secret").write_text("0123456789abcdef")
    (data / "secret").chmod(0o600)
    file = data / "test.sqlite3"
    for mode in ("wal", "delete"):
        with closing(sqlite3.connect(file)) as connection:
            connection.execute(f"PRAGMA journal_mode={mode}")
        before = {path: path.read_bytes() for path in data.iterdir()}
        _, found = doctor(
            DATA_DIR=str(data), DATABASE_URL=f"sqlite:///{file}", TABLE_PREFIX=made.prefix
        )
        assert {path: path.read_bytes() for path in data.iterdir()} == before
        assert found["journal"]["level"] == ("right" if mode == "wal" else "warning")


def test_a_read_only_database_takes_no_change(world: World) -> None:
    url = world.database.url.render_as_string(hide_password=False)
    with (
        closing(Database(url, world.database.prefix, read_only=True)) as reading,
        pytest.raises(DBAPIError, match=r"(?i)read.?only"),
        reading.engine.begin() as connection,
    ):
        connection.execute(insert(m.Group).values(name="new", trash=0))


def test_what_others_have_access_to(folder: Path) -> None:
    data = folder / "data"
    with serving(folder):
        pass
    data.chmod(0o777)
    (data / "kimai.sqlite3").chmod(0o644)
    (data / "secret").chmod(0o644)
    code, found = doctor(DATA_DIR=str(data))
    assert code == 1
    assert levels(found) == {
        "data directory": "warning",
        "database file": "warning",
        "server secret": "wrong",
    }
    assert "chmod 600" in found["server secret"]["text"]


def test_a_wrong_configuration_is_a_finding(folder: Path) -> None:
    code, found = doctor(PROT="1")
    assert (code, list(found)) == (1, ["settings"])
    assert "Did you mean KIMAI_REMOTE_PORT?" in found["settings"]["text"]


def test_a_file_with_secrets_that_the_group_may_read(folder: Path) -> None:
    file = folder / "kimai-remote.toml"
    file.write_text('secret = "0123456789abcdef"\ndatabase_url = "sqlite:///a.sqlite3"\n')
    file.chmod(0o640)
    _, found = doctor()
    assert found["configuration file"]["level"] == "right"
    assert "can read the secrets" in found["configuration file"]["text"]
    assert "2 from the file" in found["settings"]["text"]
    file.chmod(0o660)
    assert doctor()[1]["configuration file"]["level"] == "warning"


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_database_that_is_not_there(folder: Path, kind: str) -> None:
    url = f"{kind}://kimai:p4ssw0rd@127.0.0.1:{free_port()}/kimai"
    code, found = doctor(DATABASE_URL=url, SECRET="0123456789abcdef")
    assert (code, levels(found)) == (1, {"database": "wrong"})
    assert "Check that its server is running" in found["database"]["advice"]
    assert "p4ssw0rd" not in str(found)


def test_the_address(folder: Path) -> None:
    assert doctor(HOST="0.0.0.0")[1]["address"]["level"] == "wrong"  # noqa: S104
    code, found = doctor(HOST="0.0.0.0", TRUSTED_PROXIES="1")  # noqa: S104
    assert (code, found["address"]["level"]) == (0, "warning")
    assert doctor(HOST="0.0.0.0", INSECURE="1")[1]["address"]["level"] == "warning"  # noqa: S104
    assert doctor(HOST="::1")[1]["address"]["level"] == "right"


def test_certificates(folder: Path) -> None:
    cert, key = certificate(folder, "one", until=datetime.now(UTC) + timedelta(days=2))
    _, other = certificate(folder, "two")
    code, found = doctor(TLS_CERT=str(cert), TLS_KEY=str(key))
    assert (code, found["certificate"]["level"]) == (0, "warning")  # it is good for two days
    assert "in 1 day" in found["certificate"]["text"]
    code, found = doctor(TLS_CERT=str(cert), TLS_KEY=str(other))
    assert (code, found["certificate"]["level"]) == (1, "wrong")
    code, found = doctor(TLS_CERT=str(cert), TLS_KEY=str(folder / "none"))
    assert "can't be read" in found["certificate"]["text"]
    key.chmod(0o644)
    assert doctor(TLS_CERT=str(cert), TLS_KEY=str(key))[1]["private key"]["level"] == "wrong"


@pytest.mark.parametrize(
    ("days", "level"), [(-1, Level.WRONG), (3, Level.WARNING), (90, Level.RIGHT)]
)
def test_the_end_of_a_certificate(days: int, level: Level) -> None:
    assert certificates.judged("x", time.time() + days * 86_400 + 60).level is level


def test_a_certificate_that_has_ended(folder: Path) -> None:
    cert, key = certificate(folder, until=datetime.now(UTC) - timedelta(days=1))
    found = doctor(TLS_CERT=str(cert), TLS_KEY=str(key))[1]["certificate"]
    assert (found["level"], "expired" in found["text"]) == ("wrong", True)


@pytest.mark.parametrize(
    ("ahead", "level"), [(0.3, Level.RIGHT), (-5, Level.WARNING), (3600, Level.WRONG)]
)
def test_clocks(ahead: float, level: Level) -> None:
    assert database._clock(ahead).level is level


@pytest.mark.parametrize(
    ("free", "level"), [(10**7, "wrong"), (5 * 10**8, "warning"), (10**11, "right")]
)
def test_disk_space(free: int, level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database.shutil, "disk_usage", lambda _: _Usage(free))
    assert doctor()[1]["disk space"]["level"] == level


class _Usage:
    def __init__(self, free: int) -> None:
        self.free = free


@pytest.mark.parametrize(
    ("settings", "level", "text"),
    [
        ({}, "right", "30 failed logins a minute, counted by each process"),
        ({"WORKERS": "2"}, "warning", "counted by each process of 2"),
        ({"LOGIN_RATE": "0"}, "warning", "any number of logins may fail"),
        ({"LOGIN_LIMIT_REDIS": "closed"}, "warning", "each process counts by itself"),
        (
            {"LOGIN_LIMIT_REDIS": "closed", "LOGIN_LIMIT_FALLBACK": "refuse"},
            "wrong",
            "nobody can log in: Redis doesn't answer",
        ),
        ({"LOGIN_LIMIT_REDIS": "redis://host:port"}, "wrong", "login_limit_redis can't be read"),
        ({"LOGIN_LIMIT_REDIS": "redis://host/0?foo=bar"}, "wrong", "the unknown option foo"),
    ],
)
def test_the_login_limit(settings: dict[str, str], level: str, text: str, folder: Path) -> None:
    if settings.get("LOGIN_LIMIT_REDIS") == "closed":
        url = f"redis://:top-secret@127.0.0.1:{free_port()}/0"
        settings = settings | {"LOGIN_LIMIT_REDIS": url}
    _, findings = doctor(**settings)
    finding = findings["login limit"]
    assert finding["level"] == level
    assert text in finding["text"]
    assert "top-secret" not in str(finding)


def test_the_login_limit_without_its_package(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    for name in ("redis", "redis.backoff", "redis.retry"):
        monkeypatch.setitem(sys.modules, name, None)
    _, findings = doctor(LOGIN_LIMIT_REDIS="redis://localhost/0")
    assert "pip install 'kimai-remote[redis]'" in findings["login limit"]["text"]
    result = CliRunner().invoke(
        app,
        ["serve", "--port", str(free_port())],
        env={"KIMAI_REMOTE_LOGIN_LIMIT_REDIS": "redis://localhost/0"},
    )
    assert result.exit_code == 2
    assert "pip install 'kimai-remote[redis]'" in result.output


def test_few_open_files(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (100, 100))
    assert [found.level for found in machine.check(Settings())].count(Level.WARNING) == 1


def test_an_audit_log_that_can_t_be_written(folder: Path) -> None:
    assert doctor(AUDIT_LOG=str(folder))[1]["audit log"]["level"] == "wrong"
    assert doctor(AUDIT_LOG=str(folder / "none" / "a.log"))[1]["audit log"]["level"] == "wrong"
    assert list(folder.iterdir()) == []


def test_a_driver_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("MySQLdb", "pymysql"):
        monkeypatch.setitem(sys.modules, module, None)
    found = doctor(DATABASE_URL="mariadb://a@127.0.0.1:1/b")[1]["database driver"]
    assert (found["level"], found["advice"]) == ("wrong", "pip install 'kimai-remote[mariadb]'")


def test_the_contract_that_plain_wsdl_is(environ: dict[str, str], world: World) -> None:
    assert doctor(**environ)[1]["contract"]["text"] == (
        "plain ?wsdl is document/literal, since this database wasn't adopted from Kimai 1"
    )
    world.execute(m.Configuration.__table__.insert().values(option=WEB_OPTIONS[0], value=""))
    assert doctor(**environ)[1]["contract"]["text"] == (
        "plain ?wsdl is rpc/encoded, as Kimai 1 had it, since this database was imported from "
        "Kimai 1"
    )
    assert doctor(**environ, WSDL_STYLE="document")[1]["contract"]["text"] == (
        "plain ?wsdl is document/literal, since the setting wsdl_style is document"
    )


def test_another_program_s_version_at_the_public_address() -> None:
    with answering(b'{"result":"1.3.5-1394"}') as url:
        text = doctor(PUBLIC_URL=url)[1]["public address"]["text"]
    assert text.startswith(f"{url} runs Kimai 1.3.5-1394, but this program is kimai-remote ")


def test_the_public_address(folder: Path) -> None:
    with serving(folder) as server:
        found = doctor(PUBLIC_URL=server.url)[1]["public address"]
        assert (found["level"], "runs kimai-remote 0." in found["text"]) == ("right", True)
        assert doctor(PUBLIC_URL=f"{server.url}/core")[1]["public address"]["level"] == "right"
    found = doctor(PUBLIC_URL=server.url)[1]["public address"]
    assert (found["level"], "doesn't respond" in found["text"]) == ("warning", True)
    secure = server.url.replace("http:", "https:")
    assert doctor(PUBLIC_URL=secure)[1]["proxies"]["level"] == "warning"


@contextmanager
def answering(body: bytes, moved_to: str = "") -> Iterator[str]:
    """An HTTP server that answers everything with the same."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            # What stays unread would reset the connection before the client has the response.
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(302 if moved_to else 200)
            if moved_to:
                self.send_header("Location", moved_to)
            self.end_headers()
            with suppress(OSError):  # enough is enough for a client
                self.wfile.write(body)

        do_GET = do_POST = answer  # noqa: N815 (the library's names)

        log_message: Callable[..., None] = lambda *_: None

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("body", "level"),
    [(b'{"result":"9.9-1394"}', "warning"), (b"[]", "wrong"), (b"<html>", "warning")],
)
def test_something_else_at_the_public_address(body: bytes, level: str) -> None:
    with answering(body) as url:
        assert doctor(PUBLIC_URL=url)[1]["public address"]["level"] == level


def test_a_public_address_that_never_ends_or_leads_elsewhere() -> None:
    with answering(b"x" * 200_000) as url:
        found = doctor(PUBLIC_URL=url)[1]["public address"]
    assert (found["level"], "response is too large" in found["text"]) == ("warning", True)
    with answering(b'{"result":"\\u001b[31mred"}') as url:
        assert "\x1b" not in doctor(PUBLIC_URL=url)[1]["public address"]["text"]
    with answering(b'{"result":"reached"}') as other, answering(b"", moved_to=other) as url:
        found = doctor(PUBLIC_URL=url)[1]["public address"]
    assert (found["level"], "reached" in found["text"]) == ("warning", False)


def test_in_words(folder: Path) -> None:
    result = CliRunner().invoke(app, ["doctor"], env={"KIMAI_REMOTE_HOST": "0.0.0.0"})  # noqa: S104
    assert result.exit_code == 1
    assert "wrong" in result.output
    assert "→ 'kimai-remote serve' creates it." in result.output
    assert "3 warnings, 1 wrong" in result.output


def test_a_schema_of_a_newer_program(environ: dict[str, str], world: World) -> None:
    """One that this program can serve too is worth a warning: another server was forgotten."""
    world.execute(update(m.schema_version).values(version_num="9999"))
    code, found = doctor(**environ)
    assert (code, levels(found)) == (0, {"schema": "warning"})
    assert "version 9999" in found["schema"]["text"]
    world.execute(update(m.SharedValue).values(value="9999"))
    code, found = doctor(**environ)
    assert (code, levels(found)) == (1, {"schema": "wrong"})


def test_users_whose_role_does_not_exist(environ: dict[str, str], world: World) -> None:
    world.change(m.User, world.alice, globalRoleID=77)
    world.change(m.User, world.gone, globalRoleID=77)
    code, found = doctor(**environ)
    assert (code, levels(found)) == (1, {"roles": "wrong"})
    assert found["roles"]["text"].endswith("they have no rights: alice")
    assert found["roles"]["advice"].endswith("user edit alice --role ROLE")
    world.change(m.User, world.alice, globalRoleID=2)
    key = {"groupID": world.blue, "userID": world.ben}
    world.change(m.GroupUser, key, membershipRoleID=77)
    code, found = doctor(**environ)
    assert (code, levels(found)) == (1, {"roles": "wrong"})
    assert found["roles"]["text"].endswith("no rights there: ben in blue")
    assert found["roles"]["advice"].endswith("user assign ben --group blue --membership-role ROLE")


def test_another_secret(environ: dict[str, str], world: World) -> None:
    secret = m.SharedValue(name="secret", value=ApiKeyDeriver(b"0123456789abcdef").fingerprint)
    world.add(secret)
    assert levels(doctor(**environ)[1]) == {}
    environ["SECRET"] = "0123456789abcdeF"
    code, found = doctor(**environ)
    assert (code, levels(found)) == (1, {"shared secret": "wrong"})
    code, found = doctor(**environ, OTHER_SECRET="yes")
    assert (code, levels(found)) == (0, {"shared secret": "warning"})
