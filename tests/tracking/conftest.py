"""The known world, and running functions of the tracking layer in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from support.world import World


@pytest.fixture
def do(world: World) -> Callable[..., Any]:
    """Runs a function of a session in a transaction of its own: ``do(function, *arguments)``."""

    def run(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        return world.database.run(
            lambda session: function(session, *arguments, **named), writes=True
        )

    return run
