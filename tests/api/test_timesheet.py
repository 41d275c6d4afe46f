"""getTimesheet: filters, order, pagination, and clipping to a period."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from caller import DENIED, Caller, Revoke

from kimai_remote.storage import models as m
from support.world import World

HOUR = 3600
#: 2026-03-01 12:00 UTC; entries of these tests lie around it.
NOON = 1_772_366_400
INVALID_SPAN = "Invalid from/to, make sure there is at least a second difference."


def ids(rows: list[dict[str, Any]]) -> list[int]:
    return [row["timeEntryID"] for row in rows]


@pytest.fixture
def five(world: World) -> list[int]:
    """Return the IDs of five entries of an hour, oldest first: from 10, 11, 12, 13, 14 o'clock."""
    return [world.add_entry(start=NOON + n * HOUR, end=NOON + (n + 1) * HOUR) for n in range(-2, 3)]


def test_all_fields_of_a_row(alice: Caller, world: World) -> None:
    entry_id = world.add_entry(
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
            "timeEntryID": entry_id,
            "start": NOON,
            "end": NOON + 5430,
            "duration": 5430,
            "formattedDuration": "1:30",
            "wage_decimal": Decimal("128.9625"),
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


def test_a_running_entry_has_no_duration_and_wage(alice: Caller, world: World) -> None:
    world.add_entry(start=NOON, end=0)
    row = alice.item("getTimesheet")
    assert (row["start"], row["end"]) == (NOON, 0)
    names = ("duration", "formattedDuration", "wage_decimal", "wage")
    assert [row[name] for name in names] == [None] * 4
    assert row["rate"] == Decimal("60.00")


def test_a_fixed_rate_is_the_wage(alice: Caller, world: World) -> None:
    world.add_entry(fixedRate=Decimal("250.00"))
    assert alice.item("getTimesheet")["wage"] == "250.00"


@pytest.mark.parametrize("missing", ["projectID", "activityID", "statusID"])
@pytest.mark.parametrize("begin", ["", "2026-01-01"])
def test_an_entry_is_not_listed_if_what_it_refers_to_is_gone(
    alice: Caller, world: World, five: list[int], missing: str, begin: str
) -> None:
    fields: dict[str, Any] = {missing: 99}
    world.add_entry(**fields)
    for limit in (0, 2, 99):
        response = alice.call("getTimesheet", begin, 0, -1, 0, limit)
        assert (response["total"], len(response["items"])) == (5, min(limit or 5, 5))


def test_an_entry_is_not_listed_if_its_customer_is_gone(alice: Caller, world: World) -> None:
    shown = world.add_entry()
    world.add_entry(projectID=world.portal)
    world.change(m.Project, world.portal, customerID=99)
    response = alice.call("getTimesheet")
    assert (ids(response["items"]), response["total"]) == ([shown], 1)


def test_durations_with_seconds(alice: Caller, world: World) -> None:
    world.set_option("durationWithSeconds", 1)
    world.add_entry(start=NOON, end=NOON + 100 * HOUR + 65)
    assert alice.item("getTimesheet")["formattedDuration"] == "100:01:05"


def test_no_entries(alice: Caller, world: World) -> None:
    world.add_entry("ben")
    assert alice.items("getTimesheet") == []


def test_only_own_entries_even_for_who_may_edit_others(
    ben: Caller, root: Caller, world: World
) -> None:
    world.add_entry("alice")
    own = world.add_entry("ben")
    assert ids(ben.items("getTimesheet")) == [own]
    assert root.items("getTimesheet") == []


def test_newest_first(alice: Caller, world: World, five: list[int]) -> None:
    twin = world.add_entry(start=NOON + 2 * HOUR)
    newest, *others = reversed(five)
    # Of those that begin at the same time, the lowest ID comes first.
    assert ids(alice.items("getTimesheet")) == [newest, twin, *others]
    pages = [alice.call("getTimesheet", 0, 0, -1, start, 1)["items"] for start in range(6)]
    assert [ids(page) for page in pages] == [[key] for key in (newest, twin, *others)]


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
def test_a_period(
    alice: Caller, five: list[int], begin: str | int, finish: str | int, expected: list[int]
) -> None:
    rows = alice.items("getTimesheet", begin, finish)
    assert sorted(ids(rows)) == [five[index] for index in expected]


def test_a_period_cuts_start_end_duration_and_wage(alice: Caller, world: World) -> None:
    entry_id = world.add_entry(start=NOON, end=NOON + 4 * HOUR)
    row = alice.item("getTimesheet", str(NOON + HOUR), str(NOON + 2 * HOUR))
    names = ("start", "end", "duration", "formattedDuration", "wage")
    assert [row[name] for name in names] == [NOON + HOUR, NOON + 2 * HOUR, HOUR, "1:00", "60.00"]
    assert world.entry(entry_id).end == NOON + 4 * HOUR


def test_a_running_entry_is_in_every_period_after_its_start(alice: Caller, world: World) -> None:
    entry_id = world.add_entry(start=NOON, end=0)
    row = alice.item("getTimesheet", str(NOON + HOUR))
    assert (row["timeEntryID"], row["start"], row["end"]) == (entry_id, NOON + HOUR, 0)
    assert alice.items("getTimesheet", 0, str(NOON)) == []
    row = alice.item("getTimesheet", 0, str(NOON + 1))
    assert (row["start"], row["end"], row["duration"]) == (NOON, 0, None)


def test_dates_are_in_the_time_zone_that_the_user_chose(
    alice: Caller, world: World, five: list[int]
) -> None:
    world.add(m.Preference(userID=world.alice, option="timezone", value="America/New_York"))
    rows = alice.items("getTimesheet", "2026-03-01 07:00", "2026-03-01 08:00")
    assert ids(rows) == [five[2]]


@pytest.mark.parametrize(("cleared", "expected"), [(-1, [0, 1, 2]), (0, [0, 2]), (1, [1])])
def test_open_and_cleared(alice: Caller, world: World, cleared: int, expected: list[int]) -> None:
    entries = [world.add_entry(cleared=flag) for flag in (0, 1, 0)]
    rows = alice.items("getTimesheet", 0, 0, cleared)
    assert sorted(ids(rows)) == [entries[index] for index in expected]


@pytest.mark.parametrize(
    ("start", "limit", "expected"),
    [
        (0, 2, [4, 3]),
        (2, 2, [2, 1]),
        (4, 2, [0]),
        (5, 2, []),
        (0, 99, [4, 3, 2, 1, 0]),
        (2**31 - 1, 2**31 - 1, []),
    ],
)
def test_pages_have_the_total(
    alice: Caller, five: list[int], start: int, limit: int, expected: list[int]
) -> None:
    response = alice.call("getTimesheet", 0, 0, -1, start, limit)
    assert ids(response["items"]) == [five[index] for index in expected]
    assert response["total"] == 5


@pytest.mark.parametrize(
    ("preference", "expected"),
    [(None, 5), ("2", 2), ("100", 5), ("0", 0), ("", 0), ("x", 0), ("-1", 0)],
)
@pytest.mark.parametrize("start", [0, 3])
def test_without_a_limit_the_first_rows_come_that_the_user_prefers(
    alice: Caller, world: World, five: list[int], preference: str | None, expected: int, start: int
) -> None:
    if preference is not None:
        world.set_preference("alice", "ui.rowlimit", preference)
    response = alice.call("getTimesheet", 0, 0, -1, start)
    assert ids(response["items"]) == list(reversed(five))[:expected]
    assert response["total"] == 5


def test_a_hundred_rows_come_by_default(alice: Caller, world: World) -> None:
    for _ in range(101):
        world.add_entry()
    response = alice.call("getTimesheet")
    assert (len(response["items"]), response["total"]) == (100, 101)


def test_a_page_of_a_period_counts_the_period(alice: Caller, world: World, five: list[int]) -> None:
    world.change(m.TimeEntry, five[0], cleared=1)
    response = alice.call("getTimesheet", "2026-03-01 10:00", "2026-03-01 13:00", 0, 0, 1)
    assert (ids(response["items"]), response["total"]) == ([five[2]], 2)


@pytest.mark.parametrize("since", ["2026-03-01 11:00", "1970-01-02"])
@pytest.mark.parametrize(("start", "limit"), [(0, 2), (2, 2), (3, 50), (0, 0), (9, 1)])
def test_pages_of_entries_that_end_after_a_date(
    alice: Caller, world: World, five: list[int], since: str, start: int, limit: int
) -> None:
    running = world.add_entry(start=NOON - 9 * HOUR, end=0)
    of_all = [*five[:0:-1], running] if since.startswith("2026") else [*five[::-1], running]
    response = alice.call("getTimesheet", since, 0, -1, start, limit)
    assert ids(response["items"]) == of_all[start : start + (limit or len(of_all))]
    assert response["total"] == len(of_all)


def test_a_page_of_nothing(alice: Caller) -> None:
    assert alice.call("getTimesheet", 0, 0, -1, 0, 10) == {
        "success": True,
        "items": [],
        "total": 0,
    }


def test_rates_and_wages_need_a_right(alice: Caller, world: World, revoke: Revoke) -> None:
    revoke("ki_timesheets-showRates")
    world.add_entry(fixedRate=Decimal("10.00"))
    row = alice.item("getTimesheet")
    assert (row["rate"], row["wage"], row["wage_decimal"]) == (None, None, None)
    assert row["duration"] == HOUR


def test_without_access_to_time_sheets(alice: Caller, revoke: Revoke) -> None:
    revoke("ki_timesheet-access")
    assert alice.refusal("getTimesheet") == DENIED


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        (("someday",), "Invalid from 'someday'"),
        ((0, "31.2.2026"), "Invalid to '31.2.2026'"),
        (("-5",), "Invalid from '-5'"),
        (("99999999999999",), "Invalid from '99999999999999'"),
        ((0, 0, 2), "cleared must be"),
        ((0, 0, -2), "cleared must be"),
        ((0, 0, -1, -1, 1), "must not be negative"),
        ((0, 0, -1, 0, -1), "must not be negative"),
    ],
)
def test_bad_parameters(alice: Caller, parameters: tuple[Any, ...], text: str) -> None:
    assert text in alice.refusal("getTimesheet", *parameters)


@pytest.mark.parametrize("parameters", [(0, 0, "open"), (0, 0, -1, "x"), (0, 0, -1, 0, 2**31)])
def test_parameters_of_the_wrong_type(alice: Caller, parameters: tuple[Any, ...]) -> None:
    alice.rejection("getTimesheet", *parameters)
