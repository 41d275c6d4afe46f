"""Removing what this program has added to a Kimai 1 database that it served."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import inspect, select
from sqlalchemy.schema import DropTable

from ..errors import ConfigurationError
from ..storage import entry_counts, schema_lock
from ..storage import models as m
from ..storage.transactions import Database
from .schema_detection import OWN_TABLES, detect

#: Indexes that earlier versions created on Kimai's tables; those of this version are in the models.
_FORMER_INDEXES = frozenset(
    m.PREFIX_TOKEN + name
    for name in ("timeSheet_user", "timeSheet_project", "expenses_user", "expenses_project")
)


@dataclass(frozen=True, slots=True)
class Additions:
    """Tables and indexes that this program has added, by their real names.

    :param indexes: each with the table that it is on.
    :param passwords: names of users and customers whose passwords Kimai's PHP can't check.
    """

    tables: tuple[str, ...]
    indexes: tuple[tuple[str, str], ...]
    passwords: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        return not self.tables and not self.indexes


class OwnSchema(ConfigurationError):
    """This program created all tables, so there are no additions to remove."""

    def __init__(self, database: Database) -> None:
        super().__init__(
            f"The tables {database.prefix}… in {database.name} were made by kimai-remote, not by "
            "Kimai 1, and it needs all of them."
        )


def find_additions(database: Database) -> Additions:
    """Look for additions; nothing is changed.

    :raises OwnSchema: this program created the database.
    :raises ConfigurationError: it isn't a Kimai 1 database.
    """
    detect(database)
    with database.engine.connect() as connection:
        if entry_counts.is_own_schema(connection):
            raise OwnSchema(database)
        passwords = [
            name
            for model in (m.User, m.Customer)
            for name, stored in connection.execute(select(model.name, model.password))
            if (stored or "").startswith("$argon2")
        ]
    inspector = inspect(database.engine)
    existing = set(inspector.get_table_names())
    index_names = {_real(database, name) for name in _index_names()}
    tables = [name for name in _own_tables(database) if name in existing]
    indexes = [
        (str(index["name"]), table)
        for table in sorted(_kimai_tables(database) & existing)
        for index in inspector.get_indexes(table)
        if index["name"] in index_names
    ]
    return Additions(tuple(tables), tuple(indexes), tuple(passwords))


def remove(database: Database, additions: Additions) -> None:
    """Remove additions. If that fails halfway, repeating it removes the rest."""
    quote = database.engine.dialect.identifier_preparer.quote
    with schema_lock.acquire(database) as connection:
        # First: what MariaDB has removed until then, an upgrade would take for granted.
        if _real(database, m.schema_version.name) in additions.tables:
            connection.execute(m.schema_version.delete())
        for index, table in additions.indexes:
            database.dialect.drop_index(connection, index, table)
        for table in additions.tables:
            connection.exec_driver_sql(f"DROP TABLE {quote(table)}")
        # On a cluster, the lock itself has made it.
        connection.execute(DropTable(m.schema_lock, if_exists=True))


def _own_tables(database: Database) -> list[str]:
    """Names in the order of their removal: as long as the table of the version exists, others may,
    and the lock is held until the end."""
    last = (m.schema_version.name, m.schema_lock.name)
    names = [*sorted(OWN_TABLES.difference(last)), *last]
    return [_real(database, name) for name in names]


def _kimai_tables(database: Database) -> set[str]:
    return {_real(database, name) for name in m.Base.metadata.tables if name not in OWN_TABLES}


def _index_names() -> frozenset[str]:
    tables = m.Base.metadata.tables.values()
    return _FORMER_INDEXES | {str(index.name) for table in tables for index in table.indexes}


def _real(database: Database, name: str) -> str:
    return m.real_name(name, database.engine)
