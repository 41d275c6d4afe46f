"""Reading, adding, changing and removing single time entries and expenses, by statements that are
built once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, bindparam, delete, insert, select, update

from ..errors import Refused
from ..storage import tables
from .context import CallContext

#: A record as stored, by the names of its columns. What a call assigns is stored by
#: :meth:`StoredRecords.save`.
StoredRecord = dict[str, Any]


class StoredRecords:
    """The records of one table.

    :param table: a table whose primary key is one column.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        (key,) = table.primary_key
        self._key = key.name
        is_record = key == bindparam("record")
        self._find = select(table).where(is_record).with_for_update()
        self._add = insert(table)
        self._change = update(table).where(is_record)
        self._remove = delete(table).where(is_record)

    def find(self, context: CallContext, record_id: int) -> StoredRecord:
        """Return the record of that ID, locked until the transaction ends.

        :raises Refused: there is none.
        """
        row = context.connection.execute(self._find, {"record": record_id}).first()
        if row is None:
            raise Refused("Invalid ID")
        return dict(row._mapping)

    def add(self, context: CallContext, values: Mapping[str, Any]) -> int:
        """Add a record and return its ID."""
        result = context.connection.execute(self._add, values)
        key: Any = result.inserted_primary_key
        return int(key[0])

    def change(self, context: CallContext, record_id: int, values: Mapping[str, Any]) -> None:
        """Store new values of a record, by the names of their columns."""
        if values:
            context.connection.execute(self._change, {"record": record_id, **values})

    def save(self, context: CallContext, before: StoredRecord, record: StoredRecord) -> None:
        """Store what is different from the record as it was found."""
        changed = {name: value for name, value in record.items() if value != before[name]}
        self.change(context, record[self._key], changed)

    def remove(self, context: CallContext, record: StoredRecord) -> None:
        context.connection.execute(self._remove, {"record": record[self._key]})


TIME_ENTRIES = StoredRecords(tables.time_entries)
EXPENSES = StoredRecords(tables.expenses)
