"""One of the clients of a storm: calls at random, and books what it was promised."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .client import Answer, Client, Outcome, Unclear
from .ledger import Ledger

#: What a call may be answered when another one was faster.
RACES = {"No active recording.", "Unable to stop, not recording?"}
#: Each client of a user writes one field of the entry that they share, so that a client that
#: writes back what it has read before undoes another one's work.
SHARED_FIELDS = ("description", "comment", "location", "trackingNumber")


@dataclass
class Person:
    """A user, and what all of its clients know."""

    name: str
    key: str
    #: Where it may record: project and task.
    work: tuple[int, int]
    #: The entry that its clients share.
    shared: int
    #: Its latest recording, which all of its clients try to stop.
    latest: int = 0


class Actor:
    """One client of a person.

    :param place: which of the person's clients it is, from 0.
    :param pause: called before trying again where the server could not answer.
    """

    def __init__(
        self, person: Person, place: int, url: str, ledger: Ledger, pause: Callable[[], object]
    ) -> None:
        self._person = person
        self._place = place
        self._ledger = ledger
        self._pause = pause
        self._client = Client(url, person.key)
        self._random = random.Random(f"{person.name} {place}")  # noqa: S311
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
        if place == 0:
            self._moves.append(self._comment)
        if place == 1:
            self._moves.append(self._finish)

    def step(self) -> None:
        """Make one or two calls."""
        self._random.choice(self._moves)()

    def close(self) -> None:
        self._client.close()

    def _call(self, method: str, *params: Any) -> Answer:
        answer = self._client.call(method, *params)
        self._ledger.count(answer)
        if answer.outcome is Outcome.REFUSED and answer.text not in RACES:
            raise Unclear(f"{method} {params}: {answer.text}")
        if answer.uncertain:
            self._pause()
        return answer

    def _mark(self, kind: str) -> str:
        """A value that nobody has written before; later ones are higher."""
        self._serial += 1
        return f"{kind} {self._place} {self._serial:06}"

    def _start(self) -> None:
        answer = self._call("startRecord", *self._person.work)
        self._ledger.start(self._person.name, answer)
        if answer.done:
            number = answer.one("timeEntryID")
            self._person.latest = number
            text = self._mark("mine")
            record = {"timeEntryID": number, "description": text}
            answer = self._call("updateActiveRecording", record)
            self._ledger.write(number, "description", text, answer)

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
        self._ledger.create(mark, self._call("setTimesheetRecord", record, False))

    def _share(self) -> None:
        name, text = SHARED_FIELDS[self._place], self._mark("shared")
        record = {"id": self._person.shared, name: text}
        answer = self._call("setTimesheetRecord", record, True)
        self._ledger.write(self._person.shared, name, text, answer)

    def _stop(self) -> None:
        self._call("stopRecord", None)

    def _stop_latest(self) -> None:
        if self._person.latest:
            number = self._person.latest
            self._ledger.stop(number, self._call("stopRecord", number))

    def _read(self) -> None:
        self._call("getActiveRecording")
        self._call("getTimesheet", 0, 0, -1, 0, 5)

    def _comment(self) -> None:
        text = self._mark("running")
        answer = self._call("updateActiveRecording", {"comment": text})
        self._ledger.comment(self._person.name, text, answer)

    def _finish(self) -> None:
        self._call("updateActiveRecording", {"end": int(time.time()) + 60})
