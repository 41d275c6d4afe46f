"""``/health/live`` and ``/health/ready``, for supervisors and load balancers."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import msgspec
from werkzeug import Request, Response
from werkzeug.routing import Rule

from .. import __version__
from ..storage import schema
from ..storage.transactions import Database
from .responses import fresh

log = logging.getLogger(__name__)

#: Paths for machines, which have to respond while all threads wait for the database.
LIVE, READY, METRICS = "/health/live", "/health/ready", "/metrics"
PROMPT_PATHS = frozenset({LIVE, READY, METRICS})

#: Seconds that the database has to respond in.
TIMEOUT = 2.5
#: Seconds for which a result is reused, so that nobody can load the database by asking.
CACHE_SECONDS = 1.0
#: Queries that may wait for a database that hangs; no more are sent then.
MAX_WAITING = 2


@dataclass(frozen=True, slots=True)
class State:
    """State of the service: ``ok`` each, or a word without details."""

    #: ``ok``, ``unreachable`` or ``slow``.
    database: str
    #: ``ok``, ``wrong``, or ``unknown`` while the database doesn't respond.
    schema: str
    #: The database's own message, for the log alone.
    reason: str = field(default="", compare=False)
    #: ``ok``, ``desynced`` or ``not ready``; empty where the database isn't a node of a cluster.
    cluster: str = ""

    @property
    def is_ready(self) -> bool:
        return self.database == self.schema == "ok" and self.cluster in ("", "ok")


_SLOW = State("slow", "unknown")


class ReadinessProbe:
    """Checks database and schema, on one of the connections that calls use, but never for long.

    Safe to use from many threads: they share one query.
    """

    def __init__(
        self, database: Database, *, timeout: float = TIMEOUT, cache_seconds: float = CACHE_SECONDS
    ) -> None:
        self._database = database
        self._timeout = timeout
        self._cache_seconds = cache_seconds
        self._threads = ThreadPoolExecutor(MAX_WAITING, thread_name_prefix="readiness")
        self._guard = threading.Lock()
        self._queries: list[tuple[float, Future[State]]] = []
        self._state: State | None = None
        self._valid_until = 0.0

    def state(self) -> State:
        """Return the state now, or that of a second ago; within ``timeout`` seconds."""
        with self._guard:
            now = time.monotonic()
            if self._state is not None and now < self._valid_until:
                return self._state
            query = self._query(now)
        if query is None:
            return self._store(_SLOW)
        sent_at, future = query
        try:
            return self._store(future.result(max(0.0, sent_at + self._timeout - now)))
        except TimeoutError:
            return self._store(_SLOW)

    def _query(self, now: float) -> tuple[float, Future[State]] | None:
        """Return the query that is running, or a new one; None if too many wait already."""
        self._queries = [query for query in self._queries if not query[1].done()]
        recent = [query for query in self._queries if now - query[0] < self._timeout]
        if recent:
            return recent[-1]
        if len(self._queries) >= MAX_WAITING:
            return None
        self._queries.append((now, self._threads.submit(_check, self._database)))
        return self._queries[-1]

    def _store(self, state: State) -> State:
        with self._guard:
            was_ready = self._state is None or self._state.is_ready
            if was_ready and not state.is_ready:
                log.error(
                    "Not ready: database %s, schema %s%s. %s",
                    state.database,
                    state.schema,
                    state.cluster and f", cluster {state.cluster}",
                    state.reason,
                )
            elif not was_ready and state.is_ready:
                log.warning("Ready again")
            self._state, self._valid_until = state, time.monotonic() + self._cache_seconds
        return state


def _check(database: Database) -> State:
    cluster, reason = "", ""
    try:
        node, current = database.read(
            lambda connection: (
                database.dialect.cluster(connection),
                schema.read_state(connection),
            )
        )
    except Exception as error:
        original = getattr(error, "orig", None) or error
        reason = str(original).strip()
        if database.dialect.left_cluster(original):
            return State("ok", "unknown", reason, "not ready")
        return State("unreachable", "unknown", reason)
    if node is not None:
        cluster = "ok" if node.is_synced else "desynced" if node.is_ready else "not ready"
        reason = f"The node's state is {node.state}."
    if current.condition is schema.Condition.CURRENT:
        return State("ok", "ok", reason, cluster)
    reason = f"Its version is {current.version or 'unknown'}, not {schema.LATEST}."
    return State("ok", "wrong", reason, cluster)


def rules(probe: ReadinessProbe) -> list[Rule]:
    """Return the rules for the two paths."""

    def live(request: Request) -> Response:
        """Respond 200 as long as the process does; the database isn't asked."""
        return fresh(request, lambda: _status(True, {}))

    def ready(request: Request) -> Response:
        """Respond 200 if calls can be served, else 503, within about three seconds."""

        def respond() -> Response:
            state = probe.state()
            checks = {"database": state.database, "schema": state.schema}
            if state.cluster:
                checks["cluster"] = state.cluster
            return _status(state.is_ready, checks)

        return fresh(request, respond)

    return [Rule(LIVE, endpoint=live), Rule(READY, endpoint=ready)]


def _status(is_ok: bool, checks: dict[str, str]) -> Response:
    status = "ok" if is_ok else "failing"
    content = {"status": status, "checks": checks, "version": __version__}
    return Response(
        msgspec.json.encode(content), 200 if is_ok else 503, mimetype="application/json"
    )
