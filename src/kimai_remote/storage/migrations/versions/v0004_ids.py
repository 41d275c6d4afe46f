"""IDs that are never given out again, and time entries without a fixed rate."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

#: The engine replaces this by the prefix of table names.
PREFIX_TOKEN = "kimai0prefix0"  # noqa: S105
#: Tables whose records have an ID that programs keep.
TABLES = (
    "users",
    "groups",
    "customers",
    "projects",
    "activities",
    "timeSheet",
    "expenses",
    "globalRoles",
    "membershipRoles",
)
#: End of the name of a table while its successor is made.
OLD = "_before_0004"


def upgrade() -> None:
    connection = op.get_bind()
    prefix = connection.get_execution_options()["prefix"]
    if not sa.inspect(connection).get_foreign_keys(f"{prefix}groups_users"):
        return  # Kimai's tables, which have no foreign keys, stay as they are
    if connection.dialect.name == "sqlite":
        _Rebuilding(connection, prefix).run()
    else:
        op.alter_column(
            sa.quoted_name(f"{PREFIX_TOKEN}timeSheet", quote=True),
            "fixedRate",
            existing_type=sa.Numeric(10, 2),
            nullable=True,
            server_default=None,
        )


class _Rebuilding:
    """Rebuilding SQLite's tables with ``AUTOINCREMENT``, in the transaction of the upgrade.

    SQLite can't add that to a table. Foreign keys are enforced and stay so: tables that refer to a
    table are rebuilt too, and old tables go only when nothing refers to them.
    """

    def __init__(self, connection: sa.Connection, prefix: str) -> None:
        self._connection = connection
        metadata = sa.MetaData()
        metadata.reflect(connection)
        self._numbered = {f"{prefix}{name}" for name in TABLES}
        self._entries = f"{prefix}timeSheet"
        names = set(self._numbered)
        self._tables: list[sa.Table] = []
        for table in metadata.sorted_tables:  # a table follows those that it refers to
            parents = {key.column.table.name for key in table.foreign_keys}
            if table.name in names or parents & names:
                names.add(table.name)
                self._tables.append(table)
        self._sql = {name: sql for _, name, sql in self._definitions("type = 'table'")}

    def run(self) -> None:
        counts = [self._count(table.name) for table in self._tables]
        # What refers to tables by name would follow the old ones.
        kept = self._definitions("type IN ('view', 'trigger')")
        for kind, name, _ in reversed(kept):
            self._execute(f"DROP {kind} {_quoted(name)}")
        for table in self._tables:
            kept += self._rename(table.name)
        for table in self._tables:
            self._create(table)
            stored = [column for column in table.columns if column.computed is None]
            columns = ", ".join(_quoted(column.name) for column in stored)
            self._execute(
                f"INSERT INTO {_quoted(table.name)} ({columns}) "  # noqa: S608
                f"SELECT {columns} FROM {_quoted(table.name + OLD)}"
            )
        for table in reversed(self._tables):
            self._execute(f"DROP TABLE {_quoted(table.name + OLD)}")
        # Indexes first, as triggers and views may need them to be valid.
        for _, _, definition in sorted(kept, key=lambda item: item[0] != "index"):
            self._execute(definition)
        if counts != [self._count(table.name) for table in self._tables]:
            raise RuntimeError("The tables that were rebuilt don't have all records.")
        if self._connection.exec_driver_sql("PRAGMA foreign_key_check").first():
            raise RuntimeError("The tables that were rebuilt refer to records that don't exist.")

    def _rename(self, name: str) -> list[tuple[str, str, str]]:
        """Make room for a new table, and return the definitions of the old one's indexes."""
        indexes = self._definitions("type = 'index' AND tbl_name = ?", name)
        for _, index, _ in indexes:
            self._execute(f"DROP INDEX {_quoted(index)}")
        self._execute(f"ALTER TABLE {_quoted(name)} RENAME TO {_quoted(name + OLD)}")
        return indexes

    def _create(self, table: sa.Table) -> None:
        if table.name not in self._numbered:
            # An administrator's own table may have what SQLAlchemy doesn't see.
            self._execute(self._sql[table.name])
            return
        table.indexes.clear()
        table.dialect_options["sqlite"]["autoincrement"] = True
        if table.name == self._entries:
            table.c.fixedRate.nullable = True
            table.c.fixedRate.server_default = None
        table.create(self._connection)

    def _definitions(self, condition: str, *parameters: str) -> list[tuple[str, str, str]]:
        """Return type, name and SQL of what was defined with SQL, oldest first."""
        rows = self._connection.exec_driver_sql(
            "SELECT type, name, sql FROM sqlite_master "  # noqa: S608 - conditions of this module
            f"WHERE sql IS NOT NULL AND {condition} ORDER BY rowid",
            parameters,
        )
        return [(kind, name, definition) for kind, name, definition in rows]

    def _count(self, name: str) -> int:
        count: Any = self._connection.exec_driver_sql(
            f"SELECT count(*) FROM {_quoted(name)}"  # noqa: S608
        ).scalar()
        return int(count)

    def _execute(self, statement: str) -> None:
        self._connection.exec_driver_sql(statement)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
