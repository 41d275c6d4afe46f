"""Whether calls can be served now: is the database there, and is its schema ours."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import msgspec
from werkzeug import Request, Response

from ..storage import schema
from ..storage.transactions import Database
from .responses import reading

log = logging.getLogger(__name__)

#: Seconds that the database has to answer in.
PATIENCE = 2.5
#: Seconds that an answer is good for, so that nobody can load the database by asking.
FRESH = 1.0
#: Questions that may wait for a database that hangs; no more are asked then.
MOST_WAITING = 2


@dataclass(frozen=True, slots=True)
class State:
    """What was found: each is ``ok`` or a word that says what is wrong, and no more."""

    #: ``ok``, ``unreachable`` or ``slow``.
    database: str
    #: ``ok``, ``wrong``, or ``unknown`` while the database doesn't answer.
    schema: str
    #: The database's own words, for the log alone.
    reason: str = field(default="", compare=False)

    @property
    def is_ready(self) -> bool:
        return self.database == self.schema == "ok"


_SLOW = State("slow", "unknown")


class ReadinessProbe:
    """Asks the database, on one of the connections that calls use, but never for long.

    Safe to ask from many threads: they share one question.
    """

    def __init__(
        self, database: Database, *, patience: float = PATIENCE, fresh: float = FRESH
    ) -> None:
        self._database = database
        self._patience = patience
        self._fresh = fresh
        self._threads = ThreadPoolExecutor(MOST_WAITING, thread_name_prefix="readiness")
        self._guard = threading.Lock()
        self._asked: list[tuple[float, Future[State]]] = []
        self._known: State | None = None
        self._until = 0.0

    def state(self) -> State:
        """The state now, or that of a second ago; within ``patience`` seconds."""
        with self._guard:
            now = time.monotonic()
            if self._known is not None and now < self._until:
                return self._known
            question = self._question(now)
        if question is None:
            return self._learn(_SLOW)
        asked_at, answer = question
        try:
            return self._learn(answer.result(max(0.0, asked_at + self._patience - now)))
        except TimeoutError:
            return self._learn(_SLOW)

    def _question(self, now: float) -> tuple[float, Future[State]] | None:
        """A question that is being asked, or a new one; None if too many wait already."""
        self._asked = [asked for asked in self._asked if not asked[1].done()]
        recent = [asked for asked in self._asked if now - asked[0] < self._patience]
        if recent:
            return recent[-1]
        if len(self._asked) >= MOST_WAITING:
            return None
        self._asked.append((now, self._threads.submit(_ask, self._database)))
        return self._asked[-1]

    def _learn(self, state: State) -> State:
        with self._guard:
            before = self._known is None or self._known.is_ready
            if before and not state.is_ready:
                log.error(
                    "Not ready: database %s, schema %s. %s",
                    state.database,
                    state.schema,
                    state.reason,
                )
            elif not before and state.is_ready:
                log.warning("Ready again")
            self._known, self._until = state, time.monotonic() + self._fresh
        return state


def _ask(database: Database) -> State:
    try:
        current = schema.state(database)
    except Exception as error:
        return State("unreachable", "unknown", str(getattr(error, "orig", None) or error).strip())
    if current.condition is schema.Condition.CURRENT:
        return State("ok", "ok")
    return State(
        "ok", "wrong", f"Its version is {current.version or 'unknown'}, not {schema.LATEST}."
    )


LIVE, READY = "/health/live", "/health/ready"


class Health:
    """What the service says of its own state, in words that tell a stranger nothing.

    :param readiness: what is asked whether calls can be served.
    """

    def __init__(self, readiness: ReadinessProbe) -> None:
        self._readiness = readiness

    def live(self, request: Request) -> Response:
        """200 as long as the process answers; the database isn't asked."""
        return reading(request, lambda: _said(True, {}))

    def ready(self, request: Request) -> Response:
        """200 if calls can be served, else 503, within about three seconds."""
        return reading(request, self._ready)

    def _ready(self) -> Response:
        state = self._readiness.state()
        return _said(state.is_ready, {"database": state.database, "schema": state.schema})


def _said(holds: bool, checks: dict[str, str]) -> Response:
    content = {"status": "ok" if holds else "failing", "checks": checks}
    return Response(
        msgspec.json.encode(content), 200 if holds else 503, mimetype="application/json"
    )
