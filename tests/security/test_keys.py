"""API keys: storage, validity and revocation."""

from __future__ import annotations

import re
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from accounts import REFUSED, key_of
from click.testing import CliRunner
from sqlalchemy.orm import Session

from kimai_remote.api.execution import Service
from kimai_remote.cli.main import app
from kimai_remote.config import Settings, load_settings
from kimai_remote.errors import ConfigurationError
from kimai_remote.server.bootstrap import read_secret
from kimai_remote.storage import models as m
from kimai_remote.tracking.authentication import ApiKeyDeriver, revoke
from kimai_remote.tracking.passwords import PasswordHasher
from support.remotes import JsonRemote
from support.world import PASSWORD, World

DAY = 86_400


def login(remote: Any, name: str = "alice", password: str = PASSWORD) -> str:
    return remote.call("authenticate", name, password)["items"][0]["apiKey"]


def test_only_a_keyed_hash_is_stored(full_world: World, remote: Any) -> None:
    keys = [login(remote, name) for name in ("alice", "ben", "root", "Acme")]
    dump = repr(full_world.snapshot())
    for key in keys:
        assert key not in dump
        assert full_world.service.keys.hash(key) in dump
    another = ApiKeyDeriver(b"another secret, 32 bytes or more")
    assert another.hash(keys[0]) != full_world.service.keys.hash(keys[0])


def test_form_of_a_key(world: World, remote: Any) -> None:
    keys = [login(remote, name) for name in ("alice", "ben", "oscar", "root")]
    assert len(set(keys)) == 4
    # 30 characters of an alphabet of 32: 150 bits.
    assert all(re.fullmatch("[a-z2-7]{30}", key) for key in keys)
    assert [login(remote, name) for name in ("alice", "ben", "oscar", "root")] == keys


def test_a_key_from_the_future_doesnt_live_longer(world: World, remote: Any) -> None:
    """It was given out while the clock was ahead by a year; then that was put right."""
    world.settings = replace(world.settings, key_lifetime=7)
    remote = type(remote)(world)
    world.execute(m.RemoteKey.__table__.delete())
    world.now += 365 * DAY
    ahead = login(remote)
    assert remote.call("getUsers", ahead)["success"] is True
    world.now -= 365 * DAY
    assert remote.call("getUsers", ahead) == REFUSED
    key = login(remote)
    assert key != ahead
    world.now -= 300  # that of another server
    assert remote.call("getUsers", key)["success"] is True
    assert login(remote) == key
    world.now += 300 + 7 * DAY
    assert remote.call("getUsers", key) == REFUSED
    assert remote.call("getUsers", ahead) == REFUSED


def test_an_expired_key(world: World, remote: Any) -> None:
    world.settings = replace(world.settings, key_lifetime=7)
    remote = type(remote)(world)
    world.execute(m.RemoteKey.__table__.delete())
    first = login(remote)
    world.now += 7 * DAY - 1
    assert remote.call("getUsers", first)["success"] is True
    assert login(remote) == first
    world.now += 1
    assert remote.call("getUsers", first) == REFUSED
    second = login(remote)
    assert second != first
    assert remote.call("getUsers", second)["success"] is True
    assert remote.call("getUsers", first) == REFUSED


def test_a_new_secret_makes_all_keys_worthless(world: World) -> None:
    old = login(JsonRemote(world))
    another = ApiKeyDeriver(b"another secret, 32 bytes or more")
    world.__class__ = type(
        "Moved",
        (World,),
        {
            "service": property(
                lambda self: Service(
                    self.database,
                    another,
                    PasswordHasher("kimai salt"),
                    self.settings,
                    clock=lambda: self.now,
                )
            )
        },
    )
    remote = JsonRemote(world)
    assert remote.call("getUsers", old) == REFUSED
    new = login(remote)
    assert new != old
    assert remote.call("getUsers", new)["success"] is True
    assert login(remote) == new


def test_on_a_database_of_its_own_keys_of_both_work_side_by_side(world: World, remote: Any) -> None:
    world.change(m.User, world.alice, apikey=KIMAI_KEY)
    ours = login(remote)
    assert ours != KIMAI_KEY
    for key in (KIMAI_KEY, ours):
        assert [user["name"] for user in remote.call("getUsers", key)["items"]] == ["alice"]
    assert world.execute(m.User.__table__.select().where(m.User.apikey == KIMAI_KEY))


KIMAI_KEY = "3b9d1f0c2a4e6b8d7f5a1c3e9"


@pytest.fixture
def shared(world: World) -> World:
    """The world on a database that Kimai's PHP uses too; alice has a key of Kimai's."""
    world.settings = replace(world.settings, shared_with_kimai=True)
    world.change(m.User, world.alice, apikey=KIMAI_KEY)
    return world


def test_on_a_shared_database_a_user_gets_kimai_s_key(shared: World, remote: Any) -> None:
    assert login(remote) == KIMAI_KEY
    assert remote.call("getUsers", KIMAI_KEY)["success"] is True
    assert re.fullmatch("[a-z2-7]{30}", login(remote, "ben"))
    stored = shared.execute(m.User.__table__.select().where(m.User.apikey.is_not(None)))
    assert len(stored) == 1  # Kimai's column gets no keys of ours


def test_a_key_of_ours_stays_valid_beside_it(shared: World, remote: Any) -> None:
    shared.change(m.User, shared.alice, apikey=None)
    ours = login(remote)
    shared.change(m.User, shared.alice, apikey=KIMAI_KEY)  # made by Kimai's PHP meanwhile
    assert login(remote) == KIMAI_KEY
    for key in (ours, KIMAI_KEY):
        assert [user["name"] for user in remote.call("getUsers", key)["items"]] == ["alice"]


def test_a_revoked_key_of_kimai_never_comes_back(shared: World, remote: Any) -> None:
    shared.change(m.User, shared.alice, apikey=None)
    ours = login(remote)
    shared.change(m.User, shared.alice, apikey=KIMAI_KEY)
    assert login(remote) == KIMAI_KEY
    with Session(shared.database.engine) as session:
        revoke(session, "user", shared.alice)
        session.commit()
    new = login(remote)
    assert new not in (ours, KIMAI_KEY)
    assert login(remote) == new
    for key in (ours, KIMAI_KEY):
        assert remote.call("getUsers", key) == REFUSED
    assert remote.call("getUsers", new)["success"] is True
    shared.change(m.User, shared.alice, apikey="made by kimai afterwards")
    assert login(remote) == "made by kimai afterwards"
    assert remote.call("getUsers", KIMAI_KEY) == REFUSED


def test_where_keys_expire_nobody_gets_one_that_cannot(shared: World, remote: Any) -> None:
    shared.settings = replace(shared.settings, key_lifetime=7)
    remote = type(remote)(shared)
    key = login(remote)
    assert key != KIMAI_KEY
    shared.now += 7 * DAY
    assert remote.call("getUsers", key) == REFUSED
    assert login(remote) not in (key, KIMAI_KEY)


def test_kimai_s_key_gives_no_access_to_a_closed_account(shared: World, remote: Any) -> None:
    for closed in ({"active": 0}, {"trash": 1}):
        shared.change(m.User, shared.alice, active=1, trash=0)
        assert login(remote) == KIMAI_KEY
        shared.change(m.User, shared.alice, **closed)
        assert remote.call("authenticate", "alice", PASSWORD) == REFUSED
        assert remote.call("getUsers", KIMAI_KEY) == REFUSED


def test_an_empty_key_of_kimai_is_none(shared: World, remote: Any) -> None:
    shared.change(m.User, shared.alice, apikey="")
    assert re.fullmatch("[a-z2-7]{30}", login(remote))
    assert remote.call("getUsers", "") == REFUSED


@pytest.fixture
def installed(full_world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    """The world as the command line finds it."""
    url = full_world.database.url.render_as_string(hide_password=False)
    for name, value in {
        "DATABASE_URL": url,
        "TABLE_PREFIX": full_world.database.prefix,
        "SECRET": "a secret for tests only, 32 byte",
        "DATA_DIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(f"KIMAI_REMOTE_{name}", value)
    return full_world


@pytest.mark.parametrize(("name", "options"), [("alice", []), ("Acme", ["--customer"])])
def test_revocation_by_the_command_line(installed: World, name: str, options: list[str]) -> None:
    remote = JsonRemote(installed)
    installed.change(m.User, installed.alice, apikey="legacy")
    first = login(remote, name)
    result = CliRunner().invoke(app, ["key", "revoke", name, *options])
    assert result.exit_code == 0, result.output
    assert remote.call("getCustomers", first) == REFUSED
    if not options:
        assert remote.call("getCustomers", "legacy") == REFUSED
    second = login(remote, name)
    assert second != first
    assert remote.call("getCustomers", second)["success"] is True
    assert remote.call("getCustomers", key_of(installed, "ben"))["success"] is True


def test_revocation_for_an_unknown_user(installed: World) -> None:
    result = CliRunner().invoke(app, ["key", "revoke", "nobody"])
    assert result.exit_code == 1
    assert "There is no user 'nobody'." in result.output


def test_the_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new" / "data")
    first = read_secret(settings)
    path = settings.data_dir / "secret"
    assert len(first) >= 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.data_dir.stat().st_mode) == 0o700
    assert list(settings.data_dir.iterdir()) == [path]
    assert read_secret(settings) == first


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    read_secret(settings)
    (tmp_path / "secret").chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        read_secret(settings)


def test_a_secret_by_environment_needs_no_file(tmp_path: Path) -> None:
    settings = load_settings(
        {"KIMAI_REMOTE_SECRET": "0123456789abcdef", "KIMAI_REMOTE_DATA_DIR": str(tmp_path / "no")}
    )
    assert read_secret(settings) == b"0123456789abcdef"
    assert not (tmp_path / "no").exists()


def test_a_secret_that_is_too_short(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="at least 16 characters"):
        read_secret(Settings(data_dir=tmp_path, secret="short"))


def test_settings_dont_show_their_secrets() -> None:
    settings = Settings(
        secret="s3cret-s3cret-s3cret",
        password_salt="s4lt",
        database_url="postgresql://kimai:p4ss@db/kimai",
    )
    assert not re.search("s3cret|s4lt|p4ss", repr(settings))
