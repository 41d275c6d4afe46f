"""What the server has promised, written down as the answers come in, and held to the database.

Every value that a client writes is unlike any other, and every field that is written again has one
writer only. So the database tells of each promise whether it was kept.
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

#: Whose calls are in the books.
USERS = ("root", "alice", "ben", "oscar")
#: What is in the fields of the entry that clients share before they write it.
UNTOUCHED = "shared"


@dataclass
class Field:
    """What may be in a field: the value promised last, or one written later without an answer."""

    allowed: set[str | None] = field(default_factory=lambda: {None, UNTOUCHED})

    def write(self, value: str, answer: Answer) -> None:
        if answer.done:
            self.allowed = {value}
        elif answer.uncertain:
            self.allowed.add(value)


class Ledger:
    """The books of one storm. Safe to write from many threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._error: BaseException | None = None
        self.outcomes: Counter[Outcome] = Counter()
        #: Entries created in one piece: number by mark, of those that were promised.
        self.created: dict[str, int] = {}
        self.maybe_created: set[str] = set()
        #: Recordings started: user by number, and how many more there may be.
        self.started: dict[int, str] = {}
        self.maybe_started: Counter[str] = Counter()
        #: Recordings of which a client was told that it has stopped them.
        self.stopped: list[int] = []
        #: Fields of entries, by the entry's number and the field's name.
        self.fields: dict[tuple[int, str], Field] = {}
        #: Comments written to whatever was running, per user, each higher than the one before.
        self.last_comment: dict[str, str] = {}

    def count(self, answer: Answer) -> None:
        """Note what any call came to."""
        with self._changed:
            self.outcomes[answer.outcome] += 1
            self._changed.notify_all()

    @property
    def total(self) -> int:
        """How many calls there were."""
        return sum(self.outcomes.values())

    def fail(self, error: BaseException) -> None:
        """A client found something that must not be: nobody waits for it any longer."""
        with self._changed:
            self._error = error
            self._changed.notify_all()

    def wait_for(self, outcome: Outcome, more: int, seconds: float = DEADLINE) -> None:
        """Wait until so many more calls came to this.

        :raises AssertionError: they don't.
        """
        goal = self.outcomes[outcome] + more
        self._wait(lambda: self.outcomes[outcome] >= goal, seconds, f"{more} more {outcome.value}")

    def wait_for_all(self, calls: int) -> None:
        """Wait until so many calls were made, whatever they came to."""
        self._wait(lambda: self.total >= calls, DEADLINE + calls / 5, f"{calls} calls")

    def _wait(self, reached: Callable[[], bool], seconds: float, goal: str) -> None:
        with self._changed:
            found = self._changed.wait_for(lambda: self._error or reached(), seconds)
        assert self._error is None, f"a client failed: {self._error}"
        assert found, f"not reached in {seconds} s: {goal}; {dict(self.outcomes)}"

    def create(self, mark: str, answer: Answer) -> None:
        with self._changed:
            if answer.done:
                self.created[mark] = answer.one("id")
            elif answer.uncertain:
                self.maybe_created.add(mark)

    def start(self, user: str, answer: Answer) -> None:
        with self._changed:
            if answer.done:
                number = answer.one("timeEntryID")
                assert number not in self.started, f"two recordings have the number {number}"
                self.started[number] = user
            elif answer.uncertain:
                self.maybe_started[user] += 1

    def stop(self, number: int, answer: Answer) -> None:
        if answer.done:
            with self._changed:
                self.stopped.append(number)

    def write(self, number: int, name: str, value: str, answer: Answer) -> None:
        with self._changed:
            place = self.fields.setdefault((number, name), Field())
        place.write(value, answer)

    def comment(self, user: str, value: str, answer: Answer) -> None:
        if answer.done:
            self.last_comment[user] = value

    def check(self, world: World) -> None:
        """Hold the database to what was promised.

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
        found = {e.trackingNumber: e for e in entries.values() if e.trackingNumber is not None}
        found = {mark: entry for mark, entry in found.items() if mark.startswith("new ")}
        lost = self.created.keys() - found.keys()
        assert not lost, f"{len(lost)} entries were promised and are not there: {sorted(lost)[:5]}"
        unknown = found.keys() - self.created.keys() - self.maybe_created
        assert not unknown, f"nobody wrote {sorted(unknown)[:5]}"
        for mark, number in self.created.items():
            assert found[mark].timeEntryID == number, f"{mark} isn't {number}"
        for mark, entry in found.items():
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
        for user, found in recordings.items():
            promised = {number for number, starter in self.started.items() if starter == user}
            there = {entry.timeEntryID for entry in found}
            assert promised <= there, f"{user}'s recordings are lost: {promised - there}"
            more = there - promised
            assert len(more) <= self.maybe_started[user], f"nobody started {user}'s {more}"
            # Starting stops the last one, adds the new one and notes it: all of that or nothing.
            noted = world.execute(
                select(m.User.lastRecord).where(m.User.userID == world.ids[user])
            )[0][0]
            assert noted == max(there, default=0), f"a recording of {user}'s is half there"
        twice = [number for number, times in Counter(self.stopped).items() if times > 1]
        assert not twice, f"two clients were told that they stopped {twice}"
        for number in self.stopped:
            assert entries[number].end, f"{number} was stopped and runs"

    def _check_fields(self, entries: dict[int, m.TimeEntry]) -> None:
        for (number, name), place in self.fields.items():
            stored = getattr(entries[number], name)
            assert stored in place.allowed, (
                f"{name} of {number} is {stored!r}, promised was {place.allowed}"
            )

    def _check_comments(self, world: World, entries: dict[int, m.TimeEntry]) -> None:
        for user, last in self.last_comment.items():
            comments = [
                entry.comment
                for number, entry in sorted(entries.items())
                if entry.userID == world.ids[user] and (entry.comment or "").startswith("running ")
            ]
            assert comments == sorted(comments), f"{user}'s comments are in disorder: {comments}"
            assert comments, f"all comments of {user}'s are lost"
            assert comments[-1] >= last, f"{user}'s comment {last} is lost"


def assert_one_timer(database: Database) -> None:
    """:raises AssertionError: a user has more than one running recording."""
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
