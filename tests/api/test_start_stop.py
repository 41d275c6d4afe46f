"""startRecord and stopRecord: starting and stopping a recording."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from caller import DENIED, Caller, Revoke
from sqlalchemy import select

from kimai_remote.storage import models as m
from support.world import World

NOT_RECORDING = "Unable to stop, not recording?"
NONE_ACTIVE = "No active recording."
INVALID_WORK = "Invalid project or task"
#: The last second that the columns hold.
LAST = 2**31 - 1


def stored(entry: m.TimeEntry) -> dict[str, Any]:
    """Return the columns of a stored entry."""
    return {column.name: getattr(entry, column.name) for column in m.TimeEntry.__table__.c}


def running(world: World, user: str = "alice") -> list[int]:
    """Return the IDs of a user's running entries."""
    entry = m.TimeEntry
    of_user = entry.userID == world.ids[user]
    rows = world.execute(select(entry.timeEntryID).where(of_user, entry.end == 0))
    return [row.timeEntryID for row in rows]


def test_start_stores_a_running_entry(alice: Caller, world: World) -> None:
    item = alice.item("startRecord", world.shop, world.coding)
    entry_id = item["timeEntryID"]
    assert item == {"timeEntryID": entry_id}
    assert stored(world.entry(entry_id)) == {
        "timeEntryID": entry_id,
        "start": world.now,
        "end": 0,
        "duration": 0,
        "userID": world.alice,
        "projectID": world.shop,
        "activityID": world.coding,
        "description": None,
        "comment": None,
        "commentType": 0,
        "cleared": 0,
        "location": None,
        "trackingNumber": None,
        "rate": Decimal("60.00"),
        "fixedRate": None,
        "budget": None,
        "approved": None,
        "statusID": 1,
        "billable": None,
    }


def test_start_takes_the_best_rates_and_the_default_status(alice: Caller, world: World) -> None:
    world.set_option("defaultStatusID", 2)
    world.execute(m.rates.insert(), {"userID": world.alice, "rate": Decimal("70.50")})
    world.execute(m.fixed_rates.insert(), {"projectID": world.shop, "rate": Decimal("99.90")})
    entry = world.entry(alice.item("startRecord", world.shop, world.coding)["timeEntryID"])
    assert (entry.rate, entry.fixedRate, entry.statusID) == (Decimal("70.50"), Decimal("99.90"), 2)


@pytest.mark.parametrize(
    ("preference", "location"),
    [("", None), ("Büro", "Büro"), (" ", " "), ("O'Hara \\", "O'Hara \\"), ("x" * 99, "x" * 50)],
)
def test_start_takes_the_default_location(
    alice: Caller, world: World, preference: str, location: str | None
) -> None:
    world.set_preference("alice", "ui.defaultLocation", preference)
    entry = world.entry(alice.item("startRecord", world.shop, world.coding)["timeEntryID"])
    assert entry.location == location


def test_start_with_a_default_status_that_is_gone(alice: Caller, world: World) -> None:
    """No list would have the entry."""
    world.set_option("defaultStatusID", 99)
    entry_id = alice.item("startRecord", world.shop, world.coding)["timeEntryID"]
    assert world.entry(entry_id).statusID == 1


def test_start_stops_the_running_entry_first(alice: Caller, world: World) -> None:
    first = alice.item("startRecord", world.shop, world.coding)["timeEntryID"]
    world.now += 100
    second = alice.item("startRecord", world.portal, world.meeting)["timeEntryID"]
    entry = world.entry(first)
    assert (entry.start, entry.end, entry.duration) == (1_772_443_800, 1_772_443_920, 120)
    assert running(world) == [second]
    assert world.entry(second).start == world.now


def test_start_stops_all_running_entries_of_another_program(alice: Caller, world: World) -> None:
    left = [world.add_entry(start=world.now - 600 * n, end=0) for n in (1, 2, 3)]
    entry_id = alice.item("startRecord", world.shop, world.coding)["timeEntryID"]
    assert running(world) == [entry_id]
    assert [world.entry(entry).duration for entry in left] == [660, 1260, 1860]


def test_start_leaves_others_recordings_alone(alice: Caller, ben: Caller, world: World) -> None:
    entry_id = ben.item("startRecord", world.shop, world.coding)["timeEntryID"]
    alice.item("startRecord", world.shop, world.coding)
    assert running(world, "ben") == [entry_id]


def test_start_without_project_and_task_repeats_the_last_ones(alice: Caller, world: World) -> None:
    alice.item("startRecord", world.portal, world.meeting)
    world.now += 60
    again = world.entry(alice.item("startRecord", 0, 0)["timeEntryID"])
    assert (again.projectID, again.activityID) == (world.portal, world.meeting)
    world.now += 60
    last = world.entry(alice.item("startRecord")["timeEntryID"])
    assert (last.projectID, last.activityID) == (world.portal, world.meeting)


def test_start_remembers_the_record(alice: Caller, world: World) -> None:
    entry_id = alice.item("startRecord", world.portal, world.meeting)["timeEntryID"]
    columns = (m.User.lastProject, m.User.lastActivity, m.User.lastRecord)
    (row,) = world.execute(select(*columns).where(m.User.userID == world.alice))
    assert (row.lastProject, row.lastActivity, row.lastRecord) == (
        world.portal,
        world.meeting,
        entry_id,
    )


def test_start_without_any_last_project(alice: Caller) -> None:
    assert alice.refusal("startRecord") == INVALID_WORK


def others_recorded_last(world: World) -> None:
    for name in ("ben", "oscar", "root"):
        world.change(m.User, world.ids[name], lastProject=world.shop, lastActivity=world.coding)


def test_start_repeats_the_callers_own_last_ones(alice: Caller, world: World) -> None:
    world.change(m.User, world.alice, lastProject=world.portal, lastActivity=world.meeting)
    others_recorded_last(world)
    started = world.entry(alice.item("startRecord")["timeEntryID"])
    assert (started.projectID, started.activityID) == (world.portal, world.meeting)


@pytest.mark.parametrize(
    ("project", "task"),
    [("trashed", "coding"), ("red_project", "coding"), ("shop", "red_task"), ("portal", "design")],
)
def test_start_repeats_nothing_that_others_alone_may_record(
    alice: Caller, world: World, project: str, task: str
) -> None:
    last = {"lastProject": world.ids[project], "lastActivity": world.ids[task]}
    world.change(m.User, world.alice, **last)
    others_recorded_last(world)
    assert alice.refusal("startRecord") == INVALID_WORK
    assert running(world) == []


def test_start_when_the_last_project_is_gone(alice: Caller, world: World) -> None:
    alice.item("startRecord", world.portal, world.meeting)
    world.change(m.Project, world.portal, trash=1)
    assert alice.refusal("startRecord") == INVALID_WORK


@pytest.mark.parametrize(
    ("project", "task"),
    [
        ("shop", None),
        (None, "coding"),
        ("shop", "red_task"),
        ("shop", "trashed_task"),
        ("portal", "design"),
        ("red_project", "coding"),
        ("trashed", "coding"),
        ("shop", 999_999),
        (999_999, "coding"),
        (-1, -1),
    ],
)
def test_start_on_an_invalid_project_or_task(
    alice: Caller, world: World, project: str | int | None, task: str | int | None
) -> None:
    world.add_entry(end=0)
    ids = [world.ids[name] if isinstance(name, str) else name or 0 for name in (project, task)]
    assert alice.refusal("startRecord", *ids) == INVALID_WORK


@pytest.mark.parametrize(
    ("project", "task"),
    [
        ("shop", "design"),
        ("internal", "coding"),
        ("invisible", "coding"),
        ("of_hidden", "coding"),
        ("shop", "invisible_task"),
    ],
)
def test_start_on_unlisted_projects_and_tasks(
    alice: Caller, world: World, project: str, task: str
) -> None:
    entry_id = alice.item("startRecord", world.ids[project], world.ids[task])["timeEntryID"]
    assert running(world) == [entry_id]


def test_start_in_a_trashed_group(alice: Caller, world: World) -> None:
    world.change(m.Group, world.blue, trash=1)
    assert alice.refusal("startRecord", world.shop, world.coding) == INVALID_WORK


def test_start_without_the_right_to_add(alice: Caller, world: World, revoke: Revoke) -> None:
    revoke("ki_timesheets-ownEntry-add")
    assert alice.refusal("startRecord", world.shop, world.coding) == DENIED


def test_stop_the_running_one(alice: Caller, world: World) -> None:
    entry_id = alice.item("startRecord", world.shop, world.coding)["timeEntryID"]
    world.now += 100
    alice.does("stopRecord")
    entry = world.entry(entry_id)
    assert (entry.start, entry.end, entry.duration) == (1_772_443_800, 1_772_443_920, 120)
    assert alice.refusal("stopRecord", 0) == NONE_ACTIVE


@pytest.mark.parametrize(
    ("precision", "method", "start", "end"),
    [
        (0, "default", "09:30:10", "09:52:40"),
        (1, "default", "09:30:00", "09:53:00"),
        (5, "default", "09:30:00", "09:55:00"),
        (15, "default", "09:30:00", "10:00:00"),
        (15, "closest", "09:30:00", "10:00:00"),
        (10, "closest", "09:30:00", "09:50:00"),
        (15, "ceil", "09:45:00", "10:00:00"),
        (60, "default", "09:00:00", "10:00:00"),
        (60, "ceil", "10:00:00", "10:00:00"),
        (1, "unheard-of", "09:30:00", "09:53:00"),
        ("", "", "09:30:10", "09:52:40"),
        ("-5", "default", "09:30:10", "09:52:40"),
    ],
)
def test_stop_rounds_as_configured(
    alice: Caller, world: World, precision: str | int, method: str, start: str, end: str
) -> None:
    world.set_option("roundPrecision", precision)
    world.set_option("roundingMethod", method)
    entry_id = alice.item("startRecord", world.shop, world.coding)["timeEntryID"]
    world.now += 22 * 60 + 30
    alice.does("stopRecord", entry_id)
    entry = world.entry(entry_id)
    times = [
        datetime.fromtimestamp(timestamp, UTC).strftime("%H:%M:%S")
        for timestamp in (entry.start, entry.end)
    ]
    assert times == [start, end]
    assert entry.duration == entry.end - entry.start


@pytest.mark.parametrize(
    ("precision", "down", "start"), [(15, "1", 2_147_482_800), (15, "0", LAST), (0, "1", LAST - 7)]
)
def test_a_recording_ends_at_the_last_second_that_fits(
    alice: Caller, world: World, precision: int, down: str, start: int
) -> None:
    """That is on 19 January 2038."""
    world.set_option("roundPrecision", precision)
    world.set_option("allowRoundDown", down)
    world.now = LAST - 7
    first = alice.item("startRecord", world.shop, world.coding)["timeEntryID"]
    world.now = LAST + (100 if precision == 0 else 0)
    alice.does("stopRecord", first)
    entry = world.entry(first)
    assert (entry.start, entry.end, entry.duration) == (start, LAST, LAST - start)


def test_starting_stops_the_running_one_at_the_last_second(alice: Caller, world: World) -> None:
    world.set_option("roundPrecision", 60)
    world.now = LAST - 7
    first = alice.item("startRecord", world.shop, world.coding)["timeEntryID"]
    world.now += 1
    second = alice.item("startRecord", world.shop, world.coding)["timeEntryID"]
    assert world.entry(first).end == LAST
    assert running(world) == [second]


def test_no_recording_starts_when_no_time_fits_any_more(alice: Caller, world: World) -> None:
    world.now = LAST + 1
    assert "2038-01-19" in alice.refusal("startRecord", world.shop, world.coding)


def test_stop_at_once_gives_no_negative_time(alice: Caller, world: World) -> None:
    world.set_option("roundPrecision", 0)
    entry_id = world.add_entry(start=world.now + 500, end=0)
    alice.does("stopRecord", entry_id)
    entry = world.entry(entry_id)
    assert (entry.start, entry.end, entry.duration) == (world.now + 500, world.now + 500, 0)


def test_stop_changes_nothing_else(alice: Caller, world: World) -> None:
    entry_id = world.add_entry(end=0, description="kept", comment="kept too", location="here")
    before = stored(world.entry(entry_id))
    alice.does("stopRecord", entry_id)
    after = stored(world.entry(entry_id))
    assert {name for name in after if after[name] != before[name]} == {"start", "end", "duration"}


def test_stop_when_nothing_is_running(alice: Caller, world: World) -> None:
    world.add_entry()
    world.add_entry("ben", end=0)
    assert alice.refusal("stopRecord") == NONE_ACTIVE


@pytest.mark.parametrize("entry_id", [999_999, -1, 2**31 - 1])
def test_stop_an_unknown_entry(alice: Caller, entry_id: int) -> None:
    assert alice.refusal("stopRecord", entry_id) == NOT_RECORDING


def test_stop_an_entry_that_has_ended(alice: Caller, world: World) -> None:
    ended = world.add_entry(start=100, end=200, duration=5)
    alice.does("stopRecord", ended)
    entry = world.entry(ended)
    assert (entry.start, entry.end, entry.duration) == (100, 200, 5)
    assert alice.refusal("stopRecord", world.add_entry(projectID=99)) == NOT_RECORDING


def test_stop_a_recording_of_another_user(
    alice: Caller, ben: Caller, oscar: Caller, root: Caller, world: World
) -> None:
    of_ben, of_alice = world.add_entry("ben", end=0), world.add_entry("alice", end=0)
    assert alice.refusal("stopRecord", of_ben) == NOT_RECORDING
    assert oscar.refusal("stopRecord", of_alice) == NOT_RECORDING
    ben.does("stopRecord", of_alice)
    root.does("stopRecord", of_ben)
    assert running(world) == running(world, "ben") == []


def test_the_edit_limit_does_not_apply_to_stopping(alice: Caller, world: World) -> None:
    world.set_option("editLimit", 60)
    entry_id = world.add_entry(start=world.now - 90_000, end=0)
    alice.does("stopRecord")
    assert world.entry(entry_id).end == 1_772_443_860
