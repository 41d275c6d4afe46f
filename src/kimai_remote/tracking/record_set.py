"""Records: results of the tracking functions, and single time entries and expenses as stored.

A result has rows of plain values under the API's field names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import ScalarSelect, Table, bindparam, delete, insert, select, update

from ..errors import UnknownRecord
from ..storage import prepared_statements, tables
from ..storage.prepared_statements import Query, columns_of
from . import permissions
from .context import CallContext


class Computed(int):
    """A number that is not the stored one: Kimai's responses have it as a number, where a stored
    one is a string."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class RecordSet:
    """Records as tuples, since making an object of each costs more than reading them.

    ``columns`` names the fields of each tuple, in order. A field of the record's type that isn't
    named is missing from the response, which is not the same as null.
    """

    columns: tuple[str, ...]
    #: Read once, and inside the transaction: long lists come from the database as they are read.
    values: Iterable[Sequence[Any]]
    #: Number of records without paging; None means that these are all.
    total: int | None = None

    def chunks(self, size: int) -> Iterator[Sequence[Sequence[Any]]]:
        """The records, at most ``size`` at a time."""
        if isinstance(self.values, list) and len(self.values) <= size:
            if self.values:
                yield self.values
            return
        records = iter(self.values)
        while chunk := list(islice(records, size)):
            yield chunk

    @property
    def first(self) -> Mapping[str, Any] | None:
        """The first of records that have been read already, by field name."""
        for record in self.values:
            return dict(zip(self.columns, record, strict=True))
        return None

    @classmethod
    def one(cls, record: Mapping[str, Any]) -> RecordSet:
        """A single record."""
        return cls(tuple(record), [tuple(record.values())])


#: The result of a change that has nothing to report.
EMPTY = RecordSet((), [])


#: A record as stored, by the names of its columns. What a call assigns is stored by
#: :meth:`StoredRecords.save`.
StoredRecord = dict[str, Any]


class StoredRecords:
    """The records of one table.

    :param table: a table whose primary key is one column.
    :param subject: what rights name its records by.
    :param ended: column of the time from which the option editLimit counts.
    """

    def __init__(self, table: Table, subject: permissions.Subject, ended: str) -> None:
        self.table, self.subject = table, subject
        self._ended = ended
        (key,) = table.primary_key
        self._key = key.name
        is_record = key == bindparam("record")
        # Databases lock nothing that a subquery reads. So nobody waits for, or locks, a record that
        # it may not change; waiting would tell that there is one.
        self._lock = {
            action: select(table)
            .where(key == _changeable(table, key.name, subject, action))
            .with_for_update()
            for action in permissions.CHANGES
        }
        self._owner = select(table.c.userID).where(is_record)
        self._add = insert(table)
        self._change = update(table).where(is_record)
        self._remove = delete(table).where(is_record)

    def read(self, context: CallContext, query: Query, record_id: int) -> StoredRecord:
        """Return the record that a query selects by its ID (``record``), and what it adds to it.

        :raises Denied: the caller may not see such records at all.
        :raises UnknownRecord: there is none that the caller may see.
        """
        permissions.require_access(context, self.subject)
        record = _fetch(context, query, record_id)
        owner_id = record["userID"] if record else permissions.NOBODY
        project_id = record["projectID"] if record else permissions.NOWHERE
        permissions.require_readable(context, self.subject, owner_id, project_id)
        if record is None:
            raise UnknownRecord
        return record

    def find(
        self, context: CallContext, record_id: int, action: permissions.Change
    ) -> StoredRecord:
        """Return the record of that ID, to which the caller may do this, locked until the
        transaction ends.

        :raises Denied: the caller may not do this to it.
        :raises UnknownRecord: there is none that the caller may see.
        """
        permissions.require_use(context, self.subject)
        is_everywhere = permissions.changes_everywhere(context, self.subject, action)
        record = _fetch(context, self._lock[action], record_id, everywhere=int(is_everywhere))
        # Its owner may have changed while the call waited for the lock.
        owner_id = record["userID"] if record else self._owner_of(context, record_id)
        permissions.require_entry(context, self.subject, action, owner_id)
        if record is None:
            raise UnknownRecord
        return record

    def _owner_of(self, context: CallContext, record_id: int) -> int:
        row = context.fetch_first(self._owner, record=record_id)
        return row[0] if row else permissions.NOBODY

    def find_to_change(
        self, context: CallContext, record_id: int, action: permissions.Change
    ) -> StoredRecord:
        """Return the record of that ID as :meth:`find` does, if it is neither cleared nor too old
        to be changed.

        :raises Refused: as :meth:`find` and :meth:`require_change`.
        """
        record = self.find(context, record_id, action)
        self.require_change(context, record, action)
        return record

    def require_change(
        self, context: CallContext, record: StoredRecord, action: permissions.Action
    ) -> None:
        """Apply :func:`permissions.require_change` to a record."""
        permissions.require_change(
            context,
            self.subject,
            action,
            record["userID"],
            cleared=record["cleared"],
            ended=record[self._ended],
        )

    def add(self, context: CallContext, values: Mapping[str, Any]) -> int:
        """Add a record and return its ID."""
        result = context.connection.execute(self._add, values)
        key: Any = result.inserted_primary_key
        return int(key[0])

    def change(self, context: CallContext, record_id: int, values: Mapping[str, Any]) -> None:
        """Store new values of a record, by the names of their columns."""
        if values:
            prepared_statements.change(
                context.connection, self._change, {"record": record_id, **values}
            )

    def save(self, context: CallContext, before: StoredRecord, record: StoredRecord) -> None:
        """Store what is different from the record as it was found."""
        changed = {name: value for name, value in record.items() if value != before[name]}
        self.change(context, record[self._key], changed)

    def remove(self, context: CallContext, record: StoredRecord) -> None:
        context.connection.execute(self._remove, {"record": record[self._key]})


def _changeable(
    table: Table, key: str, subject: permissions.Subject, action: permissions.Change
) -> ScalarSelect[int]:
    """Select the ID ``record`` if the caller may do this to that record, or owns it."""
    record = table.alias()
    is_changeable = permissions.is_changeable(record.c.userID, subject, action)
    return (
        select(record.c[key])
        .where(record.c[key] == bindparam("record"), is_changeable)
        .scalar_subquery()
    )


def _fetch(
    context: CallContext, query: Query, record_id: int, **parameters: Any
) -> StoredRecord | None:
    """Return the first row of a query that has the parameter ``record``, by its columns."""
    row = context.fetch_first(query, record=record_id, **parameters)
    return dict(zip(columns_of(query), row, strict=True)) if row else None


TIME_ENTRIES = StoredRecords(tables.time_entries, "ki_timesheets", "end")
EXPENSES = StoredRecords(tables.expenses, "ki_expenses", "timestamp")
