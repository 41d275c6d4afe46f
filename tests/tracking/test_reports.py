"""Reports have the sums of getTimesheet and getExpenses, computed independently."""

from __future__ import annotations

import datetime
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, insert

from kimai_remote.errors import Refused
from kimai_remote.storage import models as m
from kimai_remote.tracking import dates, expenses, periods, reports, timesheet
from kimai_remote.tracking.context import CallContext, Principal
from kimai_remote.tracking.periods import Period
from kimai_remote.tracking.reports import Filter, Line, Report
from kimai_remote.tracking.validation import to_cents
from support.world import NOW, World

USERS = ("alice", "ben", "oscar")
PROJECTS = ("shop", "portal", "internal", "red_project")
TASKS = ("coding", "meeting", "design")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
RIGHTS = frozenset({"ki_timesheet-access", "ki_expenses-access", "ki_timesheets-showRates"})
#: A year that ends now; clocks are changed twice in it.
YEAR = Period(NOW - 365 * 86_400, NOW)

Reporter = Callable[..., Report]


def somebody(world: World, chance: random.Random) -> dict[str, int]:
    return {
        "userID": world.ids[chance.choice(USERS)],
        "projectID": world.ids[chance.choice(PROJECTS)],
        "cleared": chance.randrange(2),
    }


@pytest.fixture
def filled(world: World) -> World:
    """Entries and expenses of a year, many of them over the ends of months and over midnight."""
    chance = random.Random(7)  # noqa: S311
    times = []
    for _ in range(150):
        start = chance.randrange(YEAR.begin - 86_400, YEAR.end)
        length = chance.choice((1, 7, 59, 3599, 3600, 5431, 40_000, 86_400, 3_000_000))
        times.append(
            {
                **somebody(world, chance),
                "activityID": world.ids[chance.choice(TASKS)],
                "start": start,
                "end": start + length,
                "rate": Decimal(chance.randrange(0, 20_000)) / 100,
                "fixedRate": Decimal(chance.choice((0, 0, 0, 9_999))) / 100,
                "billable": chance.choice((None, 0, 50, 100)),
                "statusID": 1,
            }
        )
    world.execute(insert(m.TimeEntry.__table__), times)
    spent = [
        {
            **somebody(world, chance),
            "timestamp": chance.randrange(YEAR.begin - 86_400, YEAR.end + 86_400),
            "value": Decimal(chance.randrange(-5_000, 50_000)) / 100,
            "multiplier": Decimal(chance.choice((100, 100, 250, 133, -100))) / 100,
            "designation": "Train",
        }
        for _ in range(60)
    ]
    world.execute(insert(m.Expense.__table__), spent)
    world.add_entry(end=0, start=NOW - 60)
    return world


@pytest.fixture
def report(filled: World) -> Reporter:
    def run(by: Any, period: Period, zone: str = "UTC", **chosen: Any) -> Report:
        return filled.database.run(
            lambda session: reports.report(session, by, period, Filter(**chosen), ZoneInfo(zone)),
            writes=False,
        )

    return run


def listed(world: World, function: Any, period: Period, *arguments: int) -> Iterator[dict]:
    """Return the records of a period that all users get by getTimesheet or getExpenses."""

    def work(connection: Any) -> list[dict]:
        result = []
        for name in (*USERS, "root"):
            zone, user = ZoneInfo("UTC"), world.ids[name]
            principal = Principal(name, zone, user_id=user, rights=RIGHTS)
            context = CallContext(connection=connection, now=NOW, zone=zone, principal=principal)
            limit = 10**6
            rows = function(context, period.begin, period.end, *arguments, -1, 0, limit)
            result += [dict(zip(rows.columns, row, strict=True)) for row in rows.values]
        return result

    yield from world.database.execute(work, writes=False)


def sums(world: World, by: str, period: Period) -> dict[Any, tuple[int, int, Decimal, Decimal]]:
    """Compute entries, seconds, wages and expenses by ID."""
    sums_by_id: dict[Any, list[Any]] = defaultdict(lambda: [0, 0, Decimal(0), Decimal(0)])
    for row in listed(world, timesheet.rows, period):
        if row["end"]:
            one = sums_by_id[row.get(f"{by}ID")]
            one[0] += 1
            one[1] += row["duration"]
            one[2] += Decimal(row["wage"])
    if by != "activity":
        for row in listed(world, expenses.rows, period, -1):
            amount = to_cents(row["value"] * row["multiplier"])
            sums_by_id[row.get(f"{by}ID")][3] += amount
    return {key: tuple(values) for key, values in sums_by_id.items()}


def of(line: Line) -> tuple[int, int, Decimal, Decimal]:
    return line.entries, line.seconds, line.wages, line.expenses or Decimal(0)


@pytest.mark.parametrize("by", ["user", "project", "customer", "activity"])
@pytest.mark.parametrize(
    "period", [YEAR, Period(NOW - 90 * 86_400, NOW - 30 * 86_400), Period(NOW - 3600, NOW)]
)
def test_lines_are_the_sums_of_the_time_sheet(filled, report, by, period):
    result = report(by, period)
    assert {line.id: of(line) for line in result.lines} == sums(filled, by, period)
    assert [line.seconds for line in result.lines] == sorted(
        (line.seconds for line in result.lines), reverse=True
    )
    total = [sum(column) for column in zip(*map(of, result.lines), strict=True)] or [0, 0, 0, 0]
    assert list(of(result.total)) == total


@pytest.mark.parametrize("zone", ZONES)
def test_months_are_those_of_the_zone(filled, report, zone):
    result = report("month", YEAR, zone)
    first = datetime.datetime.fromtimestamp(YEAR.begin, ZoneInfo(zone))
    expected = {}
    bounds = [YEAR.begin]
    year, month = first.year, first.month
    names = []
    while bounds[-1] < YEAR.end:
        names.append(f"{year:04d}-{month:02d}")
        year, month = year + month // 12, month % 12 + 1
        end = int(datetime.datetime(year, month, 1, tzinfo=ZoneInfo(zone)).timestamp())
        bounds.append(min(end, YEAR.end))
    for name, begin, end in zip(names, bounds, bounds[1:], strict=False):
        own = sums(filled, "nothing", Period(begin, end))
        if own:
            expected[name] = own[None]
    assert {line.name: of(line) for line in result.lines} == expected
    assert [line.name for line in result.lines] == sorted(expected)
    whole = report("user", YEAR, zone)
    assert result.spanning == result.total.entries - whole.total.entries > 0
    assert result.total.seconds == whole.total.seconds
    assert result.total.expenses == whole.total.expenses


def test_entries_at_the_end_of_a_month(world, report):
    for table in (m.TimeEntry, m.Expense):
        world.execute(table.__table__.delete())
    march = periods.month(2026, 3, ZoneInfo("UTC")).begin
    for start, end in (
        (march - 3600, march),
        (march, march + 60),
        (march - 5, march + 7),
        (march, march),  # no month has it, and nothing is in two
        (march - 40 * 86_400, march + 1),
    ):
        world.add_entry(start=start, end=end, rate=Decimal(36))
    result = report("month", YEAR)
    assert [(line.name, line.entries, line.seconds) for line in result.lines] == [
        ("2026-01", 1, 12 * 86_400),
        ("2026-02", 3, 28 * 86_400 + 3605),
        ("2026-03", 3, 60 + 7 + 1),
    ]
    assert [line.wages for line in result.lines] == [
        Decimal(line.seconds).scaleb(-2) for line in result.lines
    ]
    assert result.spanning == 3


@pytest.mark.parametrize(("by", "reads"), [("project", 2), ("month", 3)])
def test_entries_are_read_once(filled, by, reads):
    """Once more for those over the end of a month, and by index for those that run."""
    statements = []

    def record(_conn, _cursor, statement, *_):
        statements.append(statement)

    event.listen(filled.database.engine, "before_cursor_execute", record)
    try:
        filled.database.run(
            lambda session: reports.report(session, by, YEAR, Filter(), ZoneInfo("UTC")),
            writes=False,
        )
    finally:
        event.remove(filled.database.engine, "before_cursor_execute", record)
    assert len([each for each in statements if "timeSheet" in each]) == reads


def test_zones_differ(report):
    lines = {zone: report("month", YEAR, zone).lines for zone in ZONES}
    assert len({tuple(map(of, own)) for own in lines.values()}) == len(ZONES)


def test_filters(filled, report):
    everything = report("user", YEAR).total
    for name, kinds in (("cleared", (True, False)), ("billable", (True, False))):
        parts = [report("user", YEAR, **{name: kind}).total for kind in kinds]
        assert sum(part.seconds for part in parts) == everything.seconds
        assert all(part.seconds for part in parts)
    by_user = {line.id: of(line) for line in report("user", YEAR).lines}
    for user in USERS:
        id_ = filled.ids[user]
        assert of(report("project", YEAR, users=[id_]).total) == by_user[id_]
    both = report("user", YEAR, users=[filled.alice, filled.ben]).lines
    assert {line.id for line in both} == {filled.alice, filled.ben}
    for by in ("project", "customer"):
        for line in report(by, YEAR).lines:
            chosen = {f"{by}s": [line.id]}
            assert of(report("user", YEAR, **chosen).total) == of(line)
            assert of(report("month", YEAR, **chosen).total)[1] == line.seconds
    tasks = {line.id: line for line in report("activity", YEAR).lines}
    for id_, line in tasks.items():
        assert of(report("user", YEAR, activities=[id_]).total) == of(line)


def test_what_has_no_expenses(report):
    assert report("activity", YEAR).total.expenses is None
    assert report("user", YEAR, billable=True).total.expenses is None
    assert report("user", YEAR, activities=[1]).total.expenses is None
    assert report("user", YEAR).total.expenses is not None


def test_running_recordings_are_counted_apart(world, report):
    assert report("user", YEAR).running == 1
    assert report("user", YEAR, users=[world.ben]).running == 0
    assert report("user", Period(YEAR.begin, NOW - 60)).running == 0
    before = report("user", YEAR).total
    world.add_entry("ben", end=0, start=NOW - 5)
    after = report("user", YEAR)
    assert (after.running, after.total) == (2, before)


def test_the_same_name_twice(world, report):
    id_ = world.add(m.Project(name="Shop", customerID=world.rival)).projectID
    world.add_entry(projectID=id_, start=NOW - 100, end=NOW - 50)
    lines = [line for line in report("project", YEAR).lines if line.name == "Shop"]
    assert {(line.id, line.customer) for line in lines} == {
        (world.shop, "Acme"),
        (id_, "Rival"),
    }


def test_entries_of_what_is_gone(world, report):
    world.add_entry(projectID=9999, activityID=9999, userID=9999, start=NOW - 9, end=NOW - 2)
    for by in ("user", "project", "activity"):
        (line,) = (line for line in report(by, YEAR).lines if line.id == 9999)
        assert (line.name, line.seconds) == (None, 7)
    (line,) = (line for line in report("customer", YEAR).lines if line.id is None)
    assert (line.name, line.seconds) == (None, 7)


def test_the_largest_numbers(world, report):
    """They have more digits than a floating-point number."""
    maximum = Decimal("99999999.99")
    world.execute(m.TimeEntry.__table__.delete())
    world.execute(m.Expense.__table__.delete())
    world.add_entry(start=1, end=2**31 - 1, rate=maximum)
    world.add_entry(start=1, end=2**31 - 1, rate=maximum)
    world.add_expense(value=maximum, multiplier=maximum)
    world.add_expense(value=-maximum, multiplier=maximum)
    world.add_expense(value=Decimal("0.01"), multiplier=Decimal("0.50"))
    total = report("user", Period(0, 2**31 - 1)).total
    assert total.wages == 2 * to_cents(maximum * (2**31 - 2) / 3600)
    assert total.expenses == Decimal("0.01")


def test_nothing_at_all(world, report):
    for table in (m.TimeEntry, m.Expense):
        world.execute(table.__table__.delete())
    for by in ("user", "month"):
        result = report(by, Period(0, NOW))
        assert (result.lines, result.running, result.spanning) == ([], 0, 0)
        assert of(result.total) == (0, 0, 0, 0)


def test_all_time_by_month_is_not_all_months_since_1970(filled, report):
    result = report("month", Period(0, 2**31 - 1))
    assert 12 < len(result.lines) < 20
    assert result.period == Period(0, 2**31 - 1)


def test_more_months_than_one_statement_takes(world, report):
    world.execute(m.TimeEntry.__table__.delete())
    world.add_entry(start=86_400, end=90_000)
    world.add_entry(start=NOW - 7200, end=NOW - 3600)
    lines = report("month", Period(0, NOW)).lines
    times = [(line.name, line.seconds) for line in lines if line.seconds]
    assert times == [("1970-01", 3600), ("2026-03", 3600)]


BERLIN = ZoneInfo("Europe/Berlin")


def timestamp(*parts: int) -> int:
    return int(datetime.datetime(*parts, tzinfo=BERLIN).timestamp())  # type: ignore[misc, arg-type]


def test_periods():
    assert periods.this_month(NOW, BERLIN) == Period(timestamp(2026, 3, 1), timestamp(2026, 4, 1))
    assert periods.last_month(NOW, BERLIN) == Period(timestamp(2026, 2, 1), timestamp(2026, 3, 1))
    january = timestamp(2026, 1, 1)
    assert periods.last_month(january, BERLIN) == Period(timestamp(2025, 12, 1), january)
    assert periods.year(2026, BERLIN) == Period(january, timestamp(2027, 1, 1))
    march = periods.month(2026, 3, BERLIN)
    assert march.end - march.begin == 31 * 86_400 - 3600  # summer time begins
    assert periods.year(1970, BERLIN).begin == 0


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        ("2026-03-01", "2026-03-31", (timestamp(2026, 3, 1), timestamp(2026, 4, 1))),
        ("29.3.2026", "29.3.2026", (timestamp(2026, 3, 29), timestamp(2026, 3, 30))),
        (
            "2026-03-01 08:00",
            "2026-03-01 09:30",
            (timestamp(2026, 3, 1, 8), timestamp(2026, 3, 1, 9, 30)),
        ),
        (None, "2026-01-31", (0, timestamp(2026, 2, 1))),
        ("2026-03-01", None, (timestamp(2026, 3, 1), NOW)),
        ("1772443800", "1772443810", (1772443800, 1772443810)),
        # Any other form of a date: a day is included, a time isn't.
        ("20260301", "3/3/2026", (timestamp(2026, 3, 1), timestamp(2026, 3, 4))),
        (
            "first day of january 2026",
            "31 Jan 2026",
            (timestamp(2026, 1, 1), timestamp(2026, 2, 1)),
        ),
        ("2026-01-01", "2026-01-31 24:00", (timestamp(2026, 1, 1), timestamp(2026, 2, 1))),
        ("-1 hour", "now", (NOW - 3600, NOW)),
        ("0001-01-01", "9999-12-31", (0, dates.LATEST)),
        ("-0001-01-01", "+12345-01-01 10:00", (0, dates.LATEST)),
    ],
)
def test_from_one_date_to_another(begin, end, expected):
    assert periods.between(begin, end, NOW, BERLIN) == Period(*expected)


@pytest.mark.parametrize(
    ("begin", "end", "text"),
    [
        ("2026-03-31", "2026-03-01", "ends before it begins"),
        ("2026-02-30", None, "Invalid from '2026-02-30'"),
        ("2026-03-01", "someday", "Invalid to 'someday'"),
        ("0", None, "from must be a date"),
        ("2099-01-01", None, "ends before"),
        ("1" * 400, None, "Invalid from"),
        ("2026-03-05", None, "ends before"),
    ],
)
def test_no_period(begin, end, text):
    with pytest.raises(Refused, match=text):
        periods.between(begin, end, NOW, BERLIN)


@pytest.mark.parametrize("year", [0, 1969, 2038, 10**9])
def test_years_that_no_column_holds(year):
    with pytest.raises(Refused, match="from 1970 to 2037"):
        periods.year(year, BERLIN)
