"""Copying a whole Kimai 1 database into one of ours, or the other way round: everything or nothing.

One transaction reads the source as it was at one moment, one writes the target. Before that is
committed, counts and sums of both are compared; if they differ, nothing is kept.
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
from ..storage import dialects, entry_counts, schema
from ..storage import models as m
from ..storage.transactions import Database
from . import control_totals, mojibake
from .control_totals import Figure
from .schema_detection import LATER, Shape, shape

#: Records that are in memory at a time.
BATCH = 5_000
#: What a new database has before anybody uses it.
_SEEDED = ("statuses", "configuration", "globalRoles", "membershipRoles")

#: What a database says of itself.
_NOT_COPIED = (m.schema_version, m.EntryCount.__table__)

#: Told the table, the number of its records that are copied, and the number of all of them.
Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Report:
    """What an import did.

    :param already: the target held all of it before; nothing was written.
    :param changed: what is not the same as in the source, and how often.
    """

    figures: list[Figure] = field(default_factory=list)
    changed: Counter[str] = field(default_factory=Counter)
    already: bool = False

    @property
    def differences(self) -> list[Figure]:
        return [figure for figure in self.figures if not figure.is_equal]


class ImportRefused(ConfigurationError):
    """Nothing was written. The report, where there is one, says what differs."""

    def __init__(self, message: str, report: Report | None = None) -> None:
        super().__init__(message)
        self.report = report


def run(
    source: Database, target: Database, progress: Progress, *, repair_text: bool = False
) -> Report:
    """Copy ``source`` into ``target``, which is empty or doesn't exist yet.

    Where the target has the source's records already, they are compared and nothing is written.

    :param repair_text: whether text that was encoded twice is stored as it was meant.
    :raises ImportRefused: nothing was written; the text says why.
    """
    if (source.url, source.prefix) == (target.url, target.prefix):
        raise ImportRefused("Source and target are the same database.")
    kimai = shape(source)
    if kimai.import_problem:
        raise ImportRefused(kimai.import_problem)
    if schema.is_empty(target):
        schema.create(target)
    schema.check(target)
    ours = shape(target)
    if ours.missing:  # tables that an older Kimai made
        columns = ", ".join(f"{m.plain_name(one.table)}.{one.column}" for one in ours.missing)
        raise ImportRefused(
            f"The tables {target.prefix}… in {target.name} lack {columns}. Take tables that Kimai "
            f"1.3.5 (revision {SCHEMA_REVISION}) made."
        )
    with _uncounted(target), _snapshot(source) as reading, target.begin() as writing:
        copy = _Copy(kimai, ours, reading, writing, repair_text)
        expected = control_totals.collect(reading, copy.records)
        if _is_used(writing):
            return _compare_with_used(expected, writing, copy)
        try:
            copy.all(progress)
        except DBAPIError as error:
            raise ImportRefused(
                f"Nothing was imported, since {copy.table} can't be copied: {error.orig}"
            ) from error
        report = Report(control_totals.compare(expected, _figures(writing, copy)), copy.changed)
        if report.differences:
            raise ImportRefused(
                "Nothing was imported: the copy isn't the same as the source. Somebody may have "
                "changed the source meanwhile, if its tables are MyISAM; try again when nobody "
                "uses Kimai.",
                report,
            )
    return report


@contextlib.contextmanager
def _uncounted(target: Database) -> Iterator[None]:
    """Keep no counts meanwhile: a million single steps cost more than counting once at the end."""
    with target.begin() as connection:
        entry_counts.disable(connection)
    try:
        yield
    finally:
        with target.begin() as connection:
            entry_counts.enable(connection)


class _Copy:
    """The copying of all tables, one after the other."""

    def __init__(
        self,
        kimai: Shape,
        ours: Shape,
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
        status = select(m.Configuration.value).where(m.Configuration.option == "defaultStatusID")
        chosen = reading.scalar(status) or ""
        self._status = int(chosen) if chosen.isascii() and chosen.isdigit() else 1

    @property
    def records(self) -> dict[str, Select[Any]]:
        """By the plain name of each table, the statement for its records that are copied."""
        return {m.plain_name(table): self._select(table) for table in self._tables}

    def all(self, progress: Progress) -> None:
        dialect = dialects.of(self._writing)
        dialect.before_import(self._writing)
        schema.clear(self._writing)
        for table in self._tables:
            self._copy(table, progress)
        self._writing.execute(
            update(m.Configuration)
            .where(m.Configuration.option == "revision")
            .values(value=str(SCHEMA_REVISION))
        )
        for table in self._tables:
            dialect.after_import(self._writing, table)

    def _copy(self, table: Any, progress: Progress) -> None:
        self.table = name = m.plain_name(table)
        statement = self._select(table)
        total = self._count(statement)
        self._count_changes(table, total)
        progress(name, 0, total)
        names = [column.name for column in table.columns]
        places = [
            place for place, column in enumerate(table.columns) if isinstance(column.type, String)
        ]
        clean = self._cleaner(name, places)
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
        """The records of a table in the source, in the form of ours."""
        statement = select(*(self._column(table, column) for column in table.columns))
        for column, parent in _references(table):
            # Our link tables have foreign keys, so a link to nothing can't be kept.
            statement = statement.where(column.in_(select(parent)))
        return statement

    def _column(self, table: Any, column: Any) -> Any:
        nullable = self._kimai.columns[table.name].get(column.name)
        if nullable is None:
            later = next(
                later for later in LATER if (later.table, later.column) == (table, column.name)
            )
            return later.value.label(column.name)
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
        left_out = self._count(select(table.c[next(iter(table.c)).name])) - copied
        if left_out:
            self.changed[f"{m.plain_name(table)}: links to what isn't there, left out"] = left_out
        nullable = self._kimai.columns[table.name]
        for column in table.columns:
            if nullable.get(column.name) and self._is_required(table, column):
                empty = self._count(select(column).where(column.is_(None)))
                if empty:
                    value = self._instead_of_null(column).value
                    what = f"{m.plain_name(table)}.{column.name}: null, stored as {str(value)!r}"
                    self.changed[what] = empty

    def _cleaner(self, name: str, places: list[int]) -> Callable[[Any], list[Any]] | None:
        """What has to be done to each record's text, if anything."""
        strips = dialects.of(self._writing).rejects_nul
        if not places or not (strips or self._repair):
            return None
        repaired, stripped = f"{name}: texts repaired", f"{name}: texts with NUL characters removed"

        def clean(row: Any) -> list[Any]:
            values = list(row)
            for place in places:
                value = values[place]
                if not value:
                    continue
                if self._repair and not value.isascii():
                    values[place] = mojibake.repair(value)
                    if values[place] != value:
                        self.changed[repaired] += 1
                if strips and "\0" in value:
                    values[place] = values[place].replace("\0", "")
                    self.changed[stripped] += 1
            return values

        return clean

    def _count(self, statement: Select[Any]) -> int:
        return self._reading.scalar(select(func.count()).select_from(statement.subquery())) or 0


def _references(table: Any) -> Iterator[tuple[Any, Any]]:
    for column in table.columns:
        for key in column.foreign_keys:
            yield column, key.column


@contextlib.contextmanager
def _snapshot(database: Database) -> Iterator[Connection]:
    """A connection that sees the database as it is now, whatever others write."""
    with database.engine.connect() as connection:
        if isolation := database.dialect.snapshot_isolation:
            connection = connection.execution_options(isolation_level=isolation)
        yield connection


def _is_used(connection: Connection) -> bool:
    used = {m.plain_name(table): table for table in m.Base.metadata.sorted_tables}
    for name in (*_SEEDED, *map(m.plain_name, _NOT_COPIED)):
        del used[name]
    return any(connection.execute(select(table).limit(1)).first() for table in used.values())


def _figures(writing: Connection, copy: _Copy) -> control_totals.Figures:
    tables = {m.plain_name(table): table for table in m.Base.metadata.sorted_tables}
    return control_totals.collect(writing, {name: select(tables[name]) for name in copy.records})


def _compare_with_used(
    expected: control_totals.Figures, writing: Connection, copy: _Copy
) -> Report:
    report = Report(control_totals.compare(expected, _figures(writing, copy)), already=True)
    if report.differences:
        raise ImportRefused(
            "The target holds other records than the source, so it was left as it is. Import into "
            "a new database (another name, or another KIMAI_REMOTE_TABLE_PREFIX).",
            report,
        )
    return report
