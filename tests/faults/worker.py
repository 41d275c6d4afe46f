"""One client of a workload: calls at random, and records what the responses promise."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .client import Answer, Client, Outcome, Unclear
from .invariants import Invariants

#: Texts of failures when another call was faster.
RACES = {"No active recording.", "Unable to stop, not recording?"}
#: Each client of a user writes one field of the entry that they share, so a client that writes back
#: what it read before would undo the work of another.
SHARED_FIELDS = ("description", "comment", "location", "trackingNumber")


@dataclass
class Person:
    """A user, and what all of the user's clients know."""

    name: str
    key: str
    #: Project and task to record on.
    work: tuple[int, int]
    #: The entry that its clients share.
    shared: int
    #: Its latest recording, which all of its clients try to stop.
    latest: int = 0


class Worker:
    """One client of a person.

    :param index: index of the client among the person's.
    :param pause: called before the next call when the server could not answer.
    """

    def __init__(
        self,
        person: Person,
        index: int,
        url: str,
        invariants: Invariants,
        pause: Callable[[], object],
    ) -> None:
        self._person = person
        self._index = index
        self._invariants = invariants
        self._pause = pause
        self._client = Client(url, person.key)
        self._random = random.Random(f"{person.name} {index}")  # noqa: S311
        self._serial = 0
        self._moves = [
            self._start,
            self._create,
            self._share,
            self._stop,
            self._stop_latest,
            self._stop_latest,
            self._read,
        ]
        if index == 0:
            self._moves.append(self._comment)
        if index == 1:
            self._moves.append(self._finish)

    def step(self) -> None:
        """Make one or two calls."""
        self._random.choice(self._moves)()

    def close(self) -> None:
        self._client.close()

    def _call(self, method: str, *params: Any) -> Answer:
        answer = self._client.call(method, *params)
        self._invariants.count(answer)
        if answer.outcome is Outcome.REFUSED and answer.text not in RACES:
            raise Unclear(f"{method} {params}: {answer.text}")
        if answer.uncertain:
            self._pause()
        return answer

    def _mark(self, label: str) -> str:
        """A value that nobody has written before; later ones are higher."""
        self._serial += 1
        return f"{label} {self._index} {self._serial:06}"

    def _start(self) -> None:
        answer = self._call("startRecord", *self._person.work)
        self._invariants.start(self._person.name, answer)
        if answer.done:
            entry_id = answer.one("timeEntryID")
            self._person.latest = entry_id
            text = self._mark("mine")
            record = {"timeEntryID": entry_id, "description": text}
            answer = self._call("updateActiveRecording", record)
            self._invariants.write(entry_id, "description", text, answer)

    def _create(self) -> None:
        project, task = self._person.work
        mark = f"new {self._person.name} {self._mark('')}"
        begin = 1_700_000_000 + self._serial
        record = {
            "projectId": project,
            "taskId": task,
            "start": begin,
            "end": begin + 600,
            "trackingNumber": mark,
            "description": mark,
            "comment": mark,
            "location": mark,
        }
        self._invariants.create(mark, self._call("setTimesheetRecord", record, False))

    def _share(self) -> None:
        name, text = SHARED_FIELDS[self._index], self._mark("shared")
        record = {"id": self._person.shared, name: text}
        answer = self._call("setTimesheetRecord", record, True)
        self._invariants.write(self._person.shared, name, text, answer)

    def _stop(self) -> None:
        self._call("stopRecord", None)

    def _stop_latest(self) -> None:
        if self._person.latest:
            entry_id = self._person.latest
            self._invariants.stop(entry_id, self._call("stopRecord", entry_id))

    def _read(self) -> None:
        self._call("getActiveRecording")
        self._call("getTimesheet", 0, 0, -1, 0, 5)

    def _comment(self) -> None:
        text = self._mark("running")
        answer = self._call("updateActiveRecording", {"comment": text})
        self._invariants.comment(self._person.name, text, answer)

    def _finish(self) -> None:
        self._call("updateActiveRecording", {"end": int(time.time()) + 60})
