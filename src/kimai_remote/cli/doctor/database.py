"""Checks of the database: access, schema, and stored counts."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from ...config import Settings
from ...errors import ConfigurationError
from ...server import demo_data, preflight
from ...storage import entry_counts, models, origin, schema
from ...storage.models import GlobalRole, Group, GroupUser, MembershipRole, User
from ...storage.origin import DatabaseOrigin
from ...storage.transactions import Database
from ..commands.secret import fingerprint
from ..error_messages import message
from ..output import count
from .finding import Finding, right, warning, wrong

#: Seconds that the clocks can differ before times of entries are visibly wrong, and before keys and
#: bans fail.
CLOCK_WARNING, CLOCK_WRONG = 2, 60
#: Members of a cluster that goes on without one of them.
MEMBERS = 3
#: Bytes that should be free on the disk of an SQLite database.
LOW_SPACE, NO_SPACE = 1024**3, 100 * 1024**2
#: Seconds that a statement may take, and one that counts all entries.
STATEMENT_TIMEOUT, COUNT_TIMEOUT = 60, 3600


def _open(settings: Settings, statement_timeout: int) -> Database:
    return Database(
        settings.url,
        settings.table_prefix,
        pool_size=1,
        statement_timeout=statement_timeout,
        pooler=settings.database_pooler,
        read_only=True,
    )


def check(settings: Settings) -> Iterator[Finding]:
    about = "database"
    try:
        database = _open(settings, STATEMENT_TIMEOUT)
    except ConfigurationError as error:
        yield wrong(about, str(error))
        return
    with closing(database):
        file = database.file
        if file:
            yield from _disk(file)
            if not file.exists():
                yield warning(
                    about, f"{file} doesn't exist yet", "'kimai-remote serve' creates it."
                )
                return
            yield from _access(file)
        try:
            if database.dialect.has_poolers:
                seen = database.dialect.recognized_pooler(database.engine)
                yield _pooler(settings.database_pooler, seen)
            with database.engine.connect() as connection:
                yield from _server(settings, database, connection)
                yield from _schema(settings, database, connection)
        except DBAPIError as error:
            reason = " ".join(str(error.orig).split())
            yield wrong(
                about,
                f"{database.name} can't be read: {reason}",
                "Check that its server is running, and that user name and password are correct.",
            )


def _disk(file: Path) -> Iterator[Finding]:
    about, folder = "disk space", file.absolute().parent
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    text = f"{free / 1024**3:.1f} GiB free for {file}"
    size = file.stat().st_size if file.exists() else 0
    if free < NO_SPACE:
        yield wrong(about, text, "Free some space; nothing can be recorded on a full disk.")
    elif free < max(LOW_SPACE, 2 * size):
        yield warning(about, text, "A backup needs as much space as the database.")
    else:
        yield right(about, text)


def _access(file: Path) -> Iterator[Finding]:
    about = "database file"
    if not os.access(file, os.R_OK | os.W_OK) or not os.access(file.absolute().parent, os.W_OK):
        yield wrong(
            about,
            f"this user can't write to {file} or its directory",
            "Run this as the user of the service, or change their owner.",
        )
    elif os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
        yield warning(
            about, f"other users of this machine have access to {file}", f"chmod 600 {file}"
        )
    else:
        yield right(about, str(file))


def _server(settings: Settings, database: Database, connection: Connection) -> Iterator[Finding]:
    server = database.dialect.server_info(connection)
    yield right("database", f"{database.name} responds, {server.version}")
    if server.holds_all_characters:
        yield right("character set", server.character_set)
    else:
        yield warning(
            "character set",
            f"{server.character_set} can't hold every character",
            "Text with other characters, such as emoji, is refused. Use UTF8 for a new PostgreSQL "
            "database, and utf8mb4 for MariaDB tables.",
        )
    if database.file:
        yield _journal(connection, database.file)
        return
    yield from _cluster(database, connection)
    yield _clock(server.clock_offset)
    needed = settings.workers * (settings.threads + 2)
    text = f"{needed} may be needed here, {server.max_connections} are allowed in all"
    if server.max_connections is not None and server.max_connections < needed:
        yield warning("connections", text, "Raise max_connections, or lower workers or threads.")
    else:
        yield right("connections", text)


def _pooler(configured: str, seen: str) -> Finding:
    about = "pooler"
    if seen == "none":
        text = "there is none between this machine and the database"
        if configured != "none":
            text += f"; database_pooler = {configured} works without one too"
        return right(about, text)
    text = f"there is one in {seen} mode, and database_pooler is {configured}"
    # What transaction mode needs does for session mode too.
    if configured in (seen, "transaction"):
        return right(about, text)
    return wrong(about, text, f"Set database_pooler to {seen}.")


def _journal(connection: Connection, file: Path) -> Finding:
    is_wal = connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    if not is_wal:
        # Where nobody has the file open, only its head tells. Elsewhere it mustn't be opened past
        # SQLite: closing it would release all locks that this process has on it.
        with file.open("rb") as head:
            is_wal = head.read(20)[18:] == b"\x02\x02"
    if is_wal:
        return right("journal", "write-ahead log: reads and writes don't block each other")
    return warning(
        "journal",
        "there is no write-ahead log: reads and writes block each other",
        "'kimai-remote serve' turns it on, if the file system supports it.",
    )


def _cluster(database: Database, connection: Connection) -> Iterator[Finding]:
    about = "cluster"
    state = database.dialect.cluster(connection)
    if state is None:
        return
    addresses = ", ".join(filter(None, state.members))
    members = f"{count(len(state.members), 'member')} ({addresses})"
    if not state.is_ready:
        yield wrong(
            about,
            f"this node has lost its cluster and refuses all statements; it sees {members}",
            "Connect it with the others again. If all nodes stopped, start the one first that has "
            "the latest data.",
        )
    elif not state.is_synced:
        yield warning(
            about,
            f"this node lags behind the others ({state.state}), so reads may be old; {members}",
            "Wait until it is synced, or set wsrep_desync to OFF.",
        )
    elif len(state.members) < MEMBERS:
        yield warning(
            about,
            f"Galera, synced, with {members}, so the loss of one stops all",
            f"A cluster needs {MEMBERS} members to go on without one; garbd can be the last.",
        )
    else:
        yield right(about, f"Galera, synced, {members}")
    names = [models.real_name(name, connection) for name in models.Base.metadata.tables]
    without = database.dialect.tables_without_key(connection, names)
    if without:
        yield warning(
            "primary keys",
            f"there is none in {', '.join(without)}, which Galera needs to find changed rows",
            # Nodes that counted the rows themselves would do so in different orders.
            "For each of them, in one session (MariaDB 10.3 or later): "
            "ALTER TABLE NAME ADD COLUMN rowID INTEGER NOT NULL DEFAULT 0 INVISIBLE; "
            "SET @last = 0; UPDATE NAME SET rowID = (@last := @last + 1); "
            "ALTER TABLE NAME MODIFY rowID INTEGER NOT NULL AUTO_INCREMENT INVISIBLE, "
            "ADD PRIMARY KEY (rowID);",
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


def _schema(settings: Settings, database: Database, connection: Connection) -> Iterator[Finding]:
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
    if state.condition is schema.Condition.COMPATIBLE:
        yield warning(
            "schema",
            f"version {state.version}, which this program ({schema.LATEST}) can serve too",
            "A newer kimai-remote has upgraded it. Install that one here too.",
        )
    else:
        yield right("schema", f"version {schema.LATEST}, tables {database.prefix}…")
    yield from _secret(settings, state.secret)
    if connection.scalar(select(User.userID).where(User.trash == 0, User.active == 1)) is None:
        yield warning(
            "users", "nobody can log in: there is no active user", "Activate a user, or add one."
        )
    yield from _roles(connection)
    yield _demo_accounts(settings, connection)
    yield _contract(settings, origin.read(connection))
    with (
        closing(_open(settings, COUNT_TIMEOUT)) as slow_database,
        slow_database.engine.connect() as counting,
    ):
        yield _counts(counting)


def _secret(settings: Settings, stored: str | None) -> Iterator[Finding]:
    about = "shared secret"
    try:
        here = fingerprint(settings)
    except ConfigurationError:
        return  # the configuration's finding says why
    if stored is None:
        yield right(about, "the next server that starts stores the fingerprint of its secret")
        return
    if here == stored:
        yield right(about, "that of the database's servers")
        return
    text = "the database's servers have another one than is set here"
    advice = (
        "Copy it from the data directory or the settings of a server that has it, or from a "
        "backup. 'kimai-remote secret show' compares them."
    )
    if settings.other_secret:
        yield warning(about, f"{text}, as other_secret allows", advice)
    else:
        yield wrong(about, f"{text}, so the server doesn't start", advice)


def _roles(connection: Connection) -> Iterator[Finding]:
    """Find users whose role doesn't exist, as of a database whose IDs have gaps."""
    about = "roles"
    user, member, group = User, GroupUser, Group
    roles = select(GlobalRole.__table__.c.globalRoleID)
    names = connection.scalars(
        select(user.name)
        .where(user.trash == 0, user.globalRoleID.not_in(roles))
        .order_by(user.name)
    ).all()
    membership_roles = select(MembershipRole.__table__.c.membershipRoleID)
    members = connection.execute(
        select(user.name, group.name)
        .join(member, member.userID == user.userID)
        .join(group, group.groupID == member.groupID)
        .where(user.trash == 0, member.membershipRoleID.not_in(membership_roles))
        .order_by(user.name, group.name)
    ).all()
    if names:
        yield wrong(
            about,
            "these users have a global role that doesn't exist, so they have no rights: "
            f"{_some(names)}",
            f"Give each one a role: kimai-remote user edit {shlex.quote(names[0])} --role ROLE",
        )
    if members:
        user_name, group_name = map(shlex.quote, members[0])
        listed = [f"{name} in {group_name}" for name, group_name in members]
        yield wrong(
            about,
            "these have a membership role that doesn't exist, so they have no rights there: "
            f"{_some(listed)}",
            f"Give each one a role: kimai-remote user assign {user_name} --group {group_name} "
            "--membership-role ROLE",
        )
    if not names and not members:
        yield right(about, "all users and members have one that exists")


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _demo_accounts(settings: Settings, connection: Connection) -> Finding:
    about = "demo accounts"
    names = demo_data.with_known_passwords(connection, settings.password_salt)
    if not names:
        return right(about, "nobody has a password of the demo data")
    text = f"everybody knows the passwords of {', '.join(names)}"
    try:
        preflight.check_demo_accounts(settings, names)
    except ConfigurationError:
        text += ", and other machines may reach the server, which doesn't start like that"
        return wrong(about, text, preflight.CLOSE_DEMO)
    return warning(about, text, preflight.CLOSE_DEMO)


_ORIGINS = {
    DatabaseOrigin.OWN: "this database wasn't adopted from Kimai 1",
    DatabaseOrigin.IMPORTED: "this database was imported from Kimai 1",
    DatabaseOrigin.IN_PLACE: "this database is Kimai 1's own",
}


def _contract(settings: Settings, database_origin: DatabaseOrigin) -> Finding:
    """Say which contract plain ``?wsdl`` is, and why."""
    style = settings.plain_wsdl_style(lambda: database_origin.is_adopted)
    name = {"rpc": "rpc/encoded, as Kimai 1 had it", "document": "document/literal"}[style]
    reason = _ORIGINS[database_origin]
    if settings.wsdl_style != "auto":
        reason = f"the setting wsdl_style is {settings.wsdl_style}"
    return right("contract", f"plain ?wsdl is {name}, since {reason}")


def _counts(connection: Connection) -> Finding:
    about, repair = "counts", "kimai-remote db recount"
    if not entry_counts.enabled(connection):
        if not entry_counts.is_own_schema(connection):
            return right(
                about, "time entries are counted on request, as always in Kimai's own tables"
            )
        return warning(
            about,
            "there are no triggers that maintain the counts, so long lists are slower",
            f"Grant the database user the privilege TRIGGER, then run: {repair}",
        )
    missing = entry_counts.missing_triggers(connection)
    if missing:
        return wrong(about, f"the triggers for {', '.join(missing)} are missing", f"Run: {repair}")
    users = entry_counts.mismatches(connection)
    if users:
        some = ", ".join(map(str, users[:5])) + (", …" if len(users) > 5 else "")
        return wrong(
            about,
            f"the counts of {count(len(users), 'user')} are wrong (userID {some})",
            f"If nobody recorded time just now, run: {repair}",
        )
    return right(about, "maintained by triggers, and correct")
