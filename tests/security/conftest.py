"""The known world with the people that the rights matrix needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from people import populate

from kimai_remote.storage import models as m
from support.world import World


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "one_database: what it tests doesn't depend on the database; runs on the first"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    first = config.getoption("databases").split(",")[0]

    def is_wanted(item: pytest.Item) -> bool:
        callspec = getattr(item, "callspec", None)
        parameters: dict[str, Any] = callspec.params if callspec else {}
        marked = item.get_closest_marker("one_database") is not None
        return not marked or parameters.get("database", first) == first

    items[:] = [item for item in items if is_wanted(item)]


@pytest.fixture
def town(world: World) -> World:
    """The world with all the people of the matrix."""
    populate(world)
    return world


@pytest.fixture
def change_role(town: World) -> Iterator[Callable[[dict[str, int]], None]]:
    """Changes rights of plain users' global role, which outlives a test: so they are put back."""
    role = m.GlobalRole.__table__
    (before,) = town.execute(role.select().where(role.c.globalRoleID == 2))

    def change(rights: dict[str, int]) -> None:
        town.execute(role.update().where(role.c.globalRoleID == 2).values(rights))

    yield change
    change(dict(before._mapping))
