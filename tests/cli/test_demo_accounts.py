"""Demo accounts, whose passwords everybody knows: they are never served to others by accident."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kimai_remote.cli.main import app
from kimai_remote.config import Settings
from kimai_remote.errors import ConfigurationError
from kimai_remote.server import bootstrap, demo_data, preflight
from kimai_remote.storage import models as m
from kimai_remote.tracking.passwords import PasswordHasher, kimai_hash
from support.server import Server, free_port
from support.world import World

pytestmark = pytest.mark.slow

NAMES = ["anna", "ben", "clara"]
SALT = "kimai salt"
PASSWORDS = PasswordHasher(SALT)
#: Settings by which other machines may reach a server.
EXPOSED: list[dict[str, Any]] = [
    {"host": "0.0.0.0", "insecure": True},  # noqa: S104
    {"host": "::", "insecure": True},
    {"host": "192.0.2.1", "insecure": True},
    {"host": "time.example.org", "trusted_proxies": 1},
    {"trusted_proxies": 1},
    {"insecure": True},
    {"public_url": "https://time.example.org/kimai"},
]
PRIVATE: list[dict[str, Any]] = [{}, {"host": "::1"}, {"public_url": "http://localhost:8000/"}]


def run(*arguments: str, text: str = "", **settings: object) -> tuple[int, str]:
    """Run a command; return its exit status and output."""
    environ = {f"KIMAI_REMOTE_{name.upper()}": str(value) for name, value in settings.items()}
    result = CliRunner().invoke(app, list(arguments), env=environ, input=text)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, " ".join(result.output.split())


def serve(*arguments: str, **settings: object) -> tuple[int, str]:
    """Run ``serve`` where it fails to start."""
    return run("serve", "--port", str(free_port()), *arguments, **settings)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with demo data."""
    folder = tmp_path_factory.mktemp("demo-data")
    service = bootstrap.open_service(Settings(data_dir=folder))
    with closing(service.database):
        bootstrap.prepare(service, lambda session: demo_data.fill(service, session, lambda _: None))
    return folder


@pytest.fixture
def data(filled: Path, tmp_path: Path) -> Path:
    """A data directory with demo data, of the test's own."""
    return shutil.copytree(filled, tmp_path / "data")


@pytest.mark.parametrize("settings", EXPOSED)
def test_demo_data_for_other_machines(settings: dict[str, Any]) -> None:
    """It has to be asked for twice."""
    with pytest.raises(ConfigurationError, match="other machines may reach this server"):
        preflight.check_new_demo(Settings(**settings))
    preflight.check_new_demo(Settings(**settings, public_demo=True))


def test_refused_demo_data_is_not_begun(tmp_path: Path) -> None:
    code, output = serve("--demo", "--host", "0.0.0.0", "--insecure", data_dir=tmp_path / "data")  # noqa: S104
    assert code == 2
    assert "passwords everybody knows" in output
    assert "Override with --public-demo." in output
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("settings", PRIVATE)
def test_demo_data_for_this_machine(settings: dict[str, Any]) -> None:
    preflight.check_new_demo(Settings(**settings))
    preflight.check_demo_accounts(Settings(**settings), NAMES)


def test_serving_a_demo_database_to_others_later(data: Path) -> None:
    exposed = {"host": "0.0.0.0", "insecure": "yes"}  # noqa: S104
    code, output = serve(data_dir=data, **exposed)
    assert code == 2
    assert "demo accounts: anna, ben, clara." in output
    assert "kimai-remote password set NAME" in output
    assert "Other machines may reach this server (host 0.0.0.0)." in output

    service = bootstrap.open_service(
        Settings(data_dir=data, host="0.0.0.0", insecure=True, public_demo=True)  # noqa: S104
    )
    with closing(service.database):
        assert demo_data.check_accounts(service) == NAMES


def test_what_closes_demo_accounts(data: Path) -> None:
    """Until none is left, whatever its name is."""
    service = bootstrap.open_service(Settings(data_dir=data, trusted_proxies=1))

    def names() -> list[str]:
        return service.database.run(
            lambda session: demo_data.with_known_passwords(session.connection(), ""),
            writes=False,
        )

    with closing(service.database):
        assert run("user", "edit", "anna", "--name", "boss", data_dir=data)[0] == 0
        assert names() == ["ben", "boss", "clara"]
        assert run("user", "trash", "ben", data_dir=data)[0] == 0
        assert run("user", "edit", "clara", "--inactive", data_dir=data)[0] == 0
        assert names() == ["boss"]
        with pytest.raises(ConfigurationError, match="boss"):
            demo_data.check_accounts(service)
        for password in ("demo-clara", "another one"):  # of another account, and a new one
            command = ("password", "set", "boss", "--stdin")
            assert run(*command, text=password, data_dir=data)[0] == 0
            assert names() == (["boss"] if password == "demo-clara" else [])
        assert demo_data.check_accounts(service) == []


def test_accounts_of_a_database_without_marks(world: World) -> None:
    """Versions before didn't mark them; only the names of the demo data count there."""
    hashes = {
        "anna": PASSWORDS.hash("demo-anna"),
        "ben": PASSWORDS.hash("demo-anna"),
        "clara": kimai_hash("demo-clara", SALT),
        "dora": PASSWORDS.hash("demo-anna"),
    }
    for name, stored in hashes.items():
        if name == "ben":
            world.change(m.User, world.ben, password=stored)
        else:
            world.add(m.User(name=name, password=stored, globalRoleID=2))
    with world.database.engine.connect() as connection:
        assert demo_data.with_known_passwords(connection, SALT) == ["anna", "clara"]


@pytest.mark.one_database
def test_databases_of_kimai_are_not_asked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.add(m.User(name="anna", password=PASSWORDS.hash("demo-anna"), globalRoleID=2))
    monkeypatch.setattr(demo_data, "is_own_schema", lambda _: False)
    with world.database.engine.connect() as connection:
        assert demo_data.with_known_passwords(connection, SALT) == []


def test_doctor(data: Path) -> None:
    code, output = run("doctor", data_dir=data)
    assert code == 0
    assert "warning demo accounts everybody knows the passwords of anna, ben, clara" in output
    code, output = run("doctor", data_dir=data, trusted_proxies=1)
    assert code == 1
    assert "wrong demo accounts everybody knows the passwords of anna, ben, clara, and" in output
    assert run("doctor", data_dir=data, trusted_proxies=1, public_demo="yes")[0] == 0


def test_a_warning_at_each_start(demo_server: Server) -> None:
    warnings = [line for line in demo_server.output.splitlines() if "WARNING" in line.upper()]
    assert len(warnings) == 1
    assert "Everybody knows the passwords of these demo accounts: anna, ben, clara." in warnings[0]
