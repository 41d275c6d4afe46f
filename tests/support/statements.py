"""The SQL statements that calls send."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from kimai_remote.storage import tables
from kimai_remote.storage.transactions import refuses_null

from .world import World


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    """Collect the statements sent to the database, but those that begin and end transactions."""
    sent: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            sent.append(statement)

    # The columns are looked at once a process.
    world.database.execute(
        lambda connection: refuses_null(connection, tables.time_entries, "comment"), writes=True
    )
    event.listen(world.database.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(world.database.engine, "before_cursor_execute", note)
