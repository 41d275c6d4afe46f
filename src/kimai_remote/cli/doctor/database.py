"""The database: is it there, is its schema ours, are its counts true."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from ...config import Settings
from ...errors import ConfigurationError
from ...storage import entry_counts, schema
from ...storage.models import User
from ...storage.transactions import Database
from ..error_messages import message
from .finding import Finding, right, warning, wrong

#: Seconds that the clocks may differ before it shows in times of entries, and before keys and bans
#: are wrong.
CLOCK_WARNING, CLOCK_WRONG = 2, 60
#: Bytes that should be free where an SQLite database is.
LITTLE_SPACE, NO_SPACE = 1024**3, 100 * 1024**2
#: Seconds that a statement may take here: counting a million entries does.
PATIENCE = 60


def check(settings: Settings) -> Iterator[Finding]:
    about = "database"
    try:
        database = Database(
            settings.url,
            settings.table_prefix,
            pool_size=1,
            statement_timeout=PATIENCE,
            read_only=True,
        )
    except ConfigurationError as error:
        yield wrong(about, str(error))
        return
    with closing(database):
        file = database.file
        if file:
            yield from _disk(file)
            if not file.exists():
                yield warning(about, f"{file} isn't there yet", "'kimai-remote serve' makes it.")
                return
            yield from _access(file)
        try:
            with database.engine.connect() as connection:
                yield from _server(settings, database, connection)
                yield from _schema(database, connection)
        except DBAPIError as error:
            reason = " ".join(str(error.orig).split())
            yield wrong(
                about,
                f"{database.name} can't be read: {reason}",
                "Is its server running, and are name and password right?",
            )


def _disk(file: Path) -> Iterator[Finding]:
    about, folder = "disk space", file.absolute().parent
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    text = f"{free / 1024**3:.1f} GiB free for {file}"
    size = file.stat().st_size if file.exists() else 0
    if free < NO_SPACE:
        yield wrong(about, text, "Make room; nothing can be recorded on a full disk.")
    elif free < max(LITTLE_SPACE, 2 * size):
        yield warning(about, text, "A backup needs as much again as the database.")
    else:
        yield right(about, text)


def _access(file: Path) -> Iterator[Finding]:
    about = "database file"
    if not os.access(file, os.R_OK | os.W_OK) or not os.access(file.absolute().parent, os.W_OK):
        yield wrong(
            about,
            f"{file} or its directory can't be written by this user",
            "Run this as the service's user, or give them to it.",
        )
    elif os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
        yield warning(
            about, f"other users of this machine have access to {file}", f"chmod 600 {file}"
        )
    else:
        yield right(about, str(file))


def _server(settings: Settings, database: Database, connection: Connection) -> Iterator[Finding]:
    server = database.dialect.server_info(connection)
    yield right("database", f"{database.name} answers, {server.version}")
    if server.holds_all_characters:
        yield right("character set", server.character_set)
    else:
        yield warning(
            "character set",
            f"{server.character_set} can't hold every character",
            "Texts with others, such as emoji, are refused. A new PostgreSQL database should be in "
            "UTF8, tables of MariaDB in utf8mb4.",
        )
    if database.file:
        yield _journal(connection, database.file)
        return
    yield _clock(server.clock_offset)
    needed = settings.workers * (settings.threads + 2)
    text = f"{needed} may be needed here, {server.max_connections} are allowed in all"
    if server.max_connections is not None and server.max_connections < needed:
        yield warning("connections", text, "Raise max_connections, or lower workers or threads.")
    else:
        yield right("connections", text)


def _journal(connection: Connection, file: Path) -> Finding:
    is_wal = connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    if not is_wal:
        # Where nobody has the file open, only its head tells. Elsewhere it mustn't be opened past
        # SQLite: closing it would take away all locks that this process has on it.
        with file.open("rb") as head:
            is_wal = head.read(20)[18:] == b"\x02\x02"
    if is_wal:
        return right("journal", "write-ahead log: reading and writing don't wait for each other")
    return warning(
        "journal",
        "there is no write-ahead log: reading and writing wait for each other",
        "'kimai-remote serve' sets it to WAL, where the file system can do it.",
    )


def _clock(ahead: float) -> Finding:
    way = "ahead of" if ahead > 0 else "behind"
    text = f"the database's is {abs(ahead):.1f} seconds {way} this machine's"
    advice = "Let both machines take their time from the network (NTP)."
    if abs(ahead) >= CLOCK_WRONG:
        return wrong("clock", text, advice)
    if abs(ahead) >= CLOCK_WARNING:
        return warning("clock", text, advice)
    return right("clock", text)


def _schema(database: Database, connection: Connection) -> Iterator[Finding]:
    state = schema.read_state(connection)
    if state.is_empty:
        others = [name for name in schema.table_prefixes(connection) if name != database.prefix]
        if others:
            advice = f"There are tables with the prefix {', '.join(others)}: is table_prefix right?"
        else:
            advice = "'kimai-remote serve' creates them."
        yield warning("schema", f"there are no tables {database.prefix}… yet", advice)
        return
    try:
        schema.check(database, state)
    except ConfigurationError as error:
        yield wrong("schema", message(error))
        return
    yield right("schema", f"version {schema.LATEST}, tables {database.prefix}…")
    if connection.scalar(select(User.userID).where(User.trash == 0, User.active == 1)) is None:
        yield warning(
            "users", "nobody can log in: there is no active user", "Make one active, or create one."
        )
    yield _counts(connection)


def _counts(connection: Connection) -> Finding:
    about, repair = "counts", "kimai-remote db recount"
    if not entry_counts.enabled(connection):
        if not entry_counts.is_own_schema(connection):
            return right(about, "entries are counted when asked, as always in Kimai's own tables")
        return warning(
            about,
            "no triggers keep the numbers of entries, so long lists take longer",
            f"Give the database's user the privilege TRIGGER, then run: {repair}",
        )
    missing = entry_counts.missing_triggers(connection)
    if missing:
        return wrong(about, f"the triggers for {', '.join(missing)} are missing", f"Run: {repair}")
    users = entry_counts.mismatches(connection)
    if users:
        some = ", ".join(map(str, users[:5])) + (", …" if len(users) > 5 else "")
        return wrong(
            about,
            f"those of {len(users)} users aren't true (userID {some})",
            f"If nobody recorded just now, run: {repair}",
        )
    return right(about, "kept by triggers, and true")
