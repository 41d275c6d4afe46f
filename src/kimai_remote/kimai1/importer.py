"""Copying a whole Kimai 1 database into one of ours, or the other way round: all or nothing.

One transaction reads a snapshot of the source, one writes the target. Before that is committed, the
control totals of both are compared; if they differ, nothing is kept.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    String,
    Text,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError

from .. import SCHEMA_REVISION
from ..errors import ConfigurationError
from ..storage import dialects, entry_counts, schema, schema_lock
from ..storage import models as m
from ..storage.transactions import Database
from . import control_totals, mojibake
from .control_totals import ControlTotal
from .schema_detection import ADDED_COLUMNS, DetectedSchema, detect

#: Records that are in memory at a time.
BATCH = 5_000
_LARGEST_ID = 2**31 - 1
#: Tables that aren't empty in a new database.
_SEEDED = ("statuses", "configuration", "globalRoles", "membershipRoles")

#: Tables about the database itself.
_NOT_COPIED = (
    m.schema_version,
    m.EntryCount.__table__,
    m.PeriodCount.__table__,
    m.SharedValue.__table__,
)

#: Called with a table, how many of its records are copied, and how many there are; or with
#: another step, 0 and None.
Progress = Callable[[str, int, int | None], None]


@dataclass(slots=True)
class Report:
    """The result of an import.

    :param changed: what isn't the same as in the source, and how often.
    :param already: the target held all of it before; nothing was written.
    """

    totals: list[ControlTotal] = field(default_factory=list)
    changed: Counter[str] = field(default_factory=Counter)
    already: bool = False

    @property
    def differences(self) -> list[ControlTotal]:
        return [total for total in self.totals if not total.is_equal]


class ImportRefused(ConfigurationError):
    """Nothing was written. The report, if there is one, contains what differs."""

    def __init__(self, message: str, report: Report | None = None) -> None:
        super().__init__(message)
        self.report = report


def run(
    source: Database, target: Database, progress: Progress, *, repair_text: bool = False
) -> Report:
    """Copy ``source`` into ``target``, which is empty or doesn't exist yet.

    Where the target has the source's records already, they are compared and nothing is written.

    :param repair_text: repair text that was encoded twice.
    :raises ImportRefused: nothing was written; the text says why.
    """
    if (source.url, source.prefix) == (target.url, target.prefix):
        raise ImportRefused("Source and target are the same database.")
    kimai = detect(source)
    if kimai.import_problem:
        raise ImportRefused(kimai.import_problem)
    if schema.state(target).is_empty:
        schema.create(target)
    schema.check(target)
    ours = detect(target)
    if ours.missing:  # tables that an older Kimai created
        columns = ", ".join(added.name for added in ours.missing)
        raise ImportRefused(
            f"The tables {target.prefix}… in {target.name} lack {columns}. Take tables that Kimai "
            f"1.3.5 (revision {SCHEMA_REVISION}) made."
        )
    with (
        _without_entry_counts(target, progress),
        _snapshot(source) as reading,
        target.begin() as writing,
    ):
        copy = _Copy(kimai, ours, reading, writing, repair_text)
        progress("Reading the source", 0, None)
        expected = control_totals.collect(reading, copy.records)
        if _is_used(writing):
            progress("Comparing", 0, None)
            report = _compare_with_used(expected, writing, copy)
        else:
            report = _copied(expected, writing, copy, progress)
    # On MariaDB this can't be part of the transaction. Repeating the import repeats it.
    with target.begin() as connection:
        for table, next_id in copy.next_ids:
            target.dialect.reserve_ids(connection, table, next_id)
    return report


def _copied(
    expected: control_totals.Totals, writing: Connection, copy: _Copy, progress: Progress
) -> Report:
    try:
        copy.all(expected, progress)
    except DBAPIError as error:
        raise ImportRefused(
            f"Nothing was imported, since {copy.table} can't be copied: {error.orig}"
        ) from error
    progress("Comparing", 0, None)
    report = Report(control_totals.compare(expected, _totals(writing, copy)), copy.changed)
    if report.differences:
        raise ImportRefused(
            "Nothing was imported: the copy isn't the same as the source. Somebody may have "
            "changed the source meanwhile, if its tables are MyISAM; try again when nobody "
            "uses Kimai.",
            report,
        )
    return report


@contextlib.contextmanager
def _without_entry_counts(target: Database, progress: Progress) -> Iterator[None]:
    """Context without triggers: counting once at the end costs less than a million single steps."""
    # A recount or upgrade meanwhile would create them again.
    with schema_lock.hold(target):
        with target.begin() as connection:
            entry_counts.disable(connection)
        try:
            yield
        finally:
            progress("Counting", 0, None)
            with target.begin() as connection:
                entry_counts.enable(connection)


class _Copy:
    """A copy of all tables, one after the other."""

    def __init__(
        self,
        kimai: DetectedSchema,
        ours: DetectedSchema,
        reading: Connection,
        writing: Connection,
        repair_text: bool,
    ) -> None:
        self._kimai, self._ours = kimai, ours
        self._reading, self._writing = reading, writing
        self._repair = repair_text
        self.changed: Counter[str] = Counter()
        self.table = ""
        self._tables = [
            table
            for table in m.Base.metadata.sorted_tables
            if table.name in kimai.columns and table not in _NOT_COPIED
        ]
        #: Tables with the ID that their next record would get in the source, where it is known:
        #: programs may still have the IDs of records that were removed.
        self.next_ids = [
            (table, min(next_id, _LARGEST_ID))
            for table in self._tables
            if table.autoincrement_column is not None
            and (next_id := dialects.of(reading).next_id(reading, table)) is not None
        ]
        status = select(m.Configuration.value).where(m.Configuration.option == "defaultStatusID")
        chosen = reading.scalar(status) or ""
        self._status = int(chosen) if chosen.isascii() and chosen.isdigit() else 1

    @property
    def records(self) -> dict[str, Select[Any]]:
        """By the plain name of each table, the statement for its records that are copied."""
        return {m.plain_name(table): self._select(table) for table in self._tables}

    def all(self, expected: control_totals.Totals, progress: Progress) -> None:
        dialect = dialects.of(self._writing)
        dialect.before_import(self._writing)
        schema.clear(self._writing)
        for table in self._tables:
            self._copy(table, int(expected["records", m.plain_name(table)]), progress)
        # It describes the tables. The version stays, since rounding depends on it.
        revision = max(self._kimai.revision or 0, SCHEMA_REVISION)
        self._writing.execute(
            update(m.Configuration)
            .where(m.Configuration.option == "revision")
            .values(value=str(revision))
        )
        for table in self._tables:
            dialect.after_import(self._writing, table)

    def _copy(self, table: Any, total: int, progress: Progress) -> None:
        self.table = name = m.plain_name(table)
        progress(name, 0, total)
        statement = self._select(table)
        self._count_changes(table, total)
        names = [column.name for column in table.columns]
        indices = [
            index for index, column in enumerate(table.columns) if isinstance(column.type, String)
        ]
        clean = self._cleaner(name, indices)
        if table.primary_key.columns:
            statement = statement.order_by(*table.primary_key.columns)
        insert, done = table.insert(), 0
        options = {"stream_results": True, "yield_per": BATCH}
        result = self._reading.execute(statement, execution_options=options)
        for part in result.partitions():
            rows = map(clean, part) if clean else part
            self._writing.execute(insert, [dict(zip(names, row, strict=True)) for row in rows])
            done += len(part)
            progress(name, done, total)

    def _select(self, table: Any) -> Select[Any]:
        """Return the statement for a table's records in the source, in the form of ours."""
        statement = select(*(self._column(table, column) for column in table.columns))
        for column, parent in _references(table):
            # Our link tables have foreign keys, so a link to nothing can't be kept.
            statement = statement.where(column.in_(select(parent)))
        return statement

    def _column(self, table: Any, column: Any) -> Any:
        nullable = self._kimai.columns[table.name].get(column.name)
        if nullable is None:
            added = next(
                added
                for added in ADDED_COLUMNS
                if (added.table, added.column) == (table, column.name)
            )
            return added.value.label(column.name)
        if nullable and self._is_required(table, column):
            return func.coalesce(column, self._instead_of_null(column)).label(column.name)
        return column

    def _is_required(self, table: Any, column: Any) -> bool:
        """Whether the target takes no null; tables that Kimai made may be stricter than ours."""
        return not column.nullable or not self._ours.columns[table.name][column.name]

    def _instead_of_null(self, column: Any) -> Any:
        if column is m.TimeEntry.__table__.c.statusID:
            return literal(self._status)
        if column.default is not None:
            return literal(column.default.arg, column.type)
        return literal("" if isinstance(column.type, (String, Text)) else 0)

    def _count_changes(self, table: Any, copied: int) -> None:
        nullable = self._kimai.columns[table.name]
        columns = [
            column
            for column in table.columns
            if nullable.get(column.name) and self._is_required(table, column)
        ]
        if not columns and not any(_references(table)):
            return
        counts = select(func.count(), *map(func.count, columns)).select_from(table)
        total, *filled = self._reading.execute(counts).one()
        if total > copied:
            what = f"{m.plain_name(table)}: links to what isn't there, left out"
            self.changed[what] = total - copied
        for column, count in zip(columns, filled, strict=True):
            if total > count:
                value = self._instead_of_null(column).value
                what = f"{m.plain_name(table)}.{column.name}: null, stored as {str(value)!r}"
                self.changed[what] = total - count

    def _cleaner(self, name: str, indices: list[int]) -> Callable[[Any], list[Any]] | None:
        """Return a function that cleans the text of a record; None if there is nothing to do."""
        strips = dialects.of(self._writing).rejects_nul
        if not indices or not (strips or self._repair):
            return None
        repaired, stripped = f"{name}: texts repaired", f"{name}: texts with NUL characters removed"

        def clean(row: Any) -> list[Any]:
            values = list(row)
            for index in indices:
                value = values[index]
                if not value:
                    continue
                if self._repair and not value.isascii():
                    values[index] = mojibake.repair(value)
                    if values[index] != value:
                        self.changed[repaired] += 1
                if strips and "\0" in value:
                    values[index] = values[index].replace("\0", "")
                    self.changed[stripped] += 1
            return values

        return clean


def _references(table: Any) -> Iterator[tuple[Any, Any]]:
    for column in table.columns:
        for key in column.foreign_keys:
            yield column, key.column


@contextlib.contextmanager
def _snapshot(database: Database) -> Iterator[Connection]:
    """Context with a connection that sees one state of the database, whatever others write."""
    with database.engine.connect() as connection:
        if isolation := database.dialect.snapshot_isolation:
            connection = connection.execution_options(isolation_level=isolation)
        yield connection


def _is_used(connection: Connection) -> bool:
    used = {m.plain_name(table): table for table in m.Base.metadata.sorted_tables}
    for name in (*_SEEDED, *map(m.plain_name, _NOT_COPIED)):
        del used[name]
    return any(connection.execute(select(table).limit(1)).first() for table in used.values())


def _totals(writing: Connection, copy: _Copy) -> control_totals.Totals:
    tables = {m.plain_name(table): table for table in m.Base.metadata.sorted_tables}
    return control_totals.collect(writing, {name: select(tables[name]) for name in copy.records})


def _compare_with_used(expected: control_totals.Totals, writing: Connection, copy: _Copy) -> Report:
    report = Report(control_totals.compare(expected, _totals(writing, copy)), already=True)
    if report.differences:
        raise ImportRefused(
            "The target holds other records than the source, so it was left as it is. Import into "
            "a new database (another name, or another KIMAI_REMOTE_TABLE_PREFIX).",
            report,
        )
    return report
