"""How many time entries each user has, kept by triggers: a page of a long list counts nothing.

Counting a million entries by index takes longer than anything else in such a call. The triggers
are on the table of our own schema only: on a database that Kimai 1 made, nothing is put on its
tables, and entries are counted as they are asked for.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

from sqlalchemy import Connection, delete, func, insert, inspect, select
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import DBAPIError

from .models import PREFIX_TOKEN, EntryCount, GroupUser, TimeEntry, real_name

log = logging.getLogger(__name__)

#: The number, which no user has, whose row says that triggers keep the others.
MARKER = -1

_COUNTS = f"{PREFIX_TOKEN}remote_counts"
_ENTRIES = f"{PREFIX_TOKEN}timeSheet"
_EVENTS = ("insert", "update", "delete")


def enable(connection: Connection) -> bool:
    """Count what there is and keep counting, where the schema is our own.

    :returns: False where the database doesn't allow triggers; then nothing is kept.
    """
    if not is_own_schema(connection):
        return False
    # What was counted stays until it is counted anew: others may be reading it.
    _drop_triggers(connection)
    try:
        for statement in _statements(connection.dialect.name):
            connection.exec_driver_sql(statement)
    except DBAPIError as error:
        if connection.dialect.name not in ("mysql", "mariadb"):
            raise
        # A server with a binary log may want a right for triggers that few accounts have.
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
    postgresql = connection.dialect.name == "postgresql"
    quote = connection.dialect.identifier_preparer.initial_quote
    for event in _EVENTS:
        name = f"{quote}{_COUNTS}_{event}{quote}"
        if postgresql:
            table = f"{quote}{_ENTRIES}{quote}"
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name} ON {table}")
            connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {name}()")
        else:
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")


def reset(connection: Connection) -> None:
    """Make all counts anew, in one transaction; for after a change that went past the triggers.

    SQLite lets nobody else write meanwhile, PostgreSQL nobody change entries. On MariaDB somebody's
    first entry may come in between, whose count then is there already.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f'LOCK TABLE "{_ENTRIES}" IN SHARE ROW EXCLUSIVE MODE')
    connection.execute(delete(EntryCount))
    rows = [{"userID": MARKER, "cleared": 0, "entries": 0}]
    rows += [
        {"userID": user, "cleared": cleared, "entries": number}
        for (user, cleared), number in _counted(connection).items()
    ]
    if connection.dialect.name in ("mysql", "mariadb"):
        statement = mysql.insert(EntryCount)
        fresh = {"entries": statement.inserted.entries}
        connection.execute(statement.on_duplicate_key_update(fresh), rows)
    else:
        connection.execute(insert(EntryCount), rows)


def _counted(connection: Connection) -> dict[tuple[int, int], int]:
    """Entries by user, and whether they are cleared (0 or 1)."""
    cleared = TimeEntry.cleared != 0
    found = connection.execute(
        select(TimeEntry.userID, cleared, func.count()).group_by(TimeEntry.userID, cleared)
    )
    return {(user, int(flag)): number for user, flag, number in found}


def mismatches(connection: Connection) -> list[int]:
    """Numbers of the users whose kept counts aren't those of their entries."""
    real = _counted(connection)
    kept = {
        (user, cleared): number
        for user, cleared, number in connection.execute(
            select(EntryCount.userID, EntryCount.cleared, EntryCount.entries)
        )
        if number and user != MARKER
    }
    return sorted({key[0] for key in real.keys() | kept.keys() if real.get(key) != kept.get(key)})


def missing_triggers(connection: Connection) -> list[str]:
    """Events (``insert``, ``update``, ``delete``) that no trigger is there for."""
    statements = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'",
    }
    usual = "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = database()"
    statement = statements.get(connection.dialect.name, usual)
    found = {name.lower() for name in connection.exec_driver_sql(statement).scalars()}
    name = real_name(_COUNTS, connection).lower()
    return [event for event in _EVENTS if f"{name}_{event}" not in found]


def enabled(connection: Connection) -> bool:
    """Whether triggers keep the counts of this database."""
    marker = select(EntryCount.entries).where(EntryCount.userID == MARKER)
    return connection.scalar(marker) is not None


def is_own_schema(connection: Connection) -> bool:
    """Whether this program made the tables: Kimai's have no foreign keys."""
    name = real_name(GroupUser.__tablename__, connection)
    return bool(inspect(connection).get_foreign_keys(name))


def _statements(dialect: str) -> Iterator[str]:
    if dialect == "postgresql":
        yield from _postgresql()
        return
    quote = '"' if dialect == "sqlite" else "`"
    counts, entries, user = (f"{quote}{name}{quote}" for name in (_COUNTS, _ENTRIES, "userID"))
    upsert = (
        f"ON CONFLICT ({user}, cleared) DO UPDATE SET entries = entries + 1"
        if dialect == "sqlite"
        else "ON DUPLICATE KEY UPDATE entries = entries + 1"
    )
    add = f"INSERT INTO {counts} VALUES (NEW.{user}, NEW.cleared <> 0, 1) {upsert};"
    take = (
        f"UPDATE {counts} SET entries = entries - 1"
        f" WHERE {user} = OLD.{user} AND cleared = (OLD.cleared <> 0);"
    )
    changed = f"OLD.{user} <> NEW.{user} OR (OLD.cleared <> 0) <> (NEW.cleared <> 0)"
    bodies = {"insert": add, "delete": take, "update": f"{take} {add}"}
    for event, body in bodies.items():
        head = f"CREATE TRIGGER {quote}{_COUNTS}_{event}{quote} AFTER {event.upper()} ON {entries}"
        condition = event == "update"
        if dialect == "sqlite":
            when = f" WHEN {changed}" if condition else ""
            yield f"{head} FOR EACH ROW{when} BEGIN {body} END"
        else:
            inner = f"IF {changed} THEN {body} END IF;" if condition else body
            yield f"{head} FOR EACH ROW BEGIN {inner} END"


def _postgresql() -> Iterator[str]:
    # One run a statement, not one a row: many rows in one transaction would leave as many dead
    # versions of the same count behind.
    sides = {
        "insert": (("new_rows", 1),),
        "delete": (("old_rows", -1),),
        "update": (("old_rows", -1), ("new_rows", 1)),
    }
    for event, tables in sides.items():
        union = " UNION ALL ".join(
            f'SELECT "userID", (cleared <> 0)::int AS flag, {step} AS step FROM {table}'
            for table, step in tables
        )
        name = f'"{_COUNTS}_{event}"'
        yield (
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN "
            f'INSERT INTO "{_COUNTS}" ("userID", cleared, entries) '
            f'SELECT "userID", flag, sum(step) FROM ({union}) AS changed GROUP BY "userID", flag '
            f'HAVING sum(step) <> 0 ORDER BY "userID", flag '
            f'ON CONFLICT ("userID", cleared) DO UPDATE SET entries = "{_COUNTS}".entries '
            f"+ excluded.entries; RETURN NULL; END $body$"
        )
        names = " ".join(
            f"{'NEW' if table == 'new_rows' else 'OLD'} TABLE AS {table}" for table, _ in tables
        )
        yield (
            f'CREATE TRIGGER {name} AFTER {event.upper()} ON "{_ENTRIES}" '
            f"REFERENCING {names} FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
        )
