"""Passwords: verification and storage, and failures that reveal nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from accounts import REFUSED, kimai_hash, password_changed
from sqlalchemy import event

from kimai_remote.storage import models as m
from kimai_remote.tracking import passwords
from kimai_remote.tracking.passwords import PasswordHasher
from support.remotes import JsonRemote
from support.world import PASSWORD, PASSWORD_HASH, World

MD5 = kimai_hash(PASSWORD)


def stored(world: World, name: str) -> str:
    ((password,),) = world.execute(
        m.User.__table__.select().with_only_columns(m.User.password).where(m.User.name == name)
    )
    return password


def login(world: World, name: str, password: str) -> Any:
    return JsonRemote(world).call("authenticate", name, password)


@pytest.mark.parametrize("form", [str.lower, str.upper, lambda text: text + "\n"])
def test_a_password_of_kimai_is_upgraded(world: World, form: Any) -> None:
    password_changed(world, "alice", form(MD5))
    assert login(world, "alice", "wrong") == REFUSED
    assert stored(world, "alice") == form(MD5)
    assert login(world, "alice", PASSWORD)["success"] is True
    upgraded = stored(world, "alice")
    assert upgraded.startswith("$argon2id$")
    assert login(world, "alice", PASSWORD)["success"] is True
    assert stored(world, "alice") == upgraded


def test_a_password_that_kimai_verifies_is_not_upgraded(world: World) -> None:
    world.settings = replace(world.settings, shared_with_kimai=True)
    password_changed(world, "alice", MD5)
    assert login(world, "alice", PASSWORD)["success"] is True
    assert stored(world, "alice") == MD5


def test_weaker_parameters_are_upgraded(world: World) -> None:
    from argon2 import PasswordHasher

    password_changed(world, "alice", PasswordHasher(1, 8, 1).hash(PASSWORD))
    assert login(world, "alice", PASSWORD)["success"] is True
    assert "m=19456,t=2,p=1" in stored(world, "alice")


@pytest.mark.parametrize("hash_", [None, "", "0", "x" * 32, "$argon2id$", "$argon2id$v=19$m=1"])
def test_an_invalid_stored_password(world: World, hash_: str | None) -> None:
    password_changed(world, "alice", hash_)
    for password in ("", "0", PASSWORD, "nobody has this password"):
        assert login(world, "alice", password) == REFUSED


@pytest.mark.parametrize("form", ["argon2", "md5"])
def test_no_password_is_longer_than_the_limit(world: World, form: str) -> None:
    for length, success in ((4096, True), (4097, False)):
        password = "ä" * 2 + "x" * (length - 4)
        hash_password = kimai_hash if form == "md5" else PasswordHasher().hash
        password_changed(world, "alice", hash_password(password))
        assert login(world, "alice", password)["success"] is success


@pytest.mark.parametrize(
    "hash_",
    [None, "", MD5, "$argon2id$", "$argon2id$v=19$m=8,t=1,p=1$eA$eA", PASSWORD_HASH],
    ids=["none", "empty", "md5", "broken", "weak", "ours"],
)
@pytest.mark.parametrize("length", [0, 10, 4096, 4097, 1_900_000])
def test_the_cost_of_a_check_depends_neither_on_the_stored_hash_nor_on_the_length(
    monkeypatch: pytest.MonkeyPatch, hash_: str | None, length: int
) -> None:
    """Each check runs Argon2 once with the service's parameters, and nothing over long texts."""
    checked: list[int] = []
    hashed: list[int] = []
    verify, hash_md5 = PasswordHasher._verify, passwords.kimai_hash

    def record_check(self: PasswordHasher, password: str, stored: str) -> bool:
        if "m=19456,t=2,p=1" in stored:
            checked.append(len(password))
        return verify(self, password, stored)

    def record_md5(password: str, salt: str) -> str:
        hashed.append(len(password))
        return hash_md5(password, salt)

    monkeypatch.setattr(PasswordHasher, "_verify", record_check)
    monkeypatch.setattr(passwords, "kimai_hash", record_md5)
    assert not PasswordHasher("kimai salt").matches("x" * length, hash_)
    assert len(checked) == 1
    assert max(checked + hashed) <= 4096


def test_no_name_and_no_password_is_too_long(world: World) -> None:
    text = "x" * 1_900_000
    for name, password in (("alice", text), ("nobody", text), (text, PASSWORD)):
        assert login(world, name, password) == REFUSED


@contextmanager
def counted(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Record the types of statements and the password checks of a block in order."""
    seen: list[str] = []
    checked = PasswordHasher._verify

    def check(self: PasswordHasher, password: str, stored: str) -> bool:
        seen.append("hash")
        return checked(self, password, stored)

    def execute(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement.split()[0])

    monkeypatch.setattr(PasswordHasher, "_verify", check)
    event.listen(world.database.engine, "before_cursor_execute", execute)
    try:
        yield seen
    finally:
        event.remove(world.database.engine, "before_cursor_execute", execute)
        monkeypatch.undo()


def test_all_failures_cost_the_same(full_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each failure takes the same statements and one check of a hash. So does the first one of a
    name, whose counter may not exist yet."""
    remote = JsonRemote(full_world)
    password_changed(full_world, "carl", kimai_hash("other"))
    remote.call("authenticate", "ben", "right")  # queries that each process runs once
    remote.call("authenticate", "alice", "wrong")
    attempts = {
        "unknown": ("nobody", PASSWORD),
        "wrong password": ("ben", "wrong"),
        "failed before": ("alice", "wrong"),
        "kimai's hash": ("carl", "wrong"),
        "banned": ("bert", PASSWORD),
        "trashed": ("gone", PASSWORD),
        "inactive": ("idle", PASSWORD),
        "customer": ("Acme", "wrong"),
        "customer without password": ("Rival", "wrong"),
    }
    work = {}
    for case, (name, password) in attempts.items():
        with counted(full_world, monkeypatch) as seen:
            assert remote.call("authenticate", name, password) == REFUSED
        # The counter of a user is a column of its row, that of others a row that may not exist yet.
        work[case] = [step.replace("INSERT", "UPDATE") for step in seen]
    usual = ["SELECT"] * 3 + ["hash"] + ["SELECT"] * 3 + ["UPDATE"]
    # Looking whether a connection still lives isn't part of it.
    assert all(steps[-8:] == usual for steps in work.values()), work
    assert len({len(steps) for steps in work.values()}) == 1, work
