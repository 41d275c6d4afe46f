"""Leaving a Kimai 1 database as it was before it was served: without what is ours."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import inspect, select

from ..errors import ConfigurationError
from ..storage import entry_counts
from ..storage import models as m
from ..storage.transactions import Database
from .schema_detection import OWN_TABLES, shape

#: Indexes that earlier versions put on Kimai's tables; those of this version are in the models.
_FORMER_INDEXES = frozenset({f"{m.PREFIX_TOKEN}timeSheet_user"})


@dataclass(frozen=True, slots=True)
class Ours:
    """What this program has added to a Kimai 1 database, by real names.

    :param indexes: each with the table that it is on.
    :param passwords: names of users and customers whose passwords Kimai's PHP can't check.
    """

    tables: tuple[str, ...]
    indexes: tuple[tuple[str, str], ...]
    passwords: tuple[str, ...]

    @property
    def is_nothing(self) -> bool:
        return not self.tables and not self.indexes


def find(database: Database) -> Ours:
    """:raises ConfigurationError: it is no Kimai 1 database, but one that this program made."""
    shape(database)
    with database.engine.connect() as connection:
        if entry_counts.is_own_schema(connection):
            raise ConfigurationError(
                f"The tables {database.prefix}… in {database.name} were made by kimai-remote, not "
                "by Kimai 1, and it needs all of them. To go back to Kimai, copy them into tables "
                "that Kimai made: kimai-remote kimai1 import, the other way round."
            )
        passwords = [
            name
            for model in (m.User, m.Customer)
            for name, stored in connection.execute(select(model.name, model.password))
            if (stored or "").startswith("$argon2")
        ]
    inspector = inspect(database.engine)
    existing = set(inspector.get_table_names())
    mine = {_real(database, name) for name in _index_names()}
    tables = [name for name in _own_tables(database) if name in existing]
    indexes = [
        (str(index["name"]), table)
        for table in sorted(_kimais_tables(database) & existing)
        for index in inspector.get_indexes(table)
        if index["name"] in mine
    ]
    return Ours(tuple(tables), tuple(indexes), tuple(passwords))


def leave(database: Database, ours: Ours) -> None:
    """Remove it. Where that breaks off, doing it again removes the rest."""
    quote = database.engine.dialect.identifier_preparer.quote
    with database.begin() as connection:
        for index, table in ours.indexes:
            database.dialect.drop_index(connection, index, table)
        for table in ours.tables:
            connection.exec_driver_sql(f"DROP TABLE {quote(table)}")


def _own_tables(database: Database) -> list[str]:
    """The one with the version is the last: as long as it is there, so may be others."""
    last = m.schema_version.name
    names = sorted(OWN_TABLES, key=lambda name: (name == last, name))
    return [_real(database, name) for name in names]


def _kimais_tables(database: Database) -> set[str]:
    return {_real(database, name) for name in m.Base.metadata.tables if name not in OWN_TABLES}


def _index_names() -> frozenset[str]:
    tables = m.Base.metadata.tables.values()
    return _FORMER_INDEXES | {str(index.name) for table in tables for index in table.indexes}


def _real(database: Database, name: str) -> str:
    return m.real_name(name, database.engine)
