"""startRecord and stopRecord: the running clock."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from caller import DENIED

from kimai_remote.storage import models as m

NOT_RECORDING = "Unable to stop, not recording?"
INVALID_WORK = "Invalid project or task"


def stored(entry):
    """The columns of a stored entry."""
    return {column.name: getattr(entry, column.name) for column in m.TimeEntry.__table__.c}


def running(world, user="alice"):
    """Numbers of a user's running entries."""
    entry = m.TimeEntry.__table__
    found = world.execute(entry.select().where(entry.c.userID == world.ids[user], entry.c.end == 0))
    return [row.timeEntryID for row in found]


def test_start_stores_a_running_entry(alice, world):
    item = alice.item("startRecord", world.shop, world.coding)
    number = item["timeEntryID"]
    assert item == {"timeEntryID": number}
    assert stored(world.entry(number)) == {
        "timeEntryID": number,
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
        "fixedRate": Decimal("0.00"),
        "budget": None,
        "approved": None,
        "statusID": 1,
        "billable": None,
    }


def test_start_takes_the_best_rates_and_the_default_status(alice, world):
    world.set_option("defaultStatusID", 2)
    world.execute(m.rates.insert(), {"userID": world.alice, "rate": Decimal("70.50")})
    world.execute(m.fixed_rates.insert(), {"projectID": world.shop, "rate": Decimal("99.90")})
    entry = world.entry(alice.item("startRecord", world.shop, world.coding)["timeEntryID"])
    assert (entry.rate, entry.fixedRate, entry.statusID) == (Decimal("70.50"), Decimal("99.90"), 2)


def test_start_stops_what_is_running_first(alice, world):
    first = alice.item("startRecord", world.shop, world.coding)["timeEntryID"]
    world.now += 100
    second = alice.item("startRecord", world.portal, world.meeting)["timeEntryID"]
    entry = world.entry(first)
    assert (entry.start, entry.end, entry.duration) == (1_772_443_800, 1_772_443_920, 120)
    assert running(world) == [second]
    assert world.entry(second).start == world.now


def test_start_stops_however_many_another_program_left_running(alice, world):
    left = [world.add_entry(start=world.now - 600 * n, end=0) for n in (1, 2, 3)]
    number = alice.item("startRecord", world.shop, world.coding)["timeEntryID"]
    assert running(world) == [number]
    assert [world.entry(entry).duration for entry in left] == [660, 1260, 1860]


def test_start_leaves_others_recordings_alone(alice, ben, world):
    number = ben.item("startRecord", world.shop, world.coding)["timeEntryID"]
    alice.item("startRecord", world.shop, world.coding)
    assert running(world, "ben") == [number]


def test_start_without_project_and_task_repeats_the_last_ones(alice, world):
    alice.item("startRecord", world.portal, world.meeting)
    world.now += 60
    again = world.entry(alice.item("startRecord", 0, 0)["timeEntryID"])
    assert (again.projectID, again.activityID) == (world.portal, world.meeting)
    world.now += 60
    last = world.entry(alice.item("startRecord")["timeEntryID"])
    assert (last.projectID, last.activityID) == (world.portal, world.meeting)


def test_start_remembers_the_record(alice, world):
    number = alice.item("startRecord", world.portal, world.meeting)["timeEntryID"]
    user = m.User.__table__
    (row,) = world.execute(user.select().where(user.c.userID == world.alice))
    assert (row.lastProject, row.lastActivity, row.lastRecord) == (
        world.portal,
        world.meeting,
        number,
    )


def test_start_without_any_last_project(alice):
    assert alice.refusal("startRecord") == INVALID_WORK


def test_start_when_the_last_project_is_gone(alice, world):
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
def test_start_on_what_can_not_be_recorded(alice, world, project, task):
    world.add_entry(end=0)
    numbers = [world.ids.get(name, name or 0) for name in (project, task)]
    assert alice.refusal("startRecord", *numbers) == INVALID_WORK


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
def test_start_on_what_lists_may_not_show(alice, world, project, task):
    number = alice.item("startRecord", world.ids[project], world.ids[task])["timeEntryID"]
    assert running(world) == [number]


def test_start_in_a_trashed_group(alice, world):
    world.change(m.Group, world.blue, trash=1)
    assert alice.refusal("startRecord", world.shop, world.coding) == INVALID_WORK


def test_start_without_the_right_to_add(alice, world, without):
    without("ki_timesheets-ownEntry-add")
    assert alice.refusal("startRecord", world.shop, world.coding) == DENIED


def test_stop_the_running_one(alice, world):
    number = alice.item("startRecord", world.shop, world.coding)["timeEntryID"]
    world.now += 100
    alice.does("stopRecord")
    entry = world.entry(number)
    assert (entry.start, entry.end, entry.duration) == (1_772_443_800, 1_772_443_920, 120)
    assert alice.refusal("stopRecord", 0) == NOT_RECORDING


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
        ("", "", "09:30:00", "09:53:00"),
        ("-5", "unheard-of", "09:30:00", "09:53:00"),
    ],
)
def test_stop_rounds_as_configured(alice, world, precision, method, start, end):
    world.set_option("roundPrecision", precision)
    world.set_option("roundingMethod", method)
    number = alice.item("startRecord", world.shop, world.coding)["timeEntryID"]
    world.now += 22 * 60 + 30
    alice.does("stopRecord", number)
    entry = world.entry(number)
    times = [
        datetime.fromtimestamp(moment, UTC).strftime("%H:%M:%S")
        for moment in (entry.start, entry.end)
    ]
    assert times == [start, end]
    assert entry.duration == entry.end - entry.start


def test_stop_at_once_gives_no_negative_time(alice, world):
    world.set_option("roundPrecision", 0)
    number = world.add_entry(start=world.now + 500, end=0)
    alice.does("stopRecord", number)
    entry = world.entry(number)
    assert (entry.start, entry.end, entry.duration) == (world.now + 500, world.now + 500, 0)


def test_stop_changes_nothing_else(alice, world):
    number = world.add_entry(end=0, description="kept", comment="kept too", location="here")
    before = stored(world.entry(number))
    alice.does("stopRecord", number)
    after = stored(world.entry(number))
    assert {name for name in after if after[name] != before[name]} == {"start", "end", "duration"}


def test_stop_when_nothing_is_running(alice, world):
    world.add_entry()
    world.add_entry("ben", end=0)
    assert alice.refusal("stopRecord") == NOT_RECORDING


@pytest.mark.parametrize("number", [999_999, -1, 2**31 - 1])
def test_stop_an_unknown_entry(alice, number):
    assert alice.refusal("stopRecord", number) == NOT_RECORDING


def test_stop_an_entry_that_has_ended(alice, world):
    assert alice.refusal("stopRecord", world.add_entry()) == NOT_RECORDING


def test_stop_somebody_elses_recording(alice, ben, oscar, root, world):
    of_ben, of_alice = world.add_entry("ben", end=0), world.add_entry("alice", end=0)
    assert alice.refusal("stopRecord", of_ben) == DENIED
    assert oscar.refusal("stopRecord", of_alice) == DENIED
    ben.does("stopRecord", of_alice)
    root.does("stopRecord", of_ben)
    assert running(world) == running(world, "ben") == []


def test_an_old_recording_can_be_stopped_whatever_the_edit_limit(alice, world):
    world.set_option("editLimit", 60)
    number = world.add_entry(start=world.now - 90_000, end=0)
    alice.does("stopRecord")
    assert world.entry(number).end == 1_772_443_860
