"""``kimai-remote kimai1``, as typed, and serving the database that autoconf.php names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import inspect, select

from kimai_remote.cli.main import app
from kimai_remote.config import Settings
from kimai_remote.server.bootstrap import with_autoconf
from kimai_remote.storage import models as m
from kimai_remote.storage.transactions import Database
from support import kimai1
from support.server import free_port

pytestmark = pytest.mark.servers


@pytest.fixture
def kimai(tmp_path: Path) -> Iterator[Database]:
    with kimai1.database(tmp_path) as database:
        yield database


@pytest.fixture
def target_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """URL of the configured database, which doesn't exist yet."""
    url = f"sqlite:///{tmp_path / 'ours.sqlite3'}"
    monkeypatch.setenv("KIMAI_REMOTE_DATABASE_URL", url)
    monkeypatch.setenv("COLUMNS", "250")
    return url


def autoconf(directory: Path, kimai: Database) -> Path:
    path = directory / "autoconf.php"
    kimai1.write_autoconf(path, kimai.url, kimai.prefix)
    return path


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_check_by_url_and_by_autoconf(
    kimai: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "250")
    url = kimai.url.render_as_string(hide_password=False)
    code, shown = run("kimai1", "check", "--url", url, "--prefix", kimai.prefix)
    assert code == 0
    for part in ("revision 1394", "running recordings", "Müller", "It can be served"):
        assert part in shown
    code, shown = run("kimai1", "check", "--autoconf", str(autoconf(tmp_path, kimai)), "--json")
    assert code == 0
    found: dict[str, Any] = json.loads(shown)
    assert found["revision"] == 1394
    assert found["counts"]["timeSheet"] == len(kimai1.ROWS["timeSheet"])
    assert {"level", "topic", "text", "count", "examples"} == set(found["findings"][0])


def test_import_twice(kimai: Database, target_url: str, tmp_path: Path) -> None:
    path = str(autoconf(tmp_path, kimai))
    code, shown = run("kimai1", "import", "--from-autoconf", path, "--repair-text")
    assert code == 0
    assert "differs" not in shown
    assert "activities: texts repaired: 1" in shown
    url = kimai.url.render_as_string(hide_password=False)
    code, shown = run("kimai1", "import", "--from", url, "--from-prefix", kimai.prefix)
    assert (code, "already" in shown) == (0, True)
    code, shown = run("kimai1", "import", "--from-autoconf", path, "--json")
    report = json.loads(shown)
    assert (code, report["already"]) == (0, True)
    assert all(line["equal"] for line in report["comparison"])
    with Database(target_url).engine.connect() as connection:
        names = connection.scalars(select(m.Activity.name).order_by(m.Activity.activityID)).all()
    assert names[:2] == ["Entwicklung", "Prüfung"]


def test_import_into_a_database_in_use(kimai: Database, target_url: str) -> None:
    url = kimai.url.render_as_string(hide_password=False)
    arguments = ("kimai1", "import", "--from", url, "--from-prefix", kimai.prefix)
    assert run(*arguments)[0] == 0
    ours = Database(target_url)
    ours.run(lambda session: session.add(m.Group(name="new")), writes=True)
    code, shown = run(*arguments)
    assert code == 2
    assert "left as it is" in " ".join(shown.split())
    assert "differs" in shown


def test_import_needs_one_source(target_url: str) -> None:
    for arguments in ([], ["--from", "mariadb://x/y", "--from-autoconf", "z"]):
        code, shown = run("kimai1", "import", *arguments)
        assert (code, "Give --from" in shown) == (2, True)


def test_adoption(kimai: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """serve refuses until 'db upgrade' has been at work."""
    monkeypatch.setenv("KIMAI_REMOTE_KIMAI_AUTOCONF", str(autoconf(tmp_path, kimai)))
    monkeypatch.setenv("KIMAI_REMOTE_DATA_DIR", str(tmp_path))
    code, shown = run("serve", "--port", str(free_port()))
    assert (code, "kimai-remote kimai1 check" in " ".join(shown.split())) == (2, True)
    assert run("db", "upgrade")[0] == 0
    assert run("db", "status")[0] == 0


def tables(kimai: Database) -> set[str]:
    names = inspect(kimai.engine).get_table_names()
    return {name for name in names if name.startswith(kimai.prefix)}


def test_leaving(kimai: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIMAI_REMOTE_KIMAI_AUTOCONF", str(autoconf(tmp_path, kimai)))
    monkeypatch.setenv("KIMAI_REMOTE_DATA_DIR", str(tmp_path))
    before = tables(kimai)
    assert run("db", "upgrade")[0] == 0
    served = tables(kimai)
    code, shown = run("kimai1", "leave")  # nobody says yes
    assert (code, "remote_keys" in shown) == (1, True)
    assert run("kimai1", "leave", "--json")[0] == 2
    assert tables(kimai) == served
    code, shown = run("kimai1", "leave", "--yes", "--json")
    assert code == 0
    assert len(json.loads(shown)["tables"]) == 5
    assert tables(kimai) == before
    code, shown = run("kimai1", "leave")
    assert (code, "Nothing" in shown) == (0, True)
    assert run("kimai1", "check")[0] == 0


def test_leaving_a_database_of_ours(target_url: str, kimai: Database) -> None:
    url = kimai.url.render_as_string(hide_password=False)
    assert run("kimai1", "import", "--from", url, "--from-prefix", kimai.prefix)[0] == 0
    code, shown = run("kimai1", "leave", "--yes")
    assert (code, "made by kimai-remote" in " ".join(shown.split())) == (2, True)
    assert run("db", "status")[0] == 0


def test_the_way_back(
    kimai: Database, target_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = kimai.url.render_as_string(hide_password=False)
    assert run("kimai1", "import", "--from", url, "--from-prefix", kimai.prefix)[0] == 0
    with kimai1.database(tmp_path, prefix=f"w{kimai1.PREFIX}", rows={}) as back:
        monkeypatch.setenv("KIMAI_REMOTE_DATABASE_URL", url)
        monkeypatch.setenv("KIMAI_REMOTE_TABLE_PREFIX", back.prefix)
        assert run("db", "upgrade")[0] == 0
        code, shown = run("kimai1", "import", "--from", target_url)
        assert (code, "PASSWORD_SALT" in shown) == (0, False)
        assert run("kimai1", "leave", "--yes")[0] == 0
        assert len(kimai1.rows_of(back, "timeSheet")) == len(kimai1.ROWS["timeSheet"])


def test_an_old_revision_is_not_adopted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = ("membershipRoles", "core-user-view")
    with kimai1.database(tmp_path, **kimai1.older(1381, missing)) as kimai:
        monkeypatch.setenv("KIMAI_REMOTE_KIMAI_AUTOCONF", str(autoconf(tmp_path, kimai)))
        code, shown = run("db", "upgrade")
        assert (code, "Revision 1381 of Kimai lacks" in " ".join(shown.split())) == (2, True)
        assert run("db", "status")[0] == 1


def test_what_is_set_wins_over_autoconf(tmp_path: Path) -> None:
    kimai = Database("mariadb://kimai:secret@db.example.org:3307/time", "km_")
    path = str(autoconf(tmp_path, kimai))
    found = with_autoconf(Settings(kimai_autoconf=path))
    assert found.url == "mariadb://kimai:secret@db.example.org:3307/time"
    assert (found.table_prefix, found.password_salt) == ("km_", kimai1.SALT)
    assert (found.timezone, found.shared_with_kimai) == ("Europe/Vienna", True)
    # The salt for an imported database: Kimai's own isn't used any more.
    found = with_autoconf(
        Settings(kimai_autoconf=path, database_url="sqlite:///x", timezone="Asia/Tokyo")
    )
    assert (found.url, found.timezone, found.shared_with_kimai) == (
        "sqlite:///x",
        "Asia/Tokyo",
        False,
    )
    assert found.password_salt == kimai1.SALT
