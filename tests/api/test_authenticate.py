"""authenticate: name and password for the key that other methods take."""

from __future__ import annotations

import re

import pytest
from caller import DENIED
from sqlalchemy import delete, select

from kimai_remote.storage import models as m
from kimai_remote.tracking.collation import collation_key
from support.remotes import Remote
from support.world import PASSWORD, World

REFUSED = {"success": False, "error": {"msg": DENIED}}


def key_of(remote: Remote, user: str) -> str:
    response = remote.call("authenticate", user, PASSWORD)
    key: str = response["items"][0]["apiKey"]
    assert response == {"success": True, "items": [{"apiKey": key}], "total": 1}
    return key


def test_other_methods_accept_the_key(remote: Remote, world: World) -> None:
    key = key_of(remote, "alice")
    assert re.fullmatch(r"\w{20,30}", key, re.ASCII)
    assert remote.call("getUsers", key)["items"] == [{"userID": world.alice, "name": "alice"}]


def test_the_same_user_gets_the_same_key(remote: Remote, world: World) -> None:
    assert key_of(remote, "alice") == key_of(remote, "alice") == world.key("alice")
    assert key_of(remote, "ben") != key_of(remote, "alice")


def test_a_key_is_made_at_the_first_login(remote: Remote, world: World) -> None:
    world.execute(delete(m.RemoteKey))
    assert remote.call("getUsers", world.key("alice")) == REFUSED
    assert remote.call("getUsers", key_of(remote, "alice"))["success"] is True


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("alice", "wrong"),
        ("alice", ""),
        ("alice", PASSWORD + " "),
        ("alice", PASSWORD.upper()),
        ("nobody", PASSWORD),
        ("", ""),
        ("gone", PASSWORD),
        ("idle", PASSWORD),
        ("alice' --", PASSWORD),
        ("a" * 10_000, PASSWORD),
        ("😀", "😀"),
    ],
)
def test_all_failures_are_alike(remote: Remote, world: World, user: str, password: str) -> None:
    assert remote.call("authenticate", user, password) == REFUSED


def test_a_ban_after_three_failures_and_its_end(remote: Remote, world: World) -> None:
    for _ in range(3):
        assert remote.call("authenticate", "alice", "wrong") == REFUSED
    assert remote.call("authenticate", "alice", PASSWORD) == REFUSED
    assert remote.call("getUsers", world.key("alice")) == REFUSED
    world.now += 900
    assert key_of(remote, "alice") == world.key("alice")


def test_a_successful_login_resets_the_failures(remote: Remote, world: World) -> None:
    for _ in range(2):
        remote.call("authenticate", "alice", "wrong")
        remote.call("authenticate", "alice", "wrong")
        key_of(remote, "alice")


def test_the_options_decide_tries_and_length_of_the_ban(remote: Remote, world: World) -> None:
    world.set_option("loginTries", 1)
    world.set_option("loginBanTime", 60)
    assert remote.call("authenticate", "alice", "wrong") == REFUSED
    world.now += 59
    assert remote.call("authenticate", "alice", PASSWORD) == REFUSED
    world.now += 1
    assert key_of(remote, "alice") == world.key("alice")


def test_failures_of_one_user_do_not_affect_another(remote: Remote, world: World) -> None:
    for _ in range(5):
        remote.call("authenticate", "alice", "wrong")
    assert key_of(remote, "ben") == world.key("ben")


@pytest.mark.parametrize(
    ("stored", "names"),
    [
        ("alice", ["ALICE", "Alice", "aLiCe", "alice ", "ALICE  ", "\u00e1lice"]),
        (
            "J\u00f6rg Strau\u00df",
            ["J\u00d6RG STRAU\u00df", "jorg strauss", "JORG STRAUS", "Jo\u0308rg Strau\u00df "],
        ),
    ],
)
def test_case_accents_and_spaces_at_the_end_dont_matter(
    remote: Remote, world: World, stored: str, names: list[str]
) -> None:
    """That is how MariaDB compares names for Kimai."""
    world.change(m.User, world.alice, name=stored)
    for name in [stored, *names]:
        assert key_of(remote, name) == world.key("alice"), name
    for other in (f" {stored}", stored[:-1], stored + "x", stored + "\n", "%", "_" * len(stored)):
        assert remote.call("authenticate", other, PASSWORD) == REFUSED


def test_a_name_longer_than_any_stored_takes_no_memory(remote: Remote) -> None:
    assert remote.call("authenticate", "nobody", "wrong") == REFUSED
    kept = collation_key.cache_info().currsize
    for letter in "a\u00e4":
        assert remote.call("authenticate", letter * 10_000, "wrong") == REFUSED
    assert collation_key.cache_info().currsize == kept


def test_failures_with_another_case_count(remote: Remote, world: World) -> None:
    for name in ("ALICE", "Alice", "alicE"):
        assert remote.call("authenticate", name, "wrong") == REFUSED
    assert remote.call("authenticate", "alice", PASSWORD) == REFUSED


def test_names_that_differ_only_by_case_are_told_apart(remote: Remote, world: World) -> None:
    world.change(m.User, world.ben, name="ALICE")
    assert key_of(remote, "alice") == world.key("alice")
    assert key_of(remote, "ALICE") == world.key("ben")
    assert remote.call("authenticate", "Alice", PASSWORD) == REFUSED
    world.change(m.User, world.alice, trash=1)  # then there is one left
    assert key_of(remote, "Alice") == world.key("ben")
    assert remote.call("authenticate", "alice", PASSWORD) == REFUSED


def test_a_customer_of_just_that_name_comes_before_a_similar_user(
    remote: Remote, world: World
) -> None:
    (alice,) = world.execute(select(m.User.password).where(m.User.userID == world.alice))
    world.change(m.Customer, world.acme, name="Alice", password=alice.password)
    assert key_of(remote, "Alice") != world.key("alice")
    assert key_of(remote, "alice") == world.key("alice")
