"""Counts of time entries, kept by triggers: always what counting would say."""

from __future__ import annotations

from sqlalchemy import func, select, update

from kimai_remote.storage import entry_counts
from kimai_remote.storage import models as m
from kimai_remote.storage.transactions import Database
from support.remotes import JsonRemote
from support.world import World


def kept(world: World) -> dict[tuple[int, int], int]:
    rows = world.execute(
        select(m.EntryCount.userID, m.EntryCount.cleared, func.sum(m.EntryCount.entries))
        .where(m.EntryCount.userID != entry_counts.MARKER, m.EntryCount.entries != 0)
        .group_by(m.EntryCount.userID, m.EntryCount.cleared)
    )
    return {(user, cleared): int(entries) for user, cleared, entries in rows}


def counted(world: World) -> dict[tuple[int, int], int]:
    cleared = (m.TimeEntry.cleared != 0).label("cleared")
    rows = world.execute(
        select(m.TimeEntry.userID, cleared, func.count()).group_by(m.TimeEntry.userID, cleared)
    )
    return {(user, int(flag)): entries for user, flag, entries in rows}


def test_triggers_keep_counts_through_every_change(world: World) -> None:
    entries = [world.add_entry(), world.add_entry(cleared=1), world.add_entry("ben")]
    assert kept(world) == counted(world)
    assert kept(world)[world.alice, 1] == 1
    world.change(m.TimeEntry, entries[0], cleared=1)
    assert kept(world) == counted(world)
    world.change(m.TimeEntry, entries[2], userID=world.alice, description="moved")
    assert kept(world) == counted(world)
    assert kept(world) == {(world.alice, 0): 1, (world.alice, 1): 2}
    world.execute(update(m.TimeEntry).values(cleared=0))
    assert kept(world) == counted(world) == {(world.alice, 0): 3}
    world.execute(m.TimeEntry.__table__.delete())
    assert kept(world) == counted(world) == {}


def test_triggers_count_by_what_entries_refer_to(world: World, database: Database) -> None:
    entry = world.add_entry()
    world.add_entry()
    for column in ("projectID", "activityID", "statusID"):
        world.change(m.TimeEntry, entry, **{column: 77})
        with database.begin() as connection:
            counts = connection.execute(
                select(m.EntryCount.entries).where(getattr(m.EntryCount, column) == 77)
            ).scalars()
            assert sum(counts) == 1
            assert entry_counts.mismatches(connection) == []


def test_counts_begin_with_what_there_is(world: World, database: Database) -> None:
    world.add_entry()
    with database.begin() as connection:
        entry_counts.disable(connection)
        assert not entry_counts.enabled(connection)
    world.add_entry()
    assert kept(world) == {}
    with database.begin() as connection:
        assert entry_counts.enable(connection)
        assert entry_counts.enabled(connection)
    world.add_entry(cleared=1)
    assert kept(world) == counted(world) == {(world.alice, 0): 2, (world.alice, 1): 1}


def test_entries_of_nobody_are_counted_too(world: World, database: Database) -> None:
    """Kimai's databases have entries of user 0."""
    world.change(m.TimeEntry, world.add_entry(), userID=0)
    with database.begin() as connection:
        entry_counts.correct(connection)
        assert entry_counts.enabled(connection)
    assert kept(world) == counted(world) == {(0, 0): 1}


def test_counts_that_went_wrong_are_counted_again(world: World, database: Database) -> None:
    """As after a restore that left the triggers out."""
    world.add_entry()
    world.add_entry("ben")
    world.execute(update(m.EntryCount).where(m.EntryCount.entries == 1).values(entries=7))
    with database.begin() as connection:
        assert entry_counts.mismatches(connection) == sorted([world.alice, world.ids["ben"]])
        entry_counts.correct(connection)
        assert entry_counts.mismatches(connection) == []
    world.add_entry()
    assert kept(world) == counted(world) == {(world.alice, 0): 2, (world.ids["ben"], 0): 1}


def test_a_service_notices_that_counts_are_not_kept_any_more(
    world: World, database: Database
) -> None:
    """It has asked once whether they are."""
    remote, key = JsonRemote(world), world.key("alice")
    world.add_entry()
    assert remote.call("getTimesheet", key, 0, 0, -1, 0, 1)["total"] == 1
    with database.begin() as connection:
        entry_counts.disable(connection)
    try:
        world.add_entry()
        answer = remote.call("getTimesheet", key, 0, 0, -1, 0, 1)
        assert (answer["total"], len(answer["items"])) == (2, 1)
    finally:
        with database.begin() as connection:
            entry_counts.enable(connection)
