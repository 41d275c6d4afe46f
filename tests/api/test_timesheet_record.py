"""One time entry: getTimesheetRecord, setTimesheetRecord, removeTimesheetRecord."""

from __future__ import annotations

from decimal import Decimal

import pytest
from caller import DENIED

from kimai_remote.storage import models as m

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


def new(world, **fields):
    """A record that is enough for a new entry."""
    return {
        "projectId": world.shop,
        "taskId": world.coding,
        "start": "2026-03-01 10:00:00",
        "end": "2026-03-01 11:00:00",
    } | fields


def fresh(world, number, **fields):
    """What getTimesheetRecord answers for an entry that was created from :func:`new`."""
    return {
        "timeEntryID": number,
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


def test_four_fields_are_enough_for_a_new_entry(alice, world):
    created = alice.item("setTimesheetRecord", new(world))
    assert created == {"id": created["id"]}
    number = created["id"]
    assert alice.items("getTimesheetRecord", number) == [fresh(world, number)]


def test_a_new_entry_with_all_fields(root, world):
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
    number = root.item("setTimesheetRecord", record, False)["id"]
    assert root.item("getTimesheetRecord", number) == fresh(
        world,
        number,
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


def test_a_new_entry_gets_the_best_rates_and_the_default_status(alice, world):
    world.set_option("defaultStatusID", 2)
    world.execute(m.rates.insert(), {"activityID": world.coding, "rate": Decimal("70.00")})
    world.execute(m.fixed_rates.insert(), {"activityID": world.coding, "rate": Decimal("9.00")})
    number = alice.item("setTimesheetRecord", new(world))["id"]
    assert alice.item("getTimesheetRecord", number) == fresh(
        world, number, rate=Decimal("70.00"), fixedRate=Decimal("9.00"), statusID=2
    )


def test_a_new_entry_where_no_rate_fits(alice, world):
    world.execute(m.rates.delete())
    number = alice.item("setTimesheetRecord", new(world))["id"]
    assert world.entry(number).rate == Decimal("0.00")


def test_money_is_rounded_to_the_cent(alice, world):
    number = alice.item(
        "setTimesheetRecord", new(world, budget=Decimal("0.005"), approved=Decimal("-0"))
    )["id"]
    row = alice.item("getTimesheetRecord", number)
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
def test_an_update_changes_the_given_fields_only(alice, world, record, changed):
    number = alice.item("setTimesheetRecord", new(world, **FIELDS))["id"]
    before = alice.item("getTimesheetRecord", number)
    alice.does("setTimesheetRecord", {"id": number, **record}, True)
    after = alice.item("getTimesheetRecord", number)
    assert after == before | changed


def test_an_empty_text_empties_a_field(alice, world):
    number = alice.item("setTimesheetRecord", new(world, **FIELDS))["id"]
    alice.does("setTimesheetRecord", {"id": number, "comment": "", "location": ""}, True)
    entry = world.entry(number)
    assert (entry.comment, entry.location, entry.description) == ("", "", FIELDS["description"])


def test_an_update_moves_an_entry_and_keeps_its_rate(alice, world):
    world.execute(m.rates.insert(), {"projectID": world.portal, "rate": Decimal("99.00")})
    number = alice.item("setTimesheetRecord", new(world))["id"]
    record = {"id": number, "projectId": world.portal, "taskId": world.meeting}
    alice.does("setTimesheetRecord", record, True)
    assert alice.item("getTimesheetRecord", number) == fresh(
        world,
        number,
        projectID=world.portal,
        projectName="Portal",
        activityID=world.meeting,
        activityName="Meeting",
    )


def test_an_update_may_end_a_running_entry(alice, world):
    number = world.add_entry(start=START, end=0)
    alice.does("setTimesheetRecord", {"id": number, "description": "still running"}, True)
    assert world.entry(number).end == 0
    alice.does("setTimesheetRecord", {"id": number, "end": str(END)}, True)
    assert (world.entry(number).end, world.entry(number).duration) == (END, 3600)


def test_an_update_never_starts_an_entry_again(alice, world):
    world.add_entry(end=0)
    number = world.add_entry(start=START, end=END)
    for nothing in ("0", "", 0):
        alice.does("setTimesheetRecord", {"id": number, "end": nothing, "comment": "x"}, True)
    assert world.entry(number).end == END


def test_an_entry_on_a_trashed_project_can_still_be_described(alice, world):
    number = world.add_entry(projectID=world.trashed)
    record = {"id": number, "projectId": world.trashed, "taskId": world.coding, "comment": "x"}
    alice.does("setTimesheetRecord", record, True)
    assert world.entry(number).comment == "x"


def test_rates_take_a_right_to_set(alice, root, world):
    number = world.add_entry()
    for field in ("rate", "fixedRate"):
        change = {field: Decimal("999.00")}
        assert alice.refusal("setTimesheetRecord", new(world, **change)) == DENIED
        assert alice.refusal("setTimesheetRecord", {"id": number, **change}, True) == DENIED
        root.does("setTimesheetRecord", {"id": number, **change}, True)
    assert (world.entry(number).rate, world.entry(number).fixedRate) == (Decimal(999),) * 2


def test_an_entry_whose_project_and_task_were_deleted(alice, world):
    number = world.add_entry(start=START, end=END, projectID=999, activityID=998)
    assert alice.item("getTimesheetRecord", number) == fresh(
        world,
        number,
        projectID=999,
        activityID=998,
        projectName=None,
        customerName=None,
        activityName=None,
        customerID=None,
    )


def test_reading_without_the_right_to_see_rates(alice, world, without):
    without("ki_timesheets-showRates")
    item = alice.item("getTimesheetRecord", world.add_entry(fixedRate=Decimal(5)))
    assert (item["rate"], item["fixedRate"]) == (None, None)


def test_rates_that_are_not_shown_can_not_be_guessed(alice, world, without):
    without("ki_timesheets-showRates")
    number = world.add_entry(rate=Decimal("60.00"))
    for guess in ("59.00", "60.00"):
        record = {"id": number, "rate": Decimal(guess)}
        assert alice.refusal("setTimesheetRecord", record, True) == DENIED


def test_who_may_read_an_entry(alice, ben, oscar, root, world):
    of_alice, of_ben = world.add_entry("alice"), world.add_entry("ben")
    for reader in (alice, ben, root):
        assert reader.item("getTimesheetRecord", of_alice)["userID"] == world.alice
    assert alice.refusal("getTimesheetRecord", of_ben) == DENIED
    assert oscar.refusal("getTimesheetRecord", of_alice) == DENIED


def test_who_may_change_an_entry(alice, ben, oscar, root, world):
    of_alice, of_ben = world.add_entry("alice"), world.add_entry("ben")
    assert alice.refusal("setTimesheetRecord", {"id": of_ben, "comment": "x"}, True) == DENIED
    assert oscar.refusal("setTimesheetRecord", {"id": of_alice, "comment": "x"}, True) == DENIED
    for editor in (ben, root):
        comment = f"by {editor.name}"
        editor.does("setTimesheetRecord", {"id": of_alice, "comment": comment}, True)
        entry = world.entry(of_alice)
        assert (entry.comment, entry.userID) == (comment, world.alice)


def test_who_may_remove_an_entry(alice, ben, oscar, root, world):
    of_alice, of_ben = world.add_entry("alice"), world.add_entry("ben")
    assert alice.refusal("removeTimesheetRecord", of_ben) == DENIED
    assert oscar.refusal("removeTimesheetRecord", of_alice) == DENIED
    ben.does("removeTimesheetRecord", of_alice)
    root.does("removeTimesheetRecord", of_ben)
    assert world.entry(of_alice) is world.entry(of_ben) is None


def test_a_leader_leads_only_while_the_group_is_there(ben, world):
    number = world.add_entry("alice")
    world.change(m.Group, world.blue, trash=1)
    assert ben.refusal("setTimesheetRecord", {"id": number, "comment": "x"}, True) == DENIED


def test_remove(alice, world):
    number, kept, running = world.add_entry(), world.add_entry(), world.add_entry(end=0)
    alice.does("removeTimesheetRecord", number)
    alice.does("removeTimesheetRecord", running)
    assert world.entry(number) is world.entry(running) is None
    assert world.entry(kept) is not None
    assert alice.refusal("removeTimesheetRecord", number) == "Invalid ID"


@pytest.mark.parametrize("number", [999_999, 0, -1, 2**31 - 1])
def test_unknown_numbers(alice, world, number):
    world.add_entry()
    assert alice.refusal("getTimesheetRecord", number) == "Invalid ID"
    assert alice.refusal("removeTimesheetRecord", number) == "Invalid ID"
    expected = "Invalid ID" if number else "Performed an update, but missing id property."
    assert alice.refusal("setTimesheetRecord", {"id": number, "comment": "x"}, True) == expected


@pytest.mark.parametrize("number", ["x", 2**31, "1.5"])
def test_numbers_of_the_wrong_type(alice, number):
    alice.rejection("getTimesheetRecord", number)
    alice.rejection("removeTimesheetRecord", number)


def test_cleared_entries_take_the_right_to_others_entries(alice, ben, world):
    number = world.add_entry(cleared=1)
    change = {"id": number, "comment": "billed", "flagCleared": False}
    assert alice.refusal("setTimesheetRecord", change, True) == DENIED
    assert alice.refusal("removeTimesheetRecord", number) == DENIED
    ben.does("setTimesheetRecord", change, True)
    assert (world.entry(number).comment, world.entry(number).cleared) == ("billed", 0)
    alice.does("removeTimesheetRecord", number)


@pytest.mark.parametrize("limit", ["0", "-", "", "soon"])
def test_no_edit_limit(alice, world, limit):
    world.set_option("editLimit", limit)
    alice.does("removeTimesheetRecord", world.add_entry(start=1))


def test_entries_older_than_the_edit_limit_are_locked(alice, root, world):
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


def test_a_running_entry_is_never_locked(alice, world):
    world.set_option("editLimit", 60)
    number = world.add_entry(start=world.now - 90_000, end=0)
    alice.does("setTimesheetRecord", {"id": number, "comment": "long day"}, True)
    alice.does("removeTimesheetRecord", number)
