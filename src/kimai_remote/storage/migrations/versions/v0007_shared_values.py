"""Values that all servers agree on, and primary keys of the rate tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0007"
down_revision = "0006"

#: The oldest version whose programs can serve this one; older ones refuse every other version.
SERVES = "0007"
#: The engine replaces this by the prefix of table names.
PREFIX_TOKEN = "kimai0prefix0"  # noqa: S105
#: Tables without a primary key, and the one that they get.
KEYS = {"rates": "rateID", "fixedRates": "fixedRateID"}
#: End of the name of a table while it is made.
NEW = "_of_0007"


def upgrade() -> None:
    connection = op.get_bind()
    prefix = connection.get_execution_options()["prefix"]
    inspector = sa.inspect(connection)
    # Kimai's tables, which have no foreign keys, stay as they are.
    if inspector.get_foreign_keys(f"{prefix}groups_users"):
        # An administrator may have added one already.
        missing = {
            f"{prefix}{table}": key
            for table, key in KEYS.items()
            if not inspector.get_pk_constraint(f"{prefix}{table}")["constrained_columns"]
        }
        _add_keys(connection, missing)
    _create_values(connection, inspector, prefix)


def _create_values(connection: sa.Connection, inspector: sa.Inspector, prefix: str) -> None:
    binary = mysql.VARCHAR(40, charset="utf8mb4", collation="utf8mb4_bin")
    values = sa.Table(
        sa.quoted_name(f"{PREFIX_TOKEN}remote_values", quote=True),
        sa.MetaData(),
        sa.Column("name", sa.String(40).with_variant(binary, "mysql", "mariadb"), primary_key=True),
        sa.Column("value", sa.String(255), nullable=False),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mariadb_engine="InnoDB",
        mariadb_charset="utf8mb4",
    )
    if not inspector.has_table(f"{prefix}remote_values"):
        values.create(connection)
    oldest = {"name": "oldest_program", "value": SERVES}
    if not connection.scalar(sa.select(values.c.value).where(values.c.name == oldest["name"])):
        connection.execute(values.insert(), oldest)


def _add_keys(connection: sa.Connection, missing: dict[str, str]) -> None:
    quote = connection.dialect.identifier_preparer.quote_identifier
    if connection.dialect.name == "sqlite":
        definitions = _drop_views(connection)
        for table, key in missing.items():
            _rebuild(connection, table, key)
        for definition in definitions:
            connection.exec_driver_sql(definition)
        return
    if connection.dialect.name == "postgresql":
        for table, key in missing.items():
            connection.exec_driver_sql(
                f"ALTER TABLE {quote(table)} ADD COLUMN {quote(key)} SERIAL PRIMARY KEY"
            )
        return
    for table, key in missing.items():
        _number_rows(connection, table, key)


def _number_rows(connection: sa.Connection, name: str, key: str) -> None:
    """Add a key to a table of MariaDB.

    Each node of a cluster has the rows in an order of its own, in which it would count them itself
    if the key were added at once.
    """
    quote = connection.dialect.identifier_preparer.quote_identifier
    table, column = quote(name), quote(key)
    names = [each["name"] for each in sa.inspect(connection).get_columns(name)]
    if key not in names:  # otherwise an upgrade broke off
        connection.exec_driver_sql(
            f"ALTER TABLE {table} ADD COLUMN {column} INTEGER NOT NULL DEFAULT 0"
        )
    order = ", ".join(quote(each) for each in names if each != key)
    connection.exec_driver_sql("SET @last = 0")
    connection.exec_driver_sql(
        f"UPDATE {table} SET {column} = (@last := @last + 1) ORDER BY {order}"  # noqa: S608
    )
    connection.exec_driver_sql(
        f"ALTER TABLE {table} MODIFY {column} INTEGER NOT NULL AUTO_INCREMENT, "
        f"ADD PRIMARY KEY ({column})"
    )


def _drop_views(connection: sa.Connection) -> list[str]:
    """Drop SQLite's views and triggers, which need the tables that they name; return their SQL."""
    rows: Any = connection.exec_driver_sql(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('view', 'trigger') ORDER BY rowid"
    ).all()
    for kind, name, _ in reversed(rows):
        connection.exec_driver_sql(f"DROP {kind} {_quoted(name)}")
    return [definition for _, _, definition in rows]


def _rebuild(connection: sa.Connection, name: str, key: str) -> None:
    """Make a table of SQLite's anew, since it can't add a primary key to one."""
    table = sa.Table(name, sa.MetaData(), autoload_with=connection)
    columns = ", ".join(_quoted(column.name) for column in table.c if column.computed is None)
    indexes = connection.exec_driver_sql(
        "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL",
        (name,),
    ).scalars()
    definitions = list(indexes)
    new = table.to_metadata(sa.MetaData(), name=name + NEW)
    new.indexes.clear()
    new.append_column(sa.Column(key, sa.Integer, primary_key=True))
    new.create(connection)
    connection.exec_driver_sql(
        f"INSERT INTO {_quoted(new.name)} ({columns}) "  # noqa: S608
        f"SELECT {columns} FROM {_quoted(name)} ORDER BY rowid"
    )
    connection.exec_driver_sql(f"DROP TABLE {_quoted(name)}")
    connection.exec_driver_sql(f"ALTER TABLE {_quoted(new.name)} RENAME TO {_quoted(name)}")
    for definition in definitions:
        connection.exec_driver_sql(definition)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
