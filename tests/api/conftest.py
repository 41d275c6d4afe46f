"""The callers: users of the test data."""

from __future__ import annotations

import pytest
from caller import Caller, Revoke
from sqlalchemy import update

from kimai_remote.storage import models as m
from support.remotes import JsonRemote, Remote
from support.world import World


@pytest.fixture
def alice(remote: Remote, world: World) -> Caller:
    """An ordinary user of group blue."""
    return Caller(remote, world, "alice")


@pytest.fixture
def ben(remote: Remote, world: World) -> Caller:
    """The leader of group blue."""
    return Caller(remote, world, "ben")


@pytest.fixture
def oscar(remote: Remote, world: World) -> Caller:
    """An ordinary user of group red."""
    return Caller(remote, world, "oscar")


@pytest.fixture
def root(remote: Remote, world: World) -> Caller:
    """The administrator."""
    return Caller(remote, world, "root")


@pytest.fixture
def json_alice(world: World) -> Caller:
    """Alice over JSON-RPC, for requests that SOAP can't express."""
    return Caller(JsonRemote(world), world, "alice")


@pytest.fixture
def revoke(world: World) -> Revoke:
    """Takes a global right from all roles."""
    return lambda right: world.execute(update(m.GlobalRole).values({right: 0}))
