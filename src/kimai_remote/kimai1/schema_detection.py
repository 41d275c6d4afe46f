"""Which Kimai made a database, and what it lacks of the newest one (1.3.5, revision 1400)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, inspect, literal, null, select

from .. import SCHEMA_REVISION
from ..errors import ConfigurationError
from ..storage import models as m
from ..storage import schema
from ..storage.transactions import Database

#: The first revision whose users have roles; before it there were three fixed ranks.
OLDEST = 1374
#: A table that only Kimai before revision 1368 has, under names of its own.
_ANCIENT_TABLE = "usr"
#: Tables of this service, which no Kimai has.
OWN_TABLES = frozenset(
    name for name in m.Base.metadata.tables if name.startswith(m.PREFIX_TOKEN + "remote_")
)


@dataclass(frozen=True, slots=True)
class Later:
    """A column that Kimai added after a revision that is supported.

    :param value: SQL for what Kimai's own update puts there, given the table.
    :param served: whether the service reads it, so that it can't serve a database without.
    """

    table: Any
    column: str
    after: int
    value: Any
    served: bool = False


def _granted(table: Any, *roles: str) -> Any:
    return case((table.c.name.in_(roles), 1), else_=0)


_global, _membership = m.GlobalRole.__table__, m.MembershipRole.__table__
LATER = (
    *(
        Later(_global, f"core-{kind}-otherGroup-view", 1374, literal(1), served=kind == "user")
        for kind in ("customer", "project", "activity", "group", "user")
    ),
    Later(_global, "demo_ext-access", 1375, _granted(_global, "Admin")),
    Later(
        _membership,
        "core-user-view",
        1381,
        _granted(_membership, "Admin", "Groupleader"),
        served=True,
    ),
    Later(m.User.__table__, "passwordResetHash", 1383, null()),
    Later(m.Customer.__table__, "passwordResetHash", 1383, null()),
    Later(m.Customer.__table__, "country", 1385, null()),
)
_LATER = {(later.table.name, later.column): later for later in LATER}


@dataclass(frozen=True, slots=True)
class Shape:
    """The Kimai tables that a database has.

    :param revision: None where Kimai's configuration doesn't say.
    :param columns: by the name of the model's table, whether each column may be null.
    :param missing: columns that Kimai added later.
    :param unknown: tables and columns without which this is no Kimai 1 database.
    """

    revision: int | None
    version: str
    columns: dict[str, dict[str, bool]]
    missing: tuple[Later, ...]
    unknown: tuple[str, ...]

    @property
    def import_problem(self) -> str:
        """Why the database can't be imported; empty if it can."""
        if self.revision is not None and not OLDEST <= self.revision <= SCHEMA_REVISION:
            return f"Revision {self.revision} of Kimai isn't supported: {_SUPPORTED}"
        if self.unknown:
            return f"This is no Kimai 1 database (it has no {', '.join(self.unknown)})."
        if self.revision is None:
            return "Kimai's configuration doesn't say which revision this is."
        return ""

    @property
    def adoption_problem(self) -> str:
        """Why the database can't be served where it is; empty if it can."""
        if self.import_problem:
            return self.import_problem
        lacking = [later for later in self.missing if later.served]
        if lacking:
            columns = ", ".join(f"{m.plain_name(later.table)}.{later.column}" for later in lacking)
            return (
                f"Revision {self.revision} of Kimai lacks {columns}. Update Kimai to 1.3.5 first, "
                "or import this database instead of serving it."
            )
        return ""


_SUPPORTED = f"{OLDEST} to {SCHEMA_REVISION} are (Kimai 1.0 to 1.3.5). Update Kimai to 1.3.5 first."


def shape(database: Database) -> Shape:
    """:raises ConfigurationError: there are no Kimai tables at all."""
    check_not_ancient(database)
    if schema.is_empty(database):
        raise ConfigurationError(
            f"There are no Kimai tables with the prefix {database.prefix!r} in {database.name}."
        )
    inspector = inspect(database.engine)
    columns: dict[str, dict[str, bool]] = {}
    missing: list[Later] = []
    unknown: list[str] = []
    for table in m.Base.metadata.sorted_tables:
        name = schema.real_name(database, table)
        if not inspector.has_table(name):
            if table.name not in OWN_TABLES:
                unknown.append(name)
            continue
        found = {column["name"]: bool(column["nullable"]) for column in inspector.get_columns(name)}
        columns[table.name] = found
        for column in table.columns:
            if column.name in found:
                continue
            later = _LATER.get((table.name, column.name))
            if later:
                missing.append(later)
            else:
                unknown.append(f"{name}.{column.name}")
    options = _options(database) if m.Configuration.__tablename__ in columns else {}
    number = options.get("revision", "").strip()
    return Shape(
        int(number) if number.isascii() and number.isdigit() else None,
        options.get("version", ""),
        columns,
        tuple(missing),
        tuple(unknown),
    )


def check_not_ancient(database: Database) -> None:
    """:raises ConfigurationError: the tables are those of Kimai before revision 1368."""
    inspector = inspect(database.engine)
    if schema.is_empty(database) and inspector.has_table(database.prefix + _ANCIENT_TABLE):
        raise ConfigurationError(
            f"The tables {database.prefix}… in {database.name} are those of a Kimai before "
            f"revision 1368 (0.9), which isn't supported: {_SUPPORTED}"
        )


def _options(database: Database) -> dict[str, str]:
    with database.engine.connect() as connection:
        rows = connection.execute(select(m.Configuration.option, m.Configuration.value))
        return {option: value for option, value in rows}  # noqa: C416 - typed
