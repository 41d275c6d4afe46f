"""The API key: every method refuses a wrong one."""

from __future__ import annotations

from typing import Any

import pytest
from caller import DENIED, Caller
from spyne.model.complex import ComplexModelBase
from spyne.model.primitive import Boolean, Integer, Unicode

from kimai_remote.api.service import RemoteApi
from kimai_remote.storage import models as m
from support.remotes import Remote
from support.world import World

METHODS = {
    name: descriptor.in_message.get_flat_type_info(descriptor.in_message)
    for name, descriptor in RemoteApi.public_methods.items()
}
WITH_KEY = [name for name, parameters in METHODS.items() if next(iter(parameters), "") == "apiKey"]


def value_for(spyne_type: type) -> object:
    """Return a value that a parameter of this type accepts."""
    if issubclass(spyne_type, ComplexModelBase):
        return {"comment": "never stored"}
    if issubclass(spyne_type, Boolean):
        return False
    if issubclass(spyne_type, Integer):
        return 1
    assert issubclass(spyne_type, Unicode)
    return "0"


def call_with(remote: Remote, method: str, key: str) -> Any:
    types = list(METHODS[method].values())[1:]
    return remote.call(method, key, *map(value_for, types))


def test_all_methods_but_two_take_a_key() -> None:
    assert set(METHODS) - set(WITH_KEY) == {"authenticate", "getVersion"}


@pytest.mark.parametrize("method", WITH_KEY)
def test_wrong_key(remote: Remote, world: World, method: str) -> None:
    world.add_entry(end=0)
    world.add_expense()
    before = world.snapshot()
    response = call_with(remote, method, "2x5v7wq3rkt6yb4nmzj8hdgc9sfpae")
    assert response == {"success": False, "error": {"msg": DENIED}}
    assert world.snapshot() == before


@pytest.mark.parametrize("key", ["", " ", "0", "alice", "%", "' OR '1'='1", "k" * 5000, "ключ"])
def test_unknown_keys(remote: Remote, world: World, key: str) -> None:
    assert remote.call("getUsers", key) == {"success": False, "error": {"msg": DENIED}}


@pytest.mark.parametrize("user", ["gone", "idle"])
def test_trashed_and_inactive_users_have_no_access(remote: Remote, world: World, user: str) -> None:
    assert Caller(remote, world, user).refusal("getUsers") == DENIED


def test_a_banned_user_has_no_access_until_the_ban_is_over(alice: Caller, world: World) -> None:
    world.change(m.User, world.alice, ban=3, banTime=world.now)
    assert alice.refusal("getUsers") == DENIED
    world.now += 900
    assert alice.item("getUsers")["name"] == "alice"


def test_a_key_that_kimai_gave_out(remote: Remote, world: World) -> None:
    world.change(m.User, world.alice, apikey="3b9d1f0c2a4e6b8d7f5a1c3e9")
    assert remote.call("getUsers", "3b9d1f0c2a4e6b8d7f5a1c3e9")["items"] == [
        {"userID": world.alice, "name": "alice"}
    ]
