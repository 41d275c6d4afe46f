"""Inspecting a Kimai 1 database before it is served or imported. Reads, never writes."""

from __future__ import annotations

import zoneinfo
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    String,
    and_,
    case,
    func,
    or_,
    select,
)

from ..storage import models as m
from ..storage import schema
from ..storage.tables import without_index
from ..storage.transactions import Database
from ..tracking import rounding
from . import mojibake
from .autoconf import KIMAI_AUTHENTICATOR
from .control_totals import STREAMED
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


def inspect(
    database: Database,
    authenticator: str = KIMAI_AUTHENTICATOR,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> Inspection:
    """Inspect a database.

    :param authenticator: what checks passwords for this Kimai, as autoconf.php names it.
    :param progress: called with what is done, the number of parts that are done, and of all.
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
        parts: tuple[Iterable[DataFinding], ...] = (
            _rounding(connection),
            _orphans(connection),
            _time_entries(connection),
            _roles(connection),
            _duplicates(connection),
            _zones(connection),
            _engines(connection, database),
            _character_sets(connection, database),
            _double_encoded(connection, database, kimai),
        )
        for done, findings in enumerate(parts):
            progress("Checking the records", done, len(parts))
            inspection.findings.extend(findings)
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
            # Records of one key are counted first, by index alone where there is one.
            number = func.count().label("number")
            named = select(of, number).where(of.is_not(None)).group_by(of).subquery()
            lost = (
                select(named.c[key], named.c.number)
                .outerjoin(missing, missing.c[key] == named.c[key])
                .where(missing.c[key].is_(None))
                .order_by(named.c[key])
            )
            child_name, parent_name = m.plain_name(records), m.plain_name(missing)
            text = f"{child_name}.{key} names {parent_name} that don't exist; {fate}"
            count, some = 0, list[str]()
            for value, number_of_value in connection.execute(lost, execution_options=STREAMED):
                count += number_of_value
                if len(some) < EXAMPLES:
                    some.append(str(value))
            yield from _counted(NOTE, topic, text, count, some)


_ENDED = m.TimeEntry.end != 0
#: What may be wrong with a time entry.
_WRONG_TIMES = (
    (
        "time entries that end before they start",
        and_(_ENDED, m.TimeEntry.end < m.TimeEntry.start),
    ),
    (
        "time entries whose duration isn't end - start",
        and_(_ENDED, m.TimeEntry.duration != m.TimeEntry.end - m.TimeEntry.start),
    ),
    ("time entries that start at 0 (1970)", m.TimeEntry.start == 0),
)


def _time_entries(connection: Connection) -> Iterator[DataFinding]:
    """Check statuses, running recordings and times, all in one pass."""
    entry = m.TimeEntry
    keys = [without_index(column).label(column.key) for column in (entry.userID, entry.statusID)]
    wrong = [
        case((condition, entry.timeEntryID)).label(f"wrong{index}")
        for index, (_, condition) in enumerate(_WRONG_TIMES)
    ]
    listed = select(*keys, case((entry.end == 0, 1)).label("running"), *wrong).subquery().c
    ids = listed[-len(wrong) :]
    statement = select(
        listed.userID,
        listed.statusID,
        func.count(),
        func.count(listed.running),
        *(function(id_) for id_ in ids for function in (func.count, func.min, func.max)),
    ).group_by(listed.userID, listed.statusID)
    statuses: Counter[int | None] = Counter()
    running: Counter[int] = Counter()
    counts = [0] * len(wrong)
    some: list[set[int]] = [set() for _ in wrong]
    rows = connection.execute(statement, execution_options=STREAMED)
    for user_id, status_id, entries, running_entries, *values in rows:
        statuses[status_id] += entries
        running[user_id] += running_entries
        for index in range(len(wrong)):
            number, *ids_ = values[3 * index : 3 * index + 3]
            if number:
                counts[index] += number
                some[index].update(ids_[: EXAMPLES - len(some[index])])
    text = "time entries without a status; an import gives them the default one"
    yield from _counted(NOTE, "status", text, statuses[None], ())
    known = set(connection.scalars(select(m.Status.statusID)))
    unknown = sorted(status for status in statuses if status is not None and status not in known)
    text = "time entries with a status that doesn't exist"
    number = sum(statuses[status] for status in unknown)
    yield from _counted(NOTE, "status", text, number, unknown)
    several = sorted(user_id for user_id, entries in running.items() if entries > 1)
    text = "users with more than one running recording; the next start or stop stops all of them"
    yield from _counted(PROBLEM, "running recordings", text, len(several), several)
    for (text, _), number, examples in zip(_WRONG_TIMES, counts, some, strict=True):
        yield from _counted(NOTE, "times", text, number, sorted(examples))


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
    for table in m.Base.metadata.sorted_tables:
        if table.name in OWN_TABLES:
            continue
        columns = [
            column
            for column in table.columns
            if isinstance(column.type, String) and column.name in kimai.columns[table.name]
        ]
        if not columns:
            continue
        statement = select(*columns)
        conditions = [database.dialect.is_not_ascii(column) for column in columns]
        is_not_ascii = [condition for condition in conditions if condition is not None]
        if is_not_ascii:  # most text is ASCII, which is never wrong
            statement = statement.where(or_(*is_not_ascii))
        counts: Counter[int] = Counter()
        examples: list[list[str]] = [[] for _ in columns]
        for row in connection.execute(statement, execution_options=STREAMED):
            for index, value in enumerate(row):
                if value and mojibake.is_double_encoded(value):
                    counts[index] += 1
                    if len(examples[index]) < EXAMPLES:
                        examples[index].append(f"{value[:40]} → {mojibake.repair(value)[:40]}")
        for index, column in enumerate(columns):
            text = (
                f"{m.plain_name(table)}.{column.name}: texts that were encoded twice; "
                "an import can repair them"
            )
            yield from _counted(PROBLEM, "double encoding", text, counts[index], examples[index])


def _names(database: Database) -> list[str]:
    return [
        schema.real_name(database, model)
        for model in m.Base.metadata.sorted_tables
        if model.name not in OWN_TABLES
    ]


def _finding(
    connection: Connection, level: str, topic: str, text: str, statement: Select[Any]
) -> Iterator[DataFinding]:
    """A finding if the statement finds anything."""
    count = connection.scalar(select(func.count()).select_from(statement.subquery())) or 0
    if count:
        examples = connection.scalars(statement.limit(EXAMPLES))
        yield from _counted(level, topic, text, count, examples)


def _counted(
    level: str, topic: str, text: str, count: int, examples: Iterable[Any]
) -> Iterator[DataFinding]:
    """A finding if there is anything."""
    if count:
        yield DataFinding(level, topic, text, count, tuple(map(str, examples))[:EXAMPLES])
