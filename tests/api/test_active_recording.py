"""getActiveRecording and updateActiveRecording: looking at the clock and correcting it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from caller import DENIED
from test_start_stop import running, stored

NONE_ACTIVE = "No active recording."
INVALID_SPAN = "Invalid from/to, make sure there is at least a second difference."


def changes(world, number, before):
    """The columns of an entry that aren't as before."""
    after = stored(world.entry(number))
    return {name: value for name, value in after.items() if value != before[name]}


def test_the_running_recording(alice, world):
    number = world.add_entry(start=world.now - 90, end=0, description="Café ☕")
    world.now += 5
    assert alice.items("getActiveRecording") == [
        {
            "timeEntryID": number,
            "activityID": world.coding,
            "projectID": world.shop,
            "start": world.now - 95,
            "end": 0,
            "duration": 0,
            "description": "Café ☕",
            "servertime": world.now,
            "customerID": world.acme,
            "customerName": "Acme",
            "projectName": "Shop",
            "activityName": "Coding",
        }
    ]


def test_none_is_running(alice, world):
    world.add_entry()
    world.add_entry("ben", end=0)
    assert alice.refusal("getActiveRecording") == NONE_ACTIVE


def test_the_latest_of_several_that_another_program_left(alice, world):
    world.add_entry(start=world.now - 500, end=0)
    latest = world.add_entry(start=world.now - 100, end=0)
    world.add_entry(start=world.now - 300, end=0)
    assert alice.item("getActiveRecording")["timeEntryID"] == latest


def test_a_recording_whose_project_and_task_were_deleted(alice, world):
    world.add_entry(end=0, projectID=999, activityID=998)
    item = alice.item("getActiveRecording")
    names = ("customerID", "customerName", "projectName", "activityName")
    assert [item[name] for name in names] == [None] * 4
    assert (item["projectID"], item["activityID"]) == (999, 998)


def test_without_access_to_time_sheets(alice, world, without):
    without("ki_timesheet-access")
    assert alice.refusal("getActiveRecording") == DENIED


@pytest.mark.parametrize(
    ("record", "changed"),
    [
        ({"description": "new"}, {"description": "new"}),
        ({"description": ""}, {"description": ""}),
        ({"comment": "☕\n日本語"}, {"comment": "☕\n日本語"}),
        ({"start": "2026-03-02 09:00"}, {"start": 1_772_442_000}),
        ({"end": "1772443990"}, {"end": 1_772_443_990, "duration": 540}),
        (
            {"start": "2026-03-02T10:00:00+01:00", "end": "@1772443990", "comment": "done"},
            {"start": 1_772_442_000, "end": 1_772_443_990, "duration": 1990, "comment": "done"},
        ),
        ({"start": "0", "end": "", "description": "new"}, {"description": "new"}),
    ],
)
def test_an_update_changes_the_given_fields_only(alice, world, record, changed):
    number = world.add_entry(
        start=world.now - 360, end=0, description="old", comment="old", location="here"
    )
    before = stored(world.entry(number))
    alice.does("updateActiveRecording", record)
    assert changes(world, number, before) == changed


def test_an_update_moves_to_another_task_and_project(alice, world):
    number = world.add_entry(end=0, rate=Decimal("11.00"))
    before = stored(world.entry(number))
    alice.does("updateActiveRecording", {"activityID": world.design})
    assert changes(world, number, before) == {"activityID": world.design}
    record = {"projectID": world.portal, "activityID": world.meeting}
    alice.does("updateActiveRecording", record)
    assert changes(world, number, before) == {
        "projectID": world.portal,
        "activityID": world.meeting,
    }


def test_an_end_stops_the_recording(alice, world):
    world.add_entry(end=0)
    alice.does("updateActiveRecording", {"end": str(world.now)})
    assert running(world) == []
    assert alice.refusal("updateActiveRecording", {"description": "late"}) == NONE_ACTIVE


def test_an_update_of_a_chosen_entry(alice, world):
    world.add_entry(end=0)
    number = world.add_entry()
    before = stored(world.entry(number))
    record = {"timeEntryID": number, "start": str(world.now - 60), "end": str(world.now)}
    alice.does("updateActiveRecording", record)
    assert changes(world, number, before) == {
        "start": world.now - 60,
        "end": world.now,
        "duration": 60,
    }


def test_a_recording_on_a_trashed_project_can_still_be_described(alice, world):
    number = world.add_entry(end=0, projectID=world.trashed)
    alice.does("updateActiveRecording", {"description": "why", "projectID": world.trashed})
    assert world.entry(number).description == "why"


def test_somebody_elses_entry(alice, ben, oscar, root, world):
    number = world.add_entry(end=0)
    of_ben = world.add_entry("ben", end=0)
    change = {"timeEntryID": number, "description": "seen"}
    assert oscar.refusal("updateActiveRecording", change) == DENIED
    assert alice.refusal("updateActiveRecording", {"timeEntryID": of_ben, "end": "1"}) == DENIED
    ben.does("updateActiveRecording", change)
    root.does("updateActiveRecording", change | {"description": "seen twice"})
    entry = world.entry(number)
    assert (entry.description, entry.userID) == ("seen twice", world.alice)


def test_cleared_entries_take_the_right_to_others_entries(alice, ben, world):
    number = world.add_entry(cleared=1)
    change = {"timeEntryID": number, "description": "billed"}
    assert alice.refusal("updateActiveRecording", change) == DENIED
    ben.does("updateActiveRecording", change)
    assert world.entry(number).description == "billed"


def test_entries_older_than_the_edit_limit_are_locked(alice, world):
    world.set_option("editLimit", 3600)
    young, old = world.add_entry(), world.add_entry(end=world.now - 3601)
    alice.does("updateActiveRecording", {"timeEntryID": young, "comment": "in time"})
    locked = alice.refusal("updateActiveRecording", {"timeEntryID": old, "comment": "late"})
    assert "editLimit" in locked
    into_the_past = {"timeEntryID": young, "start": "2026-03-02 06:00", "end": "2026-03-02 07:00"}
    assert "editLimit" in alice.refusal("updateActiveRecording", into_the_past)


@pytest.mark.parametrize(
    ("record", "text"),
    [
        ({}, "Invalid record"),
        ({"timeEntryID": 999_999, "comment": "x"}, "Invalid ID"),
        ({"timeEntryID": -1, "comment": "x"}, "Invalid ID"),
        ({"end": "2026-03-02 09:00"}, INVALID_SPAN),
        ({"end": "1772440000", "start": "1772440000"}, INVALID_SPAN),
        ({"start": "1772443811"}, INVALID_SPAN),
        ({"start": "2026-03-02 09:00", "end": "2026-03-01 09:00"}, INVALID_SPAN),
    ],
)
def test_updates_that_make_no_sense(alice, world, record, text):
    world.add_entry(start=world.now - 360, end=0)
    assert alice.refusal("updateActiveRecording", record) == text
