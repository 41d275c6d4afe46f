"""Which Kimai created a database, and what it lacks of the newest release (1.3.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, inspect, literal, null, select

from .. import SCHEMA_REVISION
from ..errors import ConfigurationError
from ..storage import models as m
from ..storage import schema
from ..storage.transactions import Database

#: The first revision whose users have roles; before, there were three fixed ranks.
OLDEST_REVISION = 1374
#: The newest revision of the branch after the last release. Its tables are those of the release.
NEWEST_REVISION = 1400
#: A table that only a Kimai before revision 1368 has; its tables have other names.
_ANCIENT_TABLE = "usr"
#: Tables of this service, which no Kimai has.
OWN_TABLES = frozenset(
    name
    for name in (*m.Base.metadata.tables, m.schema_lock.name)
    if name.startswith(m.PREFIX_TOKEN + "remote_")
)


@dataclass(frozen=True, slots=True)
class AddedColumn:
    """A column that Kimai added after a revision that is supported.

    :param after_revision: the last revision without it.
    :param value: SQL for the value that Kimai's own update sets.
    :param is_required: whether the service reads it, so it can't serve a database without.
    """

    table: Any
    column: str
    after_revision: int
    value: Any
    is_required: bool = False

    @property
    def name(self) -> str:
        """Table and column, without the prefix."""
        return f"{m.plain_name(self.table)}.{self.column}"


def _granted(table: Any, *roles: str) -> Any:
    return case((table.c.name.in_(roles), 1), else_=0)


_global, _membership = m.GlobalRole.__table__, m.MembershipRole.__table__
ADDED_COLUMNS = (
    *(
        AddedColumn(
            _global,
            f"core-{viewed}-otherGroup-view",
            1374,
            literal(1),
            is_required=viewed == "user",
        )
        for viewed in ("customer", "project", "activity", "group", "user")
    ),
    AddedColumn(_global, "demo_ext-access", 1375, _granted(_global, "Admin")),
    AddedColumn(
        _membership,
        "core-user-view",
        1381,
        _granted(_membership, "Admin", "Groupleader"),
        is_required=True,
    ),
    AddedColumn(m.User.__table__, "passwordResetHash", 1383, null()),
    AddedColumn(m.Customer.__table__, "passwordResetHash", 1383, null()),
    AddedColumn(m.Customer.__table__, "country", 1385, null()),
)
_ADDED = {(added.table.name, added.column): added for added in ADDED_COLUMNS}


@dataclass(frozen=True, slots=True)
class DetectedSchema:
    """The Kimai tables of a database.

    :param revision: None if Kimai's configuration doesn't contain it.
    :param columns: by the name of the model's table, whether each column is nullable.
    :param missing: columns that Kimai added later.
    :param lacking: tables and columns that every Kimai 1 database has and this one hasn't.
    """

    revision: int | None
    version: str
    columns: dict[str, dict[str, bool]]
    missing: tuple[AddedColumn, ...]
    lacking: tuple[str, ...]

    @property
    def import_problem(self) -> str:
        """Why the database can't be imported; empty if it can."""
        if self.revision is not None and not OLDEST_REVISION <= self.revision <= NEWEST_REVISION:
            return f"Revision {self.revision} of Kimai isn't supported: {_SUPPORTED}"
        if self.lacking:
            return f"This is no Kimai 1 database (it has no {', '.join(self.lacking)})."
        if self.revision is None:
            return "Kimai's configuration doesn't say which revision this is."
        return ""

    @property
    def adoption_problem(self) -> str:
        """Why the database can't be served where it is; empty if it can."""
        if self.import_problem:
            return self.import_problem
        required = [added.name for added in self.missing if added.is_required]
        if required:
            return (
                f"Revision {self.revision} of Kimai lacks {', '.join(required)}. Update Kimai to "
                "1.3.5 first, or import this database instead of serving it."
            )
        return ""


_SUPPORTED = (
    f"{OLDEST_REVISION} to {SCHEMA_REVISION} (Kimai 1.3.5) are, and those after it up to "
    f"{NEWEST_REVISION}. Update Kimai to 1.3.5 first."
)


def detect(database: Database) -> DetectedSchema:
    """Read the schema of a database.

    :raises ConfigurationError: there are no Kimai tables at all.
    """
    check_not_ancient(database)
    if schema.state(database).is_empty:
        raise ConfigurationError(
            f"There are no Kimai tables with the prefix {database.prefix!r} in {database.name}."
        )
    inspector = inspect(database.engine)
    columns: dict[str, dict[str, bool]] = {}
    missing: list[AddedColumn] = []
    lacking: list[str] = []
    for table in m.Base.metadata.sorted_tables:
        name = schema.real_name(database, table)
        if not inspector.has_table(name):
            if table.name not in OWN_TABLES:
                lacking.append(name)
            continue
        nullable = {
            column["name"]: bool(column["nullable"]) for column in inspector.get_columns(name)
        }
        columns[table.name] = nullable
        for column in table.columns:
            if column.name in nullable:
                continue
            added = _ADDED.get((table.name, column.name))
            if added:
                missing.append(added)
            else:
                lacking.append(f"{name}.{column.name}")
    options = _options(database) if m.Configuration.__tablename__ in columns else {}
    revision = options.get("revision", "").strip()
    return DetectedSchema(
        int(revision) if revision.isascii() and revision.isdigit() else None,
        options.get("version", ""),
        columns,
        tuple(missing),
        tuple(lacking),
    )


def check_not_ancient(database: Database) -> None:
    """Check that a Kimai is recent enough to be recognized.

    :raises ConfigurationError: the tables are those of a Kimai before revision 1368.
    """
    inspector = inspect(database.engine)
    if schema.state(database).is_empty and inspector.has_table(database.prefix + _ANCIENT_TABLE):
        raise ConfigurationError(
            f"The tables {database.prefix}… in {database.name} are those of a Kimai before "
            f"revision 1368 (0.9), which isn't supported: {_SUPPORTED}"
        )


def _options(database: Database) -> dict[str, str]:
    with database.engine.connect() as connection:
        rows = connection.execute(select(m.Configuration.option, m.Configuration.value))
        return {option: value for option, value in rows}  # noqa: C416 - typed
