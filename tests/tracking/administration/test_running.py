"""Running recordings as administrators see and stop them, on each database."""

from __future__ import annotations

import time
from typing import Any

import pytest

from kimai_remote.storage import entry_counts
from kimai_remote.storage import models as m
from kimai_remote.tracking.admin import recordings
from kimai_remote.tracking.admin.entities import ACTIVITY, CUSTOMER, PROJECT, USER
from kimai_remote.tracking.context import Options
from kimai_remote.tracking.rounding import round_span
from support.world import World


def test_whose_and_what_runs(world: World, do: Any) -> None:
    world.add_entry()  # has ended
    on_shop = world.add_entry(end=0)
    on_portal = world.add_entry("ben", end=0, projectID=world.portal, activityID=world.meeting)
    of_red = world.add_entry("oscar", end=0, projectID=world.red_project)
    for entity_type, entity_id, expected in (
        (USER, world.alice, [on_shop]),
        (USER, world.root, []),
        (PROJECT, world.portal, [on_portal]),
        (PROJECT, world.internal, []),
        (CUSTOMER, world.acme, [on_shop, on_portal]),
        (CUSTOMER, world.hidden_customer, []),
        (ACTIVITY, world.coding, [on_shop, of_red]),
        (ACTIVITY, world.design, []),
    ):
        assert do(recordings.running, entity_type, entity_id) == expected


@pytest.mark.parametrize(("precision", "may_go_down"), [(0, 1), (15, 1), (15, 0)])
def test_stopping_rounds_as_stop_record_does(
    world: World, do: Any, precision: int, may_go_down: int
) -> None:
    world.set_option("roundPrecision", precision)
    world.set_option("allowRoundDown", may_go_down)
    start = int(time.time()) - 5000
    entries = [world.add_entry(start=start, end=0), world.add_entry(start=start + 60, end=0)]
    other = world.add_entry("ben", end=0)
    before = int(time.time())
    assert do(recordings.stop, world.alice) == entries
    after = int(time.time())
    options = do(Options.load)
    for entry_id, began in zip(entries, (start, start + 60), strict=True):
        entry = world.entry(entry_id)
        assert (entry.start, entry.end) in {
            round_span(began, now, options.round_precision, options.rounding)
            for now in range(before, after + 1)
        }
        assert entry.duration == entry.end - entry.start
    assert world.entry(other).end == 0
    assert do(recordings.stop, world.alice) == []


def test_a_recording_of_the_future_ends_where_it_starts(world: World, do: Any) -> None:
    world.set_option("roundPrecision", 0)
    entry_id = world.add_entry(start=int(time.time()) + 5000, end=0)
    assert do(recordings.stop, world.alice) == [entry_id]
    entry = world.entry(entry_id)
    assert (entry.end, entry.duration) == (entry.start, 0)


def test_the_counts_follow(world: World, do: Any) -> None:
    with world.database.begin() as connection:
        entry_counts.enable(connection)
    world.add_entry(end=0, cleared=1)
    do(recordings.stop, world.alice)
    with world.database.begin() as connection:
        assert entry_counts.mismatches(connection) == []
    assert world.execute(m.TimeEntry.__table__.select().where(m.TimeEntry.end == 0)) == []
