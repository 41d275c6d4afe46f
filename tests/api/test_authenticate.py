"""authenticate: name and password against the key that all other methods take."""

from __future__ import annotations

import re

import pytest
from caller import DENIED

from kimai_remote.storage import models as m
from support.world import PASSWORD

REFUSED = {"success": False, "error": {"msg": DENIED}}


def key_of(remote, user):
    answer = remote.call("authenticate", user, PASSWORD)
    key = answer["items"][0]["apiKey"]
    assert answer == {"success": True, "items": [{"apiKey": key}], "total": 1}
    return key


def test_the_key_opens_the_other_methods(remote, world):
    key = key_of(remote, "alice")
    assert re.fullmatch(r"\w{20,30}", key, re.ASCII)
    assert remote.call("getUsers", key)["items"] == [{"userID": world.alice, "name": "alice"}]


def test_the_same_user_gets_the_same_key(remote, world):
    assert key_of(remote, "alice") == key_of(remote, "alice") == world.key("alice")
    assert key_of(remote, "ben") != key_of(remote, "alice")


def test_a_key_is_made_at_the_first_login(remote, world):
    world.execute(m.RemoteKey.__table__.delete())
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
def test_every_failure_looks_the_same(remote, world, user, password):
    assert remote.call("authenticate", user, password) == REFUSED


def test_a_ban_after_three_failures_and_its_end(remote, world):
    for _ in range(3):
        assert remote.call("authenticate", "alice", "wrong") == REFUSED
    assert remote.call("authenticate", "alice", PASSWORD) == REFUSED
    assert remote.call("getUsers", world.key("alice")) == REFUSED
    world.now += 900
    assert key_of(remote, "alice") == world.key("alice")


def test_a_good_login_forgets_the_failures_before_it(remote, world):
    for _ in range(2):
        remote.call("authenticate", "alice", "wrong")
        remote.call("authenticate", "alice", "wrong")
        key_of(remote, "alice")


def test_the_options_decide_tries_and_length_of_the_ban(remote, world):
    world.set_option("loginTries", 1)
    world.set_option("loginBanTime", 60)
    assert remote.call("authenticate", "alice", "wrong") == REFUSED
    world.now += 59
    assert remote.call("authenticate", "alice", PASSWORD) == REFUSED
    world.now += 1
    assert key_of(remote, "alice") == world.key("alice")


def test_one_users_failures_are_no_others(remote, world):
    for _ in range(5):
        remote.call("authenticate", "alice", "wrong")
    assert key_of(remote, "ben") == world.key("ben")
