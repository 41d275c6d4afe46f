"""The test data with the callers of the permission matrix."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from accounts import populate

from kimai_remote.storage import models as m
from kimai_remote.storage.transactions import Database
from support.world import Template, World


@pytest.fixture(scope="session")
def full_world_template(database: Database, world_template: Template) -> Template:
    """A copy of the test data with all callers of the matrix."""
    world = world_template.restore(database)
    populate(world)
    return Template(world)


@pytest.fixture
def full_world(world: World, full_world_template: Template) -> World:
    """The test data with all callers of the matrix."""
    filled = full_world_template.restore(world.database)
    world.ids.update(filled.ids)
    return world


@pytest.fixture
def change_role(full_world: World) -> Callable[[dict[str, int]], None]:
    """Changes rights of plain users' global role."""
    role = m.GlobalRole.__table__

    def change(rights: dict[str, int]) -> None:
        full_world.execute(role.update().where(role.c.globalRoleID == 2).values(rights))

    return change
