"""Who calls: the users of the known world."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from caller import Caller

from kimai_remote.storage import models as m
from support.remotes import JsonRemote
from support.world import World


@pytest.fixture
def alice(remote: Any, world: World) -> Caller:
    """An ordinary user of group blue."""
    return Caller(remote, world, "alice")


@pytest.fixture
def ben(remote: Any, world: World) -> Caller:
    """The leader of group blue."""
    return Caller(remote, world, "ben")


@pytest.fixture
def oscar(remote: Any, world: World) -> Caller:
    """An ordinary user of group red."""
    return Caller(remote, world, "oscar")


@pytest.fixture
def root(remote: Any, world: World) -> Caller:
    """The administrator."""
    return Caller(remote, world, "root")


@pytest.fixture
def json_alice(world: World) -> Caller:
    """Alice over JSON-RPC, for what other protocols can't carry or don't have."""
    return Caller(JsonRemote(world), world, "alice")


@pytest.fixture
def without(world: World) -> Iterator[Callable[[str], None]]:
    """Takes a global right from all roles, and gives it back: roles are kept from test to test."""
    roles = m.GlobalRole.__table__
    before = {row.globalRoleID: row._mapping for row in world.execute(roles.select())}
    yield lambda right: world.execute(roles.update().values({right: 0}))
    for number, rights in before.items():
        world.execute(roles.update().where(roles.c.globalRoleID == number).values(dict(rights)))
