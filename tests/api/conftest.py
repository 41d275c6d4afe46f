"""Who calls: the users of the known world."""

from __future__ import annotations

from collections.abc import Callable
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
def without(world: World) -> Callable[[str], object]:
    """Takes a global right from all roles."""
    roles = m.GlobalRole.__table__
    return lambda right: world.execute(roles.update().values({right: 0}))
