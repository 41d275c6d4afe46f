"""Running statements that were built at import, without what SQLAlchemy does for each execution.

SQLAlchemy compiles a statement once and caches that, but finds the cached text, binds parameters
and describes the result anew each time. For a small query this takes several times as long as the
database driver. Here it is done once for a statement and a database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import CompoundSelect, Connection, Dialect, Select, Update

Row = Sequence[Any]
Query = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]


def fetch(connection: Connection, query: Query, parameters: Mapping[str, Any]) -> list[Row]:
    """Return all rows of a query, as tuples.

    :param parameters: those of the query; others are ignored.
    :raises sqlalchemy.exc.DBAPIError: as if SQLAlchemy had executed it.
    """
    prepared = _prepare(connection.dialect, query)
    if prepared is None:
        return list(connection.execute(query, parameters))
    with _executed(connection, prepared, parameters) as cursor:
        if prepared.converters is None:
            prepared.find_converters(connection.dialect, cursor.description)
        rows = cursor.fetchall()
    return prepared.convert(rows)


def change(connection: Connection, update: Update, parameters: Mapping[str, Any]) -> int:
    """Execute an update and return the number of rows that it found.

    :param parameters: those of the statement, and new values by the names of their columns.
    :raises sqlalchemy.exc.DBAPIError: as if SQLAlchemy had executed it.
    """
    prepared = _prepare(connection.dialect, update, tuple(parameters))
    if prepared is None:
        return connection.execute(update, parameters).rowcount
    with _executed(connection, prepared, parameters) as cursor:
        return int(cursor.rowcount)


@contextmanager
def _executed(
    connection: Connection, prepared: _Prepared, parameters: Mapping[str, Any]
) -> Iterator[Any]:
    """Context with the cursor of a statement; errors are those of SQLAlchemy."""
    if not connection.in_transaction():
        raise RuntimeError("nothing would end the transaction that the driver begins")
    values = prepared.bind(parameters)
    cursor = connection.connection.cursor()
    try:
        # Tests listen.
        for listener in connection.dispatch.before_cursor_execute:
            listener(connection, cursor, prepared.text, values, None, False)
        cursor.execute(prepared.text, values)
        yield cursor
    except Exception as error:
        # On a lost connection, some drivers can't close it; and SQLite's files stay open with it.
        with suppress(Exception):
            cursor.close()
        # Finds out whether the connection is lost, and raises.
        connection._handle_dbapi_exception(error, prepared.text, values, None, None)
    cursor.close()


@lru_cache(maxsize=4096)
def columns_of(query: Query) -> tuple[str, ...]:
    """Return the names of a query's columns."""
    return tuple(query.selected_columns.keys())


@dataclass(slots=True)
class _Prepared:
    """A statement in the SQL of one database."""

    text: str
    #: Name in the text, name in the statement (empty if the value is fixed) and value of each
    #: parameter.
    parameters: tuple[tuple[str, str, Any], ...]
    #: Whether the driver takes parameters by position.
    by_position: bool
    types: tuple[Any, ...]
    #: Index of a column, and what its values are converted by. It depends on the types that the
    #: driver finds in the first result.
    converters: tuple[tuple[int, Callable[[Any], Any]], ...] | None = None

    def bind(self, given: Mapping[str, Any]) -> Any:
        if self.by_position:
            return tuple([given[key] if key else value for _, key, value in self.parameters])
        return {name: given[key] if key else value for name, key, value in self.parameters}

    def find_converters(self, dialect: Dialect, description: Sequence[Any]) -> None:
        found = (
            (index, each.dialect_impl(dialect).result_processor(dialect, described[1]))
            for index, (each, described) in enumerate(zip(self.types, description, strict=True))
        )
        self.converters = tuple((index, convert) for index, convert in found if convert)

    def convert(self, rows: Sequence[Row]) -> list[Row]:
        if not self.converters or not rows:
            return list(rows)
        columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
        for index, convert in self.converters:
            columns[index] = list(map(convert, columns[index]))
        return list(zip(*columns, strict=True))


@lru_cache(maxsize=4096)
def _prepare(
    dialect: Dialect, statement: Query | Update, names: tuple[str, ...] | None = None
) -> _Prepared | None:
    """Return a statement for a database; None where its parameters need more than a name.

    :param names: those of the parameters of an update.
    """
    compiled: Any = statement.compile(dialect=dialect, column_keys=names)
    binds = {name: bind for bind, name in compiled.bind_names.items()}
    order = compiled.positiontup if compiled.positional else list(binds)
    for bind in binds.values():
        if bind.expanding or bind.type.dialect_impl(dialect).bind_processor(dialect) is not None:
            return None
    return _Prepared(
        compiled.string,
        tuple(
            (name, binds[name].key if binds[name].required else "", binds[name].effective_value)
            for name in order
        ),
        compiled.positional,
        tuple(column.type for column in compiled._result_columns),
    )
