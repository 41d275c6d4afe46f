"""What a database server says of itself."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import Connection, inspect

from .models import User, real_name


@dataclass(frozen=True, slots=True)
class Server:
    """A database server, or the library that reads an SQLite file."""

    #: Name and version, as people say it.
    version: str
    #: Character set that texts are stored in.
    character_set: str
    #: Whether that can hold every character.
    holds_all_characters: bool
    #: Seconds that its clock is before ours.
    clock_ahead: float
    #: Connections that it takes from all clients; None where there is no limit.
    most_connections: int | None


def look_at(connection: Connection) -> Server:
    """What can be asked without changing anything."""
    dialect = connection.dialect.name
    if dialect == "sqlite":
        return _sqlite(connection)
    return _postgresql(connection) if dialect == "postgresql" else _mariadb(connection)


def _sqlite(connection: Connection) -> Server:
    version = connection.exec_driver_sql("SELECT sqlite_version()").scalar()
    encoding = str(connection.exec_driver_sql("PRAGMA encoding").scalar())
    return Server(f"SQLite {version}", encoding, True, 0.0, None)


def _postgresql(connection: Connection) -> Server:
    version, encoding, most = connection.exec_driver_sql(
        "SELECT current_setting('server_version'), current_setting('server_encoding'), "
        "current_setting('max_connections')::int "
        "- current_setting('superuser_reserved_connections')::int"
    ).one()
    ahead = _ahead(connection, "SELECT extract(epoch FROM clock_timestamp())")
    return Server(f"PostgreSQL {version}", encoding, encoding == "UTF8", ahead, most)


def _mariadb(connection: Connection) -> Server:
    version, most = connection.exec_driver_sql("SELECT version(), @@max_connections").one()
    name = "MariaDB" if "maria" in version.lower() else "MySQL"
    table = real_name(User.__tablename__, connection)
    # That of the tables counts; the database's own is for new ones.
    found = connection.exec_driver_sql(
        "SELECT character_set_name FROM information_schema.columns WHERE table_schema = database() "
        "AND table_name = %s AND column_name = 'name'",
        (table,),
    ).scalar()
    character_set = found or connection.exec_driver_sql("SELECT @@character_set_database").scalar()
    ahead = _ahead(connection, "SELECT unix_timestamp(sysdate(6))")
    holds_all = not found or character_set == "utf8mb4"  # ours are made in it, whatever is usual
    return Server(
        f"{name} {version.partition('-')[0]}", str(character_set), holds_all, ahead, int(most)
    )


def _ahead(connection: Connection, statement: str) -> float:
    before = time.time()
    theirs = float(connection.exec_driver_sql(statement).scalar() or 0)
    return theirs - (before + time.time()) / 2


def prefixes(connection: Connection) -> list[str]:
    """Prefixes of the Kimai installations in this database, by the table that each has."""
    last = "timesheet"
    return sorted(
        name[: -len(last)]
        for name in inspect(connection).get_table_names()
        if name.lower().endswith(last)
    )
