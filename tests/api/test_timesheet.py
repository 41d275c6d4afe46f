"""getTimesheet: which entries, in which order, cut to which period."""

from __future__ import annotations

from decimal import Decimal

import pytest
from caller import DENIED

from kimai_remote.storage import models as m

HOUR = 3600
#: 2026-03-01 12:00 UTC; entries of these tests lie around it.
NOON = 1_772_366_400
INVALID_SPAN = "Invalid from/to, make sure there is at least a second difference."


def numbers(rows):
    return [row["timeEntryID"] for row in rows]


@pytest.fixture
def five(world):
    """Numbers of five entries of an hour each, oldest first: from 10, 11, 12, 13 and 14 o'clock."""
    return [world.add_entry(start=NOON + n * HOUR, end=NOON + (n + 1) * HOUR) for n in range(-2, 3)]


def test_a_whole_row(alice, world):
    number = world.add_entry(
        start=NOON,
        end=NOON + 5430,
        rate=Decimal("85.50"),
        budget=Decimal("100.00"),
        approved=Decimal("50.25"),
        description="Fix ☕",
        comment="was broken",
        commentType=1,
        cleared=1,
        location="office",
        trackingNumber="T-1",
        billable=50,
        statusID=2,
    )
    assert alice.items("getTimesheet") == [
        {
            "timeEntryID": number,
            "start": NOON,
            "end": NOON + 5430,
            "duration": 5430,
            "formattedDuration": "1:30",
            "wage_decimal": Decimal("128.96"),
            "wage": "128.96",
            "budget": Decimal("100.00"),
            "approved": Decimal("50.25"),
            "rate": Decimal("85.50"),
            "projectID": world.shop,
            "activityID": world.coding,
            "userID": world.alice,
            "customerName": "Acme",
            "customerID": world.acme,
            "activityName": "Coding",
            "projectName": "Shop",
            "projectComment": "About shop",
            "location": "office",
            "trackingNumber": "T-1",
            "statusID": 2,
            "status": "review",
            "billable": 50,
            "description": "Fix ☕",
            "comment": "was broken",
            "cleared": True,
            "commentType": 1,
            "userAlias": "Alice",
            "userName": "alice",
        }
    ]


def test_a_running_entry_has_no_duration_and_wage(alice, world):
    world.add_entry(start=NOON, end=0)
    row = alice.item("getTimesheet")
    assert (row["start"], row["end"]) == (NOON, 0)
    names = ("duration", "formattedDuration", "wage_decimal", "wage")
    assert [row[name] for name in names] == [None] * 4
    assert row["rate"] == Decimal("60.00")


def test_a_fixed_rate_is_the_wage(alice, world):
    world.add_entry(fixedRate=Decimal("250.00"))
    assert alice.item("getTimesheet")["wage"] == "250.00"


def test_an_entry_whose_project_task_and_status_were_deleted(alice, world):
    world.add_entry(projectID=999, activityID=998, statusID=99)
    row = alice.item("getTimesheet")
    assert (row["projectID"], row["activityID"], row["statusID"]) == (999, 998, 99)
    names = (
        "customerName",
        "customerID",
        "activityName",
        "projectName",
        "projectComment",
        "status",
    )
    assert [row[name] for name in names] == [None] * 6


def test_durations_with_seconds(alice, world):
    world.set_option("durationWithSeconds", 1)
    world.add_entry(start=NOON, end=NOON + 100 * HOUR + 65)
    assert alice.item("getTimesheet")["formattedDuration"] == "100:01:05"


def test_no_entries(alice, world):
    world.add_entry("ben")
    assert alice.items("getTimesheet") == []


def test_only_own_entries_even_for_who_may_edit_others(ben, root, world):
    world.add_entry("alice")
    own = world.add_entry("ben")
    assert numbers(ben.items("getTimesheet")) == [own]
    assert root.items("getTimesheet") == []


def test_newest_first(alice, world, five):
    twin = world.add_entry(start=NOON + 2 * HOUR)
    assert numbers(alice.items("getTimesheet")) == [twin, *reversed(five)]


@pytest.mark.parametrize(
    ("begin", "finish", "expected"),
    [
        (0, 0, [0, 1, 2, 3, 4]),
        ("", "", [0, 1, 2, 3, 4]),
        (str(NOON), 0, [2, 3, 4]),
        (str(NOON - 1), 0, [1, 2, 3, 4]),
        (0, str(NOON), [0, 1]),
        (0, str(NOON + 1), [0, 1, 2]),
        ("2026-03-01 11:00", "2026-03-01 13:00", [1, 2]),
        ("1.3.2026 11:30", "1.3.2026 12:30", [1, 2]),
        ("2026-03-02", "", []),
        ("", "2026-03-01", []),
    ],
)
def test_a_period(alice, five, begin, finish, expected):
    rows = alice.items("getTimesheet", begin, finish)
    assert sorted(numbers(rows)) == [five[place] for place in expected]


def test_a_period_cuts_start_end_duration_and_wage(alice, world):
    number = world.add_entry(start=NOON, end=NOON + 4 * HOUR)
    row = alice.item("getTimesheet", str(NOON + HOUR), str(NOON + 2 * HOUR))
    names = ("start", "end", "duration", "formattedDuration", "wage")
    assert [row[name] for name in names] == [NOON + HOUR, NOON + 2 * HOUR, HOUR, "1:00", "60.00"]
    assert world.entry(number).end == NOON + 4 * HOUR


def test_a_running_entry_is_in_every_period_after_its_start(alice, world):
    number = world.add_entry(start=NOON, end=0)
    row = alice.item("getTimesheet", str(NOON + HOUR))
    assert (row["timeEntryID"], row["start"], row["end"]) == (number, NOON + HOUR, 0)
    assert alice.items("getTimesheet", 0, str(NOON)) == []
    row = alice.item("getTimesheet", 0, str(NOON + 1))
    assert (row["start"], row["end"], row["duration"]) == (NOON, 0, None)


def test_dates_are_in_the_time_zone_that_the_user_chose(alice, world, five):
    world.add(m.Preference(userID=world.alice, option="timezone", value="America/New_York"))
    rows = alice.items("getTimesheet", "2026-03-01 07:00", "2026-03-01 08:00")
    assert numbers(rows) == [five[2]]


@pytest.mark.parametrize(("cleared", "expected"), [(-1, [0, 1, 2]), (0, [0, 2]), (1, [1])])
def test_open_and_cleared(alice, world, cleared, expected):
    entries = [world.add_entry(cleared=flag) for flag in (0, 1, 0)]
    rows = alice.items("getTimesheet", 0, 0, cleared)
    assert sorted(numbers(rows)) == [entries[place] for place in expected]


@pytest.mark.parametrize(
    ("start", "limit", "expected"),
    [
        (0, 2, [4, 3]),
        (2, 2, [2, 1]),
        (4, 2, [0]),
        (3, 0, [1, 0]),
        (5, 2, []),
        (0, 99, [4, 3, 2, 1, 0]),
        (2**31 - 1, 2**31 - 1, []),
    ],
)
def test_pages_say_how_many_there_are(alice, five, start, limit, expected):
    answer = alice.call("getTimesheet", 0, 0, -1, start, limit)
    assert numbers(answer["items"]) == [five[place] for place in expected]
    assert answer["total"] == 5


def test_a_page_of_a_period_counts_the_period(alice, world, five):
    world.change(m.TimeEntry, five[0], cleared=1)
    answer = alice.call("getTimesheet", "2026-03-01 10:00", "2026-03-01 13:00", 0, 0, 1)
    assert (numbers(answer["items"]), answer["total"]) == ([five[2]], 2)


@pytest.mark.parametrize("since", ["2026-03-01 11:00", "1970-01-02"])
@pytest.mark.parametrize(("start", "limit"), [(0, 2), (2, 2), (3, 50), (0, 0), (9, 1)])
def test_pages_of_what_ended_since_a_date_or_still_runs(alice, world, five, since, start, limit):
    running = world.add_entry(start=NOON - 9 * HOUR, end=0)
    of_all = [*five[:0:-1], running] if since.startswith("2026") else [*five[::-1], running]
    answer = alice.call("getTimesheet", since, 0, -1, start, limit)
    assert numbers(answer["items"]) == of_all[start : start + (limit or len(of_all))]
    assert answer["total"] == len(of_all)


def test_a_page_of_nothing(alice):
    assert alice.call("getTimesheet", 0, 0, -1, 0, 10) == {
        "success": True,
        "items": [],
        "total": 0,
    }


def test_rates_and_wages_need_a_right(alice, world, without):
    without("ki_timesheets-showRates")
    world.add_entry(fixedRate=Decimal("10.00"))
    row = alice.item("getTimesheet")
    assert (row["rate"], row["wage"], row["wage_decimal"]) == (None, None, None)
    assert row["duration"] == HOUR


def test_without_access_to_time_sheets(alice, without):
    without("ki_timesheet-access")
    assert alice.refusal("getTimesheet") == DENIED


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        (("yesterday",), "Invalid from 'yesterday'"),
        ((0, "31.2.2026"), "Invalid to '31.2.2026'"),
        (("-5",), "Invalid from '-5'"),
        (("99999999999999",), "Invalid from '99999999999999'"),
        (("2026-03-01", "2026-02-01"), INVALID_SPAN),
        (("2026-03-01", "2026-03-01"), INVALID_SPAN),
        ((0, 0, 2), "cleared must be"),
        ((0, 0, -2), "cleared must be"),
        ((0, 0, -1, -1), "must not be negative"),
        ((0, 0, -1, 0, -1), "must not be negative"),
    ],
)
def test_bad_parameters(alice, parameters, text):
    assert text in alice.refusal("getTimesheet", *parameters)


@pytest.mark.parametrize("parameters", [(0, 0, "open"), (0, 0, -1, "x"), (0, 0, -1, 0, 2**31)])
def test_parameters_of_the_wrong_type(alice, parameters):
    alice.rejection("getTimesheet", *parameters)
