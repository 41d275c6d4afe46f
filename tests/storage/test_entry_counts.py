"""Counts of time entries, kept by triggers: always what counting would say."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from contextlib import closing, suppress

import pytest
from sqlalchemy import Connection, delete, func, insert, select, update

from kimai_remote.errors import ConfigurationError, Unavailable
from kimai_remote.storage import entry_counts
from kimai_remote.storage import models as m
from kimai_remote.storage.dialects import mariadb
from kimai_remote.storage.tallies import Kind
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


def spoil(database: Database) -> None:
    """Make counts wrong, and leave some out."""

    def work(connection: Connection) -> None:
        for table in (m.EntryCount, m.PeriodCount):
            mine = table.userID != entry_counts.MARKER
            connection.execute(update(table).where(mine).values(entries=table.entries + 5))
        connection.execute(delete(m.PeriodCount).where(m.PeriodCount.kind == Kind.ENDED))

    database.execute(work, writes=True)  # repeated after a deadlock


def test_recount_corrects_user_by_user(world: World, database: Database) -> None:
    for user in ("alice", "ben"):
        world.add_entry(user)
        world.add_expense(user)
    spoil(database)
    progress: list[tuple[int, int]] = []
    wrong = entry_counts.recount(database, lambda done, users: progress.append((done, users)))
    assert (wrong, progress) == (2, [(0, 2), (1, 2)])
    with database.begin() as connection:
        assert entry_counts.mismatches(connection) == []
    assert entry_counts.recount(database, lambda *_: None) == 0


def test_counts_are_not_used_after_an_interrupted_recount(world: World, database: Database) -> None:
    world.add_entry()

    def interrupt(_done: int, _users: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        entry_counts.recount(database, interrupt)
    with database.begin() as connection:
        assert not entry_counts.enabled(connection)
    assert JsonRemote(world).call("getTimesheet", world.key("alice"))["total"] == 1
    entry_counts.recount(database, lambda *_: None)
    with database.begin() as connection:
        assert entry_counts.enabled(connection)


def test_counts_are_not_used_without_triggers(world: World, database: Database) -> None:
    """As when an import removes them while a recount is at work."""
    world.add_entry()

    def remove_triggers(done: int, _users: int) -> None:
        if not done:
            with database.begin() as connection:
                entry_counts.disable(connection)

    try:
        entry_counts.recount(database, remove_triggers)
        with database.begin() as connection:
            assert not entry_counts.enabled(connection)
    finally:
        entry_counts.recount(database, lambda *_: None)


def test_recounts_are_one_after_the_other(
    world: World, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On MariaDB, one would have the counts used while the other has removed the triggers."""
    if not database.dialect.has_server:
        pytest.skip("SQLite removes and creates triggers in one transaction")
    monkeypatch.setattr(mariadb, "LOCK_TIMEOUT", 1)
    world.add_entry()
    again = Database(database.url.render_as_string(hide_password=False), database.prefix)

    def recount_again(_done: int, _users: int) -> None:
        with pytest.raises(ConfigurationError, match="Wait until it is done"):
            entry_counts.recount(again, lambda *_: None)

    with closing(again):
        assert entry_counts.recount(database, recount_again) == 0
    with database.begin() as connection:
        assert entry_counts.enabled(connection)


@pytest.mark.slow
def test_entries_are_recorded_while_counts_are_corrected(world: World, database: Database) -> None:
    """Of the same users, some of their first ones in a project or period among them."""
    users = [world.alice, world.ben, world.oscar]
    some = [entry_of(world, user, day % 9) for user in users for day in range(180)]
    with database.begin() as connection:
        connection.execute(insert(m.TimeEntry.__table__), some)
    stopped, failures = threading.Event(), []
    recorded: Counter[int] = Counter()

    def record(user: int) -> None:
        choose = random.Random(user)  # noqa: S311

        def work(connection: Connection) -> None:
            values = entry_of(world, user, choose.randrange(2000))
            connection.execute(insert(m.TimeEntry.__table__), values)
            time.sleep(choose.random() / 200)
            key = m.TimeEntry.timeEntryID
            last = connection.scalar(select(func.max(key)).where(m.TimeEntry.userID == user))
            change = choose.choice(({"cleared": 1}, {"end": 0}, {"projectID": world.portal}))
            connection.execute(update(m.TimeEntry.__table__).where(key == last).values(change))

        try:
            while not stopped.is_set():
                try:
                    database.execute(work, writes=True)
                except Unavailable:  # of many deadlocks with spoil(), this one lost too many
                    continue
                recorded[user] += 1
                time.sleep(choose.random() / 50)  # SQLite favors those who don't wait yet
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=record, args=(user,)) for user in users for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(8):
            for _ in range(20):
                with suppress(Unavailable):  # of many deadlocks with the others, it lost too many
                    spoil(database)
                    break
            assert entry_counts.recount(database, lambda *_: None)
    finally:
        stopped.set()
        for thread in threads:
            thread.join()
    assert (failures, all(recorded[user] for user in users)) == ([], True)
    with database.begin() as connection:
        assert entry_counts.mismatches(connection) == []


def entry_of(world: World, user: int, day: int) -> dict[str, int]:
    start = 1_500_000_000 + day * 86_400
    return {
        "userID": user,
        "projectID": world.shop,
        "activityID": world.coding,
        "statusID": 1,
        "start": start,
        "end": start + 60,
    }
