"""One time entry: getTimesheetRecord, setTimesheetRecord, removeTimesheetRecord."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from caller import Caller, Revoke

from kimai_remote.storage import models as m
from support.world import World

START, END = 1_772_359_200, 1_772_362_800
LOCKED = "editLimit"

FIELDS = {
    "location": "office",
    "trackingNumber": "T-1",
    "description": "What ☕",
    "comment": "why\n日本語",
    "commentType": 2,
    "flagBillable": 50,
    "budget": Decimal("100.00"),
    "approved": Decimal("99999999.99"),
}


def new(world: World, **fields: Any) -> dict[str, Any]:
    """Return a record with the required fields of a new entry."""
    return {
        "projectId": world.shop,
        "taskId": world.coding,
        "start": "2026-03-01 10:00:00",
        "end": "2026-03-01 11:00:00",
    } | fields


def fresh(world: World, entry_id: int, **fields: Any) -> dict[str, Any]:
    """What getTimesheetRecord responses for an entry that was created from :func:`new`."""
    return {
        "timeEntryID": entry_id,
        "start": START,
        "end": END,
        "duration": 3600,
        "userID": world.alice,
        "projectID": world.shop,
        "activityID": world.coding,
        "description": None,
        "comment": None,
        "commentType": 0,
        "cleared": False,
        "location": None,
        "trackingNumber": None,
        "rate": Decimal("60.00"),
        "fixedRate": Decimal("0.00"),
        "budget": None,
        "approved": None,
        "statusID": 1,
        "billable": None,
        "projectName": "Shop",
        "customerName": "Acme",
        "activityName": "Coding",
        "customerID": world.acme,
    } | fields


def test_four_fields_are_enough_for_a_new_entry(alice: Caller, world: World) -> None:
    created = alice.item("setTimesheetRecord", new(world))
    assert created == {"id": created["id"]}
    entry_id = created["id"]
    assert alice.items("getTimesheetRecord", entry_id) == [fresh(world, entry_id)]


def test_an_entry_may_start_on_the_first_day_of_1970(alice: Caller, world: World) -> None:
    """East of Greenwich that is before the second 0."""
    record = new(world, start="1970-01-01 00:00 +0100", end="1970-01-01 02:00 +0100")
    [created] = alice.items("setTimesheetRecord", record)
    [row] = alice.items("getTimesheet", "1970-01-01 +0100", "1970-01-02")
    assert (row["timeEntryID"], row["start"], row["duration"]) == (created["id"], -3600, 7200)
    for field, value in (("start", "1969-12-30"), ("start", "@0"), ("end", "1970-01-01 +0100")):
        record = new(world, **{field: value})
        assert f"Invalid {field} '{value}'" in alice.refusal("setTimesheetRecord", record)


def test_a_new_entry_with_all_fields(root: Caller, world: World) -> None:
    world.set_option("defaultStatusID", 3)
    record = new(
        world,
        id=77,
        rate=Decimal("12.34"),
        fixedRate=Decimal("5.60"),
        flagCleared=True,
        statusId=2,
        **FIELDS,
    )
    entry_id = root.item("setTimesheetRecord", record, False)["id"]
    assert root.item("getTimesheetRecord", entry_id) == fresh(
        world,
        entry_id,
        userID=world.root,
        rate=Decimal("12.34"),
        fixedRate=Decimal("5.60"),
        cleared=True,
        statusID=2,
        location="office",
        trackingNumber="T-1",
        description="What ☕",
        comment="why\n日本語",
        commentType=2,
        billable=50,
        budget=Decimal("100.00"),
        approved=Decimal("99999999.99"),
    )


def test_a_new_entry_gets_the_best_rates_and_the_default_status(
    alice: Caller, world: World
) -> None:
    world.set_option("defaultStatusID", 2)
    world.execute(m.rates.insert(), {"activityID": world.coding, "rate": Decimal("70.00")})
    world.execute(m.fixed_rates.insert(), {"activityID": world.coding, "rate": Decimal("9.00")})
    entry_id = alice.item("setTimesheetRecord", new(world))["id"]
    assert alice.item("getTimesheetRecord", entry_id) == fresh(
        world, entry_id, rate=Decimal("70.00"), statusID=2
    )


def test_a_new_entry_where_no_rate_fits(alice: Caller, world: World) -> None:
    world.execute(m.rates.delete())
    entry_id = alice.item("setTimesheetRecord", new(world))["id"]
    assert world.entry(entry_id).rate == Decimal("0.00")


def test_money_is_rounded_to_the_cent(alice: Caller, world: World) -> None:
    entry_id = alice.item(
        "setTimesheetRecord", new(world, budget=Decimal("0.005"), approved=Decimal("-0"))
    )["id"]
    row = alice.item("getTimesheetRecord", entry_id)
    assert (row["budget"], row["approved"]) == (Decimal("0.01"), 0)
    assert not row["approved"].is_signed()


@pytest.mark.parametrize(
    ("record", "changed"),
    [
        ({"description": "new"}, {"description": "new"}),
        ({"start": "2026-03-01 10:30"}, {"start": START + 1800, "duration": 1800}),
        ({"end": str(END + 1)}, {"end": END + 1, "duration": 3601}),
        (
            {"start": "2026-02-01", "end": "2026-02-02"},
            {"start": 1_769_904_000, "end": 1_769_990_400, "duration": 86_400},
        ),
        ({"start": "0", "end": ""}, {}),
        ({"flagCleared": True}, {"cleared": True}),
        ({"flagBillable": 0}, {"billable": 0}),
        ({"statusId": 3}, {"statusID": 3}),
        ({"budget": Decimal("7.10")}, {"budget": Decimal("7.10")}),
        ({"rate": Decimal("60")}, {}),
        ({"projectId": 0, "taskId": 0, "statusId": 0}, {}),
    ],
)
def test_an_update_changes_the_given_fields_only(
    alice: Caller, world: World, record: dict[str, Any], changed: dict[str, Any]
) -> None:
    entry_id = alice.item("setTimesheetRecord", new(world, **FIELDS))["id"]
    before = alice.item("getTimesheetRecord", entry_id)
    alice.does("setTimesheetRecord", {"id": entry_id, **record}, True)
    after = alice.item("getTimesheetRecord", entry_id)
    assert after == before | changed


def test_an_empty_text_empties_a_field(alice: Caller, world: World) -> None:
    entry_id = alice.item("setTimesheetRecord", new(world, **FIELDS))["id"]
    alice.does("setTimesheetRecord", {"id": entry_id, "comment": "", "location": ""}, True)
    entry = world.entry(entry_id)
    assert (entry.comment, entry.location, entry.description) == (None, None, FIELDS["description"])


def test_an_update_moves_an_entry_and_keeps_its_rate(alice: Caller, world: World) -> None:
    world.execute(m.rates.insert(), {"projectID": world.portal, "rate": Decimal("99.00")})
    entry_id = alice.item("setTimesheetRecord", new(world))["id"]
    record = {"id": entry_id, "projectId": world.portal, "taskId": world.meeting}
    alice.does("setTimesheetRecord", record, True)
    assert alice.item("getTimesheetRecord", entry_id) == fresh(
        world,
        entry_id,
        projectID=world.portal,
        projectName="Portal",
        activityID=world.meeting,
        activityName="Meeting",
    )


def test_an_update_may_end_a_running_entry(alice: Caller, world: World) -> None:
    entry_id = world.add_entry(start=START, end=0)
    alice.does("setTimesheetRecord", {"id": entry_id, "description": "still running"}, True)
    assert world.entry(entry_id).end == 0
    alice.does("setTimesheetRecord", {"id": entry_id, "end": str(END)}, True)
    assert (world.entry(entry_id).end, world.entry(entry_id).duration) == (END, 3600)


def test_an_update_never_starts_an_entry_again(alice: Caller, world: World) -> None:
    world.add_entry(end=0)
    entry_id = world.add_entry(start=START, end=END)
    for nothing in ("0", "", 0):
        alice.does("setTimesheetRecord", {"id": entry_id, "end": nothing, "comment": "x"}, True)
    assert world.entry(entry_id).end == END


def test_an_entry_on_a_trashed_project_can_still_be_described(alice: Caller, world: World) -> None:
    entry_id = world.add_entry(projectID=world.trashed)
    record = {"id": entry_id, "projectId": world.trashed, "taskId": world.coding, "comment": "x"}
    alice.does("setTimesheetRecord", record, True)
    assert world.entry(entry_id).comment == "x"


def test_rates_are_ignored_without_the_right_to_set_them(
    alice: Caller, root: Caller, world: World
) -> None:
    rates = {"rate": Decimal("999.00"), "fixedRate": Decimal("999.00")}
    created = alice.item("setTimesheetRecord", new(world, comment="x", **rates))["id"]
    assert alice.item("getTimesheetRecord", created) == fresh(world, created, comment="x")
    alice.does("setTimesheetRecord", {"id": created, "comment": "y", **rates}, True)
    assert alice.item("getTimesheetRecord", created) == fresh(world, created, comment="y")
    root.does("setTimesheetRecord", {"id": created, **rates}, True)
    assert (world.entry(created).rate, world.entry(created).fixedRate) == (Decimal(999),) * 2
    wrong = new(world, rate=Decimal("-1"))
    assert "rate must be between" in alice.refusal("setTimesheetRecord", wrong)


def test_an_entry_whose_project_and_task_were_deleted(alice: Caller, world: World) -> None:
    entry_id = world.add_entry(start=START, end=END, projectID=999, activityID=998, fixedRate=0)
    assert alice.item("getTimesheetRecord", entry_id) == fresh(
        world,
        entry_id,
        projectID=999,
        activityID=998,
        projectName=None,
        customerName=None,
        activityName=None,
        customerID=None,
    )


def test_reading_without_the_right_to_see_rates(
    alice: Caller, world: World, revoke: Revoke
) -> None:
    revoke("ki_timesheets-showRates")
    item = alice.item("getTimesheetRecord", world.add_entry(fixedRate=Decimal(5)))
    assert (item["rate"], item["fixedRate"]) == (None, None)


def test_remove(alice: Caller, world: World) -> None:
    entry_id, kept, running = world.add_entry(), world.add_entry(), world.add_entry(end=0)
    alice.does("removeTimesheetRecord", entry_id)
    alice.does("removeTimesheetRecord", running)
    assert not world.exists(m.TimeEntry, entry_id)
    assert not world.exists(m.TimeEntry, running)
    assert world.exists(m.TimeEntry, kept)
    assert alice.refusal("removeTimesheetRecord", entry_id) == "Invalid ID"


@pytest.mark.parametrize("limit", ["0", "-", "", "soon"])
def test_no_edit_limit(alice: Caller, world: World, limit: str) -> None:
    world.set_option("editLimit", limit)
    alice.does("removeTimesheetRecord", world.add_entry(start=1))


def test_entries_older_than_the_edit_limit_are_locked(
    alice: Caller, root: Caller, world: World
) -> None:
    world.set_option("editLimit", 3600)
    young = world.add_entry(end=world.now - 3600)
    old = world.add_entry(end=world.now - 3601)
    for caller in (alice, root):
        change = {"id": old, "comment": "late", "end": str(world.now)}
        assert LOCKED in caller.refusal("setTimesheetRecord", change, True)
        assert LOCKED in caller.refusal("removeTimesheetRecord", old)
    into_the_past = {"id": young, "start": "2026-03-01", "end": "2026-03-02"}
    assert LOCKED in alice.refusal("setTimesheetRecord", into_the_past, True)
    alice.does("setTimesheetRecord", {"id": young, "comment": "in time"}, True)
    alice.does("removeTimesheetRecord", young)


def test_a_running_entry_is_never_locked(alice: Caller, world: World) -> None:
    world.set_option("editLimit", 60)
    entry_id = world.add_entry(start=world.now - 90_000, end=0)
    alice.does("setTimesheetRecord", {"id": entry_id, "comment": "long day"}, True)
    alice.does("removeTimesheetRecord", entry_id)
