"""Counts of each user's time entries, kept by triggers: a page of a long list counts nothing.

Counting a million entries by index takes longer than anything else in such a call. Triggers are on
tables of our own schema only: on a database that Kimai 1 made, its tables get none, and entries are
counted when a call asks.
"""

from __future__ import annotations

import logging

from sqlalchemy import Connection, delete, func, inspect, select
from sqlalchemy.exc import DBAPIError

from . import dialects
from .dialects.base import COUNTED_BY, COUNTS
from .models import EntryCount, GroupUser, TimeEntry, real_name

log = logging.getLogger(__name__)

#: User ID, which no user has, of the row that says that triggers keep the others.
MARKER = -1

_EVENTS = ("insert", "update", "delete")


def enable(connection: Connection) -> bool:
    """Count the entries and keep counting, where the schema is our own.

    :returns: False where the database doesn't allow triggers; then nothing is kept.
    """
    if not is_own_schema(connection):
        return False
    dialect = dialects.of(connection)
    # Counts stay until they are replaced: others may be reading them.
    _drop_triggers(connection)
    try:
        for statement in dialect.create_triggers():
            connection.exec_driver_sql(real_name(statement, connection))
    except DBAPIError as error:
        if not dialect.restricts_triggers:
            raise
        log.warning("Counts of time entries are not kept: %s", error.orig)
        disable(connection)
        return False
    reset(connection)
    return True


def disable(connection: Connection) -> None:
    """Keep no counts any more."""
    _drop_triggers(connection)
    connection.execute(delete(EntryCount))


def _drop_triggers(connection: Connection) -> None:
    for event in _EVENTS:
        dialects.of(connection).drop_trigger(connection, event)


def reset(connection: Connection) -> None:
    """Replace all counts, in one transaction; for after a change that bypassed the triggers.

    SQLite lets nobody else write meanwhile, PostgreSQL nobody change entries. On MariaDB others may
    add entries in between.
    """
    dialect = dialects.of(connection)
    dialect.lock_entries(connection)
    connection.execute(delete(EntryCount))
    marker = (MARKER, 0, 0, 0, 0)
    names = (*COUNTED_BY, "cleared")
    rows = [
        {**dict(zip(names, key, strict=True)), "entries": entries}
        for key, entries in ({marker: 0} | _actual(connection)).items()
    ]
    dialect.insert_counts(connection, rows)


#: What entries are counted by: the values of ``COUNTED_BY``, and whether they are cleared (0 or 1).
_Key = tuple[int, ...]


def _actual(connection: Connection) -> dict[_Key, int]:
    """Number of entries by key."""
    key = [*(getattr(TimeEntry, name) for name in COUNTED_BY), TimeEntry.cleared != 0]
    rows = connection.execute(select(*key, func.count()).group_by(*key))
    return {(*ids, int(is_cleared)): entries for *ids, is_cleared, entries in rows}


def mismatches(connection: Connection) -> list[int]:
    """IDs of the users whose kept counts aren't those of their entries."""
    actual = _actual(connection)
    columns = [getattr(EntryCount, name) for name in (*COUNTED_BY, "cleared", "entries")]
    kept: dict[_Key, int] = {
        tuple(key): entries
        for *key, entries in connection.execute(select(*columns))
        if entries and key[0] != MARKER
    }
    keys = actual.keys() | kept.keys()
    return sorted({key[0] for key in keys if actual.get(key) != kept.get(key)})


def missing_triggers(connection: Connection) -> list[str]:
    """Events (``insert``, ``update``, ``delete``) without a trigger."""
    names = connection.exec_driver_sql(dialects.of(connection).trigger_names).scalars()
    existing = {name.lower() for name in names}
    name = real_name(COUNTS, connection).lower()
    return [event for event in _EVENTS if f"{name}_{event}" not in existing]


def enabled(connection: Connection) -> bool:
    """Whether triggers keep the counts of this database."""
    marker = select(EntryCount.entries).where(EntryCount.userID == MARKER)
    return connection.scalar(marker) is not None


def is_own_schema(connection: Connection) -> bool:
    """Whether this program created the tables: Kimai's have no foreign keys."""
    name = real_name(GroupUser.__tablename__, connection)
    return bool(inspect(connection).get_foreign_keys(name))
