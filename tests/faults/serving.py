"""Server processes over the known world."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from support.server import Server, serving
from support.world import SECRET, World


def serving_world(
    world: World, directory: Path, *arguments: str, wrapper: Sequence[str] = (), **settings: object
) -> AbstractContextManager[Server]:
    """A server on the database of a world, until the block ends.

    :param settings: more of them, by their names in lower case.
    """
    database = world.database
    environ = {
        "KIMAI_REMOTE_DATABASE_URL": database.url.render_as_string(hide_password=False),
        "KIMAI_REMOTE_TABLE_PREFIX": database.prefix,
        "KIMAI_REMOTE_SECRET": SECRET.decode(),
        "KIMAI_REMOTE_LOGIN_RATE": "0",
        **{f"KIMAI_REMOTE_{name.upper()}": str(value) for name, value in settings.items()},
    }
    return serving(directory, *arguments, environ=environ, wrapper=wrapper)
