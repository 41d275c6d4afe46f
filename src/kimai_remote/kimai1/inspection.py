"""Inspecting a Kimai 1 database before it is served or imported. Reads, never writes."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    String,
    and_,
    func,
    select,
)

from ..storage import models as m
from ..storage import schema
from ..storage.transactions import Database
from ..tracking import rounding
from . import mojibake
from .autoconf import KIMAI_AUTHENTICATOR
from .schema_detection import OWN_TABLES, DetectedSchema, detect

#: Examples that a finding has.
EXAMPLES = 5
#: Levels of findings: it prevents serving; somebody should look at it; good to know.
BLOCKER, PROBLEM, NOTE = "blocker", "problem", "note"


@dataclass(frozen=True, slots=True)
class DataFinding:
    """Something about the data that an administrator should know."""

    level: str
    topic: str
    text: str
    count: int = 0
    examples: tuple[str, ...] = ()


@dataclass(slots=True)
class Inspection:
    """The contents of a Kimai 1 database."""

    database: str
    prefix: str
    revision: int | None
    version: str
    #: Why it can't be served where it is, and why it can't be imported; empty if it can.
    adoption_problem: str
    import_problem: str
    counts: dict[str, int] = field(default_factory=dict)
    findings: list[DataFinding] = field(default_factory=list)


def inspect(database: Database, authenticator: str = KIMAI_AUTHENTICATOR) -> Inspection:
    """Inspect a database.

    :param authenticator: what checks passwords for this Kimai, as autoconf.php names it.
    :raises ConfigurationError: there are no Kimai tables.
    """
    kimai = detect(database)
    inspection = Inspection(
        database.name,
        database.prefix,
        kimai.revision,
        kimai.version,
        kimai.adoption_problem,
        kimai.import_problem,
    )
    if inspection.adoption_problem:
        inspection.findings.append(DataFinding(BLOCKER, "revision", inspection.adoption_problem))
    if authenticator.lower() != KIMAI_AUTHENTICATOR:
        inspection.findings.append(_foreign_authenticator(authenticator))
    if kimai.lacking:
        return inspection
    for added in kimai.missing:
        text = f"{added.name} came after revision {added.after_revision}; an import fills it in"
        inspection.findings.append(DataFinding(NOTE, "missing column", text))
    with database.engine.connect() as connection:
        for model in m.Base.metadata.sorted_tables:
            if model.name not in OWN_TABLES:
                statement = select(func.count()).select_from(model)
                inspection.counts[m.plain_name(model)] = connection.scalar(statement) or 0
        for part in (_rounding, _orphans, _statuses, _roles, _timers, _times, _duplicates, _zones):
            inspection.findings.extend(part(connection))
        inspection.findings.extend(_engines(connection, database))
        inspection.findings.extend(_character_sets(connection, database))
        inspection.findings.extend(_double_encoded(connection, database, kimai))
    return inspection


def _foreign_authenticator(authenticator: str) -> DataFinding:
    text = (
        f"Kimai's $authenticator is {authenticator!r}: passwords that aren't in Kimai's tables "
        "can't be checked here; set passwords of their own, or let programs use Kimai's API keys"
    )
    return DataFinding(PROBLEM, "authenticator", text)


#: Columns that name a record of another table, which has a key of the same name.
_REFERENCES: tuple[tuple[Any, str, Any], ...] = (
    (m.Project, "customerID", m.Customer),
    (m.TimeEntry, "userID", m.User),
    (m.TimeEntry, "projectID", m.Project),
    (m.TimeEntry, "activityID", m.Activity),
    (m.Expense, "userID", m.User),
    (m.Expense, "projectID", m.Project),
    (m.Preference, "userID", m.User),
)
_LINKS: tuple[tuple[Any, str, Any], ...] = (
    (m.GroupUser, "groupID", m.Group),
    (m.GroupUser, "userID", m.User),
    (m.GroupCustomer, "groupID", m.Group),
    (m.GroupCustomer, "customerID", m.Customer),
    (m.GroupProject, "groupID", m.Group),
    (m.GroupProject, "projectID", m.Project),
    (m.GroupActivity, "groupID", m.Group),
    (m.GroupActivity, "activityID", m.Activity),
    (m.ProjectActivity, "projectID", m.Project),
    (m.ProjectActivity, "activityID", m.Activity),
)


def _orphans(connection: Connection) -> Iterator[DataFinding]:
    for references, topic, fate in (
        (_REFERENCES, "orphans", "kept as they are"),
        (_LINKS, "links to nothing", "left out by an import"),
    ):
        for child, key, parent in references:
            records, missing = child.__table__, parent.__table__
            of = records.c[key]
            lost = (
                select(of)
                .select_from(records.outerjoin(missing, missing.c[key] == of))
                .where(missing.c[key].is_(None), of.is_not(None))
            )
            child_name, parent_name = m.plain_name(records), m.plain_name(missing)
            text = f"{child_name}.{key} names {parent_name} that don't exist; {fate}"
            yield from _finding(connection, NOTE, topic, text, lost, lost.distinct())


def _statuses(connection: Connection) -> Iterator[DataFinding]:
    entry, status = m.TimeEntry, m.Status
    empty = select(entry.timeEntryID).where(entry.statusID.is_(None))
    text = "time entries without a status; an import gives them the default one"
    yield from _finding(connection, NOTE, "status", text, empty)
    unknown = (
        select(entry.statusID)
        .outerjoin(status, status.statusID == entry.statusID)
        .where(status.statusID.is_(None), entry.statusID.is_not(None))
    )
    text = "time entries with a status that doesn't exist"
    yield from _finding(connection, NOTE, "status", text, unknown, unknown.distinct())


def _roles(connection: Connection) -> Iterator[DataFinding]:
    role = m.GlobalRole.__table__.c.globalRoleID
    users = (
        select(m.User.name)
        .outerjoin(m.GlobalRole, role == m.User.globalRoleID)
        .where(role.is_(None))
    )
    text = "users whose global role doesn't exist; they have no rights"
    yield from _finding(connection, PROBLEM, "unknown role", text, users)
    role = m.MembershipRole.__table__.c.membershipRoleID
    members = (
        select(m.GroupUser.userID)
        .outerjoin(m.MembershipRole, role == m.GroupUser.membershipRoleID)
        .where(role.is_(None))
    )
    text = "members of groups whose role doesn't exist; they have no rights in the group"
    yield from _finding(connection, PROBLEM, "unknown role", text, members)


def _timers(connection: Connection) -> Iterator[DataFinding]:
    entry = m.TimeEntry
    several = (
        select(entry.userID).where(entry.end == 0).group_by(entry.userID).having(func.count() > 1)
    )
    text = "users with more than one running recording; the next start or stop stops all of them"
    yield from _finding(connection, PROBLEM, "running recordings", text, several)


def _rounding(connection: Connection) -> Iterator[DataFinding]:
    """How recordings are rounded when they stop: it isn't the same in all versions."""
    stored = select(m.Configuration.option, m.Configuration.value)
    options = dict(connection.execute(stored).all())
    minutes = rounding.precision_of(options)
    if not minutes:
        text = "times aren't rounded when a recording stops (roundPrecision)"
        yield DataFinding(NOTE, "rounding", text)
        return
    level, remark = NOTE, ""
    version = options.get("version", "")
    if "roundingMethod" in options:
        cause = f"roundingMethod {options['roundingMethod']}"
        if rounding.is_released(options):
            level = PROBLEM
            remark = "; Kimai 1.3.5 doesn't know roundingMethod and rounds by allowRoundDown"
    else:
        down = options.get("allowRoundDown")
        cause = "no allowRoundDown" if down is None else f"allowRoundDown {down}"
        cause += f", Kimai {version}"
        if rounding.version_of(version) is None:
            level = PROBLEM
            remark = f"; the version {version!r} can't be read, so 1.3.5 is assumed"
    unit = "minute" if minutes == 1 else "minutes"
    rule = rounding.rule_of(options).value
    text = f"a recording that stops is rounded to {minutes} {unit}: {rule} ({cause}){remark}"
    yield DataFinding(level, "rounding", text)


def _times(connection: Connection) -> Iterator[DataFinding]:
    entry = m.TimeEntry
    ended = entry.end != 0
    cases = (
        ("time entries that end before they start", and_(ended, entry.end < entry.start)),
        (
            "time entries whose duration isn't end - start",
            and_(ended, entry.duration != entry.end - entry.start),
        ),
        ("time entries that start at 0 (1970)", entry.start == 0),
    )
    for text, condition in cases:
        yield from _finding(
            connection, NOTE, "times", text, select(entry.timeEntryID).where(condition)
        )


def _duplicates(connection: Connection) -> Iterator[DataFinding]:
    # Kimai's users log in by name, and MariaDB takes "Anna" and "anna" for the same.
    for model, others, level in (
        (m.User, (), PROBLEM),
        (m.Customer, (), NOTE),
        (m.Project, (m.Project.customerID,), NOTE),
        (m.Activity, (), NOTE),
        (m.Group, (), NOTE),
    ):
        name: Any = func.lower(model.name)
        twice = (
            select(func.min(model.name))
            .where(model.trash == 0)
            .group_by(name, *others)
            .having(func.count() > 1)
        )
        text = f"names of {m.plain_name(model.__table__)} that are there more than once"
        yield from _finding(connection, level, "duplicate names", text, twice)


def _zones(connection: Connection) -> Iterator[DataFinding]:
    preference = m.Preference
    chosen = select(preference.value).where(preference.option == "timezone").distinct()
    for whose, statement in (
        ("users", chosen),
        ("customers", select(m.Customer.timezone).distinct()),
    ):
        unknown = [zone for zone in connection.scalars(statement) if zone and not _is_zone(zone)]
        if unknown:
            text = f"time zones of {whose} that aren't known; the server's is used"
            yield DataFinding(PROBLEM, "time zone", text, len(unknown), tuple(unknown[:EXAMPLES]))


def _is_zone(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _engines(connection: Connection, database: Database) -> Iterator[DataFinding]:
    tables = database.dialect.tables_without_transactions(connection, _names(database))
    if tables:
        text = (
            "tables that aren't InnoDB, so nothing can be taken back when a call fails halfway; "
            "convert them (ALTER TABLE … ENGINE=InnoDB) before serving this database"
        )
        yield DataFinding(PROBLEM, "table engine", text, len(tables), tuple(tables[:EXAMPLES]))


def _character_sets(connection: Connection, database: Database) -> Iterator[DataFinding]:
    columns = database.dialect.columns_by_character_set(connection, _names(database))
    for character_set, names in sorted(columns.items()):
        text = f"columns in {character_set}; texts with other characters (emoji) are refused there"
        yield DataFinding(NOTE, "character set", text, len(names), tuple(names[:EXAMPLES]))


def _double_encoded(
    connection: Connection, database: Database, kimai: DetectedSchema
) -> Iterator[DataFinding]:
    for model in m.Base.metadata.sorted_tables:
        if model.name in OWN_TABLES:
            continue
        for field_ in model.columns:
            if isinstance(field_.type, String) and field_.name in kimai.columns[model.name]:
                cases, examples = _count_double_encoded(connection, database, field_)
                if cases:
                    text = (
                        f"{m.plain_name(model)}.{field_.name}: texts that were encoded twice; "
                        "an import can repair them"
                    )
                    yield DataFinding(PROBLEM, "double encoding", text, cases, tuple(examples))


def _count_double_encoded(
    connection: Connection, database: Database, field_: Any
) -> tuple[int, list[str]]:
    statement = select(field_).where(field_.is_not(None))
    is_not_ascii = database.dialect.is_not_ascii(field_)
    if is_not_ascii is not None:  # most text is ASCII, which is never wrong
        statement = statement.where(is_not_ascii)
    cases, examples = 0, list[str]()
    options = {"stream_results": True, "yield_per": 5_000}
    for value in connection.execute(statement, execution_options=options).scalars():
        if mojibake.is_double_encoded(value):
            cases += 1
            if len(examples) < EXAMPLES:
                examples.append(f"{value[:40]} → {mojibake.repair(value)[:40]}")
    return cases, examples


def _names(database: Database) -> list[str]:
    return [
        schema.real_name(database, model)
        for model in m.Base.metadata.sorted_tables
        if model.name not in OWN_TABLES
    ]


def _finding(
    connection: Connection,
    level: str,
    topic: str,
    text: str,
    statement: Select[Any],
    examples: Select[Any] | None = None,
) -> Iterator[DataFinding]:
    """A finding if the statement finds anything."""
    count = connection.scalar(select(func.count()).select_from(statement.subquery())) or 0
    if count:
        shown = connection.scalars((statement if examples is None else examples).limit(EXAMPLES))
        yield DataFinding(level, topic, text, count, tuple(str(value) for value in shown))
