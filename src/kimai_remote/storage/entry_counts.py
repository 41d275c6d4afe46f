"""Counts of each user's time entries and expenses, kept by triggers: a list counts next to nothing.

Counting a million entries by index, or stepping over them to a page, takes longer than anything
else in such a call. Triggers are on tables of our own schema only: on a database that Kimai 1 made,
its tables get none, and entries are counted when a call asks.

A trigger adds to a count and never sets it. So a count differs from the number of entries by the
same amount before and after each transaction, and adding that difference corrects it, whatever
others write meanwhile.

A row, the marker, says that lists may use the counts. MariaDB commits each change of a trigger by
itself, so what changes them may end between any two statements: the marker goes first and comes
last. Lists read it in the same statement as the counts.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, insert, inspect, select, union
from sqlalchemy.exc import DBAPIError

from . import dialects, schema_lock
from .models import PREFIX_TOKEN, EntryCount, Expense, GroupUser, PeriodCount, TimeEntry, real_name
from .tallies import TALLIES, TRIGGERS

if TYPE_CHECKING:
    from .transactions import Database

log = logging.getLogger(__name__)

#: User ID, which no user has, of the row that says that triggers keep the others.
MARKER = -1
_MARKER = {"userID": MARKER, "cleared": 0, "projectID": 0, "activityID": 0, "statusID": 0}


def enable(connection: Connection) -> bool:
    """Count the entries and keep counting, where the schema is our own.

    :returns: False where the database doesn't allow triggers; then nothing is kept.
    """
    if not install(connection):
        return False
    correct(connection)
    mark(connection)
    return True


def install(connection: Connection) -> bool:
    """Create the triggers anew, where the schema is our own, and have lists not use the counts.

    The database first waits for transactions that have changed entries without them.

    :returns: False where the database doesn't allow triggers; then nothing is kept.
    """
    if not is_own_schema(connection):
        return False
    dialect = dialects.of(connection)
    _unmark(connection)
    # Counts stay: others may be reading them.
    _drop_triggers(connection)
    try:
        for trigger in TRIGGERS:
            for statement in dialect.create_trigger(trigger):
                dialect.execute_sql(connection, statement)
    except DBAPIError as error:
        if not dialect.restricts_triggers:
            raise
        log.warning("Counts of entries are not kept: %s", error.orig)
        disable(connection)
        return False
    return True


def mark(connection: Connection) -> None:
    """Have lists use the counts, now that they are right, unless another process has removed the
    triggers meanwhile."""
    if not enabled(connection) and not missing_triggers(connection):
        connection.execute(insert(EntryCount), _MARKER)


def _unmark(connection: Connection) -> None:
    connection.execute(delete(EntryCount).where(EntryCount.userID == MARKER))


def disable(connection: Connection) -> None:
    """Keep no counts any more."""
    _unmark(connection)
    _drop_triggers(connection)
    connection.execute(delete(EntryCount))
    connection.execute(delete(PeriodCount))


def _drop_triggers(connection: Connection) -> None:
    for trigger in TRIGGERS:
        dialects.of(connection).drop_trigger(connection, trigger)


def correct(connection: Connection, user_id: int | None = None) -> bool:
    """Correct the counts, in the transaction of the connection; the triggers must exist.

    :param user_id: ID of the user whose counts are corrected; None for those of all users.
    :returns: whether there was anything to correct.
    """
    dialect = dialects.of(connection)
    corrected = False
    for target, columns, errors in _errors(user_id):
        tally = next(tally for tally in TALLIES if tally.target == target)
        statement = (
            f'INSERT INTO "{target}" ({columns}, entries) '  # noqa: S608 - all of it is ours
            f"SELECT {columns}, missing FROM ({errors}) AS errors WHERE 1 = 1 "
            f"{dialect.on_existing_count(tally)}"
        )
        corrected |= dialect.execute_sql(connection, statement).rowcount > 0
    return corrected


def recount(database: Database, progress: Callable[[int, int], None]) -> int | None:
    """Create the triggers anew and correct all counts, in a short transaction for each user.

    Entries can be recorded meanwhile.

    :param progress: called with the number of users that are done and of all.
    :returns: the number of users whose counts were wrong; None where none are kept.
    :raises ConfigurationError: another process is changing the schema.
    """
    # Another recount would remove the triggers while this one marks the counts as right.
    with schema_lock.hold(database):
        with database.begin() as connection:
            if not install(connection):
                return None
        with database.begin() as connection:
            user_ids = users(connection)
        wrong = 0
        for done, user_id in enumerate(user_ids):
            progress(done, len(user_ids))
            wrong += database.execute(partial(correct, user_id=user_id), writes=True)
        with database.begin() as connection:
            mark(connection)
    return wrong


def users(connection: Connection) -> list[int]:
    """IDs of all users with entries or counts; some may not exist any more."""
    tables = (TimeEntry, Expense, EntryCount, PeriodCount)
    ids = union(*(select(table.userID) for table in tables))
    return sorted(user_id for user_id in connection.scalars(ids) if user_id != MARKER)


def mismatches(connection: Connection) -> list[int]:
    """IDs of the users whose kept counts aren't those of their entries."""
    found: set[int] = set()
    dialect = dialects.of(connection)
    for _, _, errors in _errors():
        statement = f'SELECT DISTINCT "userID" FROM ({errors}) AS errors'  # noqa: S608
        found.update(dialect.execute_sql(connection, statement).scalars())
    return sorted(found)


def _errors(user_id: int | None = None) -> Iterator[tuple[str, str, str]]:
    """Yield each table of counts, its key, and a query for the key of each wrong count with
    the number of entries that are ``missing`` in it.

    Entries and counts are read by the same statement: so they are those of one state.
    """
    for target in dict.fromkeys(tally.target for tally in TALLIES):
        tallies = [tally for tally in TALLIES if tally.target == target]
        columns = tallies[0].columns
        mine = f"= {user_id:d}" if user_id is not None else f"<> {MARKER}"
        grouped = ", ".join(str(index + 1) for index in range(len(tallies[0].key)))
        parts = []
        for tally in tallies:
            rows = tally.select(f'"{tally.source}"', "count(*)")
            parts.append(f'{rows} AND counted."userID" {mine} GROUP BY {grouped}')
        kept = f'SELECT {columns}, -entries AS step FROM "{target}" WHERE "userID" {mine}'  # noqa: S608
        yield (
            target,
            columns,
            (
                f"SELECT {columns}, sum(step) AS missing "  # noqa: S608
                f"FROM ({' UNION ALL '.join([*parts, kept])}) AS parts "
                f"GROUP BY {columns} HAVING sum(step) <> 0 ORDER BY {columns}"
            ),
        )


def missing_triggers(connection: Connection) -> list[str]:
    """Triggers that don't exist, such as ``insert on timeSheet``."""
    names = connection.exec_driver_sql(dialects.of(connection).trigger_names).scalars()
    existing = {name.lower() for name in names}
    return [
        f"{trigger.event} on {trigger.source.removeprefix(PREFIX_TOKEN)}"
        for trigger in TRIGGERS
        if real_name(trigger.name, connection).lower() not in existing
    ]


def enabled(connection: Connection) -> bool:
    """Whether triggers keep the counts of this database."""
    marker = select(EntryCount.entries).where(EntryCount.userID == MARKER)
    return connection.scalar(marker) is not None


def is_own_schema(connection: Connection) -> bool:
    """Whether this program created the tables: Kimai's have no foreign keys."""
    name = real_name(GroupUser.__tablename__, connection)
    return bool(inspect(connection).get_foreign_keys(name))
