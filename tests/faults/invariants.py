"""Invariants of a workload: what responses promised must be in the database.

Each value that a client writes is unique, and each field that is written again has one writer only.
So the database shows for each promise whether it was kept.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from kimai_remote.storage import models as m
from kimai_remote.storage.transactions import Database
from support.processes import DEADLINE
from support.world import World

from .client import Answer, Outcome

#: Users of a workload.
USERS = ("root", "alice", "ben", "oscar")
#: Value of the fields of a shared entry before clients write them.
UNTOUCHED = "shared"


@dataclass
class Field:
    """Values that a field may have: the last one promised, or later ones without a response."""

    allowed: set[str | None] = field(default_factory=lambda: {None, UNTOUCHED})

    def write(self, value: str, answer: Answer) -> None:
        if answer.done:
            self.allowed = {value}
        elif answer.uncertain:
            self.allowed.add(value)


class Invariants:
    """Promises made to one workload. Safe to use from many threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._error: BaseException | None = None
        self.outcomes: Counter[Outcome] = Counter()
        #: Entries created in one call and promised: ID by mark.
        self.created: dict[str, int] = {}
        self.maybe_created: set[str] = set()
        #: Recordings started: user by ID, and how many more each user may have.
        self.started: dict[int, str] = {}
        self.maybe_started: Counter[str] = Counter()
        #: Recordings that a client has stopped, as a response promised.
        self.stopped: list[int] = []
        #: Fields of entries, by the entry's ID and the field's name.
        self.fields: dict[tuple[int, str], Field] = {}
        #: Last comment on any running recording by user; each is higher than the one before.
        self.last_comment: dict[str, str] = {}

    def count(self, answer: Answer) -> None:
        """Record the outcome of a call."""
        with self._changed:
            self.outcomes[answer.outcome] += 1
            self._changed.notify_all()

    @property
    def total(self) -> int:
        """Number of calls."""
        return sum(self.outcomes.values())

    def fail(self, error: BaseException) -> None:
        """Record that a client failed, and stop waiting."""
        with self._changed:
            self._error = error
            self._changed.notify_all()

    def wait_for(self, outcome: Outcome, more: int, seconds: float = DEADLINE) -> None:
        """Wait until this many more calls have an outcome.

        :raises AssertionError: too few do.
        """
        goal = self.outcomes[outcome] + more
        self._wait(lambda: self.outcomes[outcome] >= goal, seconds, f"{more} more {outcome.value}")

    def wait_for_all(self, calls: int) -> None:
        """Wait until this many calls were made, whatever their outcomes."""
        self._wait(lambda: self.total >= calls, DEADLINE + calls / 5, f"{calls} calls")

    def _wait(self, reached: Callable[[], bool], seconds: float, goal: str) -> None:
        with self._changed:
            in_time = self._changed.wait_for(lambda: self._error or reached(), seconds)
        assert self._error is None, f"a client failed: {self._error}"
        assert in_time, f"not reached in {seconds} s: {goal}; {dict(self.outcomes)}"

    def create(self, mark: str, answer: Answer) -> None:
        with self._changed:
            if answer.done:
                self.created[mark] = answer.one("id")
            elif answer.uncertain:
                self.maybe_created.add(mark)

    def start(self, user: str, answer: Answer) -> None:
        with self._changed:
            if answer.done:
                entry_id = answer.one("timeEntryID")
                assert entry_id not in self.started, f"two recordings have the ID {entry_id}"
                self.started[entry_id] = user
            elif answer.uncertain:
                self.maybe_started[user] += 1

    def stop(self, entry_id: int, answer: Answer) -> None:
        if answer.done:
            with self._changed:
                self.stopped.append(entry_id)

    def write(self, entry_id: int, name: str, value: str, answer: Answer) -> None:
        with self._changed:
            field_ = self.fields.setdefault((entry_id, name), Field())
        field_.write(value, answer)

    def comment(self, user: str, value: str, answer: Answer) -> None:
        if answer.done:
            self.last_comment[user] = value

    def check(self, world: World) -> None:
        """Compare the database with what was promised.

        :raises AssertionError: a promise was broken, or something is half there.
        """
        entries = {entry.timeEntryID: entry for entry in _all_entries(world.database)}
        assert_one_timer(world.database)
        self._check_created(entries)
        self._check_started(world, entries)
        self._check_fields(entries)
        self._check_comments(world, entries)
        if world.database.dialect.name == "sqlite":
            with world.database.engine.connect() as connection:
                verdict = connection.exec_driver_sql("PRAGMA integrity_check").scalar_one()
            assert verdict == "ok"

    def _check_created(self, entries: dict[int, m.TimeEntry]) -> None:
        stored = {e.trackingNumber: e for e in entries.values() if e.trackingNumber is not None}
        stored = {mark: entry for mark, entry in stored.items() if mark.startswith("new ")}
        lost = self.created.keys() - stored.keys()
        assert not lost, f"{len(lost)} entries were promised and are not there: {sorted(lost)[:5]}"
        unknown = stored.keys() - self.created.keys() - self.maybe_created
        assert not unknown, f"nobody wrote {sorted(unknown)[:5]}"
        for mark, entry_id in self.created.items():
            assert stored[mark].timeEntryID == entry_id, f"{mark} isn't {entry_id}"
        for mark, entry in stored.items():
            whole = (entry.description, entry.comment, entry.location, entry.end - entry.start)
            assert whole == (mark, mark, mark, entry.duration), f"half there: {mark}"

    def _check_started(self, world: World, entries: dict[int, m.TimeEntry]) -> None:
        names = {world.ids[name]: name for name in world.ids if name in USERS}
        recordings: dict[str, list[m.TimeEntry]] = {name: [] for name in names.values()}
        for entry in entries.values():
            if entry.trackingNumber is not None:
                continue
            recordings[names[entry.userID]].append(entry)
            if entry.end:
                whole = entry.duration == entry.end - entry.start >= 0
                assert whole, f"half stopped: {entry.timeEntryID}"
        for user, user_entries in recordings.items():
            promised = {entry_id for entry_id, starter in self.started.items() if starter == user}
            stored = {entry.timeEntryID for entry in user_entries}
            assert promised <= stored, f"{user}'s recordings are lost: {promised - stored}"
            more = stored - promised
            assert len(more) <= self.maybe_started[user], f"nobody started {user}'s {more}"
            # Starting stops the last one, adds the new one and notes it: all of that or nothing.
            last_record = world.execute(
                select(m.User.lastRecord).where(m.User.userID == world.ids[user])
            )[0][0]
            assert last_record == max(stored, default=0), f"a recording of {user}'s is half there"
        for entry_id in self.stopped:
            assert entries[entry_id].end, f"{entry_id} was stopped and runs"

    def _check_fields(self, entries: dict[int, m.TimeEntry]) -> None:
        for (entry_id, name), field_ in self.fields.items():
            stored = getattr(entries[entry_id], name)
            assert stored in field_.allowed, (
                f"{name} of {entry_id} is {stored!r}, promised was {field_.allowed}"
            )

    def _check_comments(self, world: World, entries: dict[int, m.TimeEntry]) -> None:
        for user, last in self.last_comment.items():
            comments = [
                entry.comment
                for _, entry in sorted(entries.items())
                if entry.userID == world.ids[user] and (entry.comment or "").startswith("running ")
            ]
            assert comments == sorted(comments), f"{user}'s comments are in disorder: {comments}"
            assert comments, f"all comments of {user}'s are lost"
            assert comments[-1] >= last, f"{user}'s comment {last} is lost"


def assert_one_timer(database: Database) -> None:
    """Check the running recordings.

    :raises AssertionError: a user has more than one.
    """
    entry = m.TimeEntry
    statement = (
        select(entry.userID, func.count())
        .where(entry.end == 0)
        .group_by(entry.userID)
        .having(func.count() > 1)
    )
    with database.engine.connect() as connection:
        several = connection.execute(statement).all()
    assert not several, f"users with several running recordings, and how many: {several}"


def _all_entries(database: Database) -> Any:
    return database.run(lambda session: session.scalars(select(m.TimeEntry)).all(), writes=False)
