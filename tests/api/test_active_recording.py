"""getActiveRecording and updateActiveRecording: reading and changing the running recording."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from caller import DENIED, UNKNOWN, Caller, Revoke
from test_start_stop import running, stored

from support.world import World

NONE_ACTIVE = "No active recording."
INVALID_SPAN = "Invalid from/to, make sure there is at least a second difference."


def changes(world: World, entry_id: int, before: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of an entry that have changed since ``before``."""
    after = stored(world.entry(entry_id))
    return {name: value for name, value in after.items() if value != before[name]}


def test_the_running_recording(alice: Caller, world: World) -> None:
    entry_id = world.add_entry(start=world.now - 90, end=0, description="Café ☕")
    world.now += 5
    assert alice.items("getActiveRecording") == [
        {
            "timeEntryID": entry_id,
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


def test_none_is_running(alice: Caller, world: World) -> None:
    world.add_entry()
    world.add_entry("ben", end=0)
    assert alice.refusal("getActiveRecording") == NONE_ACTIVE


def test_the_latest_of_several_that_another_program_left(alice: Caller, world: World) -> None:
    world.add_entry(start=world.now - 500, end=0)
    latest = world.add_entry(start=world.now - 100, end=0)
    world.add_entry(start=world.now - 300, end=0)
    assert alice.item("getActiveRecording")["timeEntryID"] == latest


def test_a_recording_whose_project_and_task_were_deleted(alice: Caller, world: World) -> None:
    world.add_entry(end=0, projectID=999, activityID=998)
    item = alice.item("getActiveRecording")
    names = ("customerID", "customerName", "projectName", "activityName")
    assert [item[name] for name in names] == [None] * 4
    assert (item["projectID"], item["activityID"]) == (999, 998)


def test_without_access_to_time_sheets(alice: Caller, world: World, revoke: Revoke) -> None:
    revoke("ki_timesheet-access")
    assert alice.refusal("getActiveRecording") == DENIED


@pytest.mark.parametrize(
    ("record", "changed"),
    [
        ({"description": "new"}, {"description": "new"}),
        ({"description": ""}, {"description": None}),
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
def test_an_update_changes_the_given_fields_only(
    alice: Caller, world: World, record: dict[str, Any], changed: dict[str, Any]
) -> None:
    entry_id = world.add_entry(
        start=world.now - 360, end=0, description="old", comment="old", location="here"
    )
    before = stored(world.entry(entry_id))
    alice.does("updateActiveRecording", record)
    assert changes(world, entry_id, before) == changed


def test_an_update_moves_to_another_task_and_project(alice: Caller, world: World) -> None:
    entry_id = world.add_entry(end=0, rate=Decimal("11.00"))
    before = stored(world.entry(entry_id))
    alice.does("updateActiveRecording", {"activityID": world.design})
    assert changes(world, entry_id, before) == {"activityID": world.design}
    record = {"projectID": world.portal, "activityID": world.meeting}
    alice.does("updateActiveRecording", record)
    assert changes(world, entry_id, before) == {
        "projectID": world.portal,
        "activityID": world.meeting,
    }


def test_an_end_stops_the_recording(alice: Caller, world: World) -> None:
    world.add_entry(end=0)
    alice.does("updateActiveRecording", {"end": str(world.now)})
    assert running(world) == []
    assert alice.refusal("updateActiveRecording", {"description": "late"}) == NONE_ACTIVE


def test_an_update_of_a_chosen_entry(alice: Caller, world: World) -> None:
    world.add_entry(end=0)
    entry_id = world.add_entry()
    before = stored(world.entry(entry_id))
    record = {"timeEntryID": entry_id, "start": str(world.now - 60), "end": str(world.now)}
    alice.does("updateActiveRecording", record)
    assert changes(world, entry_id, before) == {
        "start": world.now - 60,
        "end": world.now,
        "duration": 60,
    }


def test_a_recording_on_a_trashed_project_can_still_be_described(
    alice: Caller, world: World
) -> None:
    entry_id = world.add_entry(end=0, projectID=world.trashed)
    alice.does("updateActiveRecording", {"description": "why", "projectID": world.trashed})
    assert world.entry(entry_id).description == "why"


def test_an_entry_of_another_user(
    alice: Caller, ben: Caller, oscar: Caller, root: Caller, world: World
) -> None:
    entry_id = world.add_entry(end=0)
    of_ben = world.add_entry("ben", end=0)
    change = {"timeEntryID": entry_id, "description": "seen"}
    assert oscar.refusal("updateActiveRecording", change) == UNKNOWN
    assert alice.refusal("updateActiveRecording", {"timeEntryID": of_ben, "end": "1"}) == UNKNOWN
    ben.does("updateActiveRecording", change)
    root.does("updateActiveRecording", change | {"description": "seen twice"})
    entry = world.entry(entry_id)
    assert (entry.description, entry.userID) == ("seen twice", world.alice)


def test_changing_cleared_entries_takes_the_right_to_entries_of_others(
    alice: Caller, ben: Caller, world: World
) -> None:
    entry_id = world.add_entry(cleared=1)
    change = {"timeEntryID": entry_id, "description": "billed"}
    assert alice.refusal("updateActiveRecording", change) == DENIED
    ben.does("updateActiveRecording", change)
    assert world.entry(entry_id).description == "billed"


def test_entries_older_than_the_edit_limit_are_locked(alice: Caller, world: World) -> None:
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
        ({"timeEntryID": 999_999, "comment": "x"}, UNKNOWN),
        ({"timeEntryID": -1, "comment": "x"}, UNKNOWN),
        ({"end": "2026-03-02 09:00"}, INVALID_SPAN),
        ({"end": "1772440000", "start": "1772440000"}, INVALID_SPAN),
        ({"start": "1772443811"}, INVALID_SPAN),
        ({"start": "2026-03-02 09:00", "end": "2026-03-01 09:00"}, INVALID_SPAN),
    ],
)
def test_invalid_updates(alice: Caller, world: World, record: dict[str, Any], text: str) -> None:
    world.add_entry(start=world.now - 360, end=0)
    assert alice.refusal("updateActiveRecording", record) == text
