"""``/health/live`` and ``/health/ready``, for supervisors and load balancers."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import msgspec
from werkzeug import Request, Response

from .. import __version__
from ..api.execution import Service
from ..storage import schema
from ..storage.dialects import ClusterState
from ..storage.transactions import Database
from .responses import Page, fresh

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

OK, OTHER, _NOT_READY = "ok", "other", "not ready"
DATABASE, SCHEMA, SECRET, CLUSTER = "database", "schema", "secret", "cluster"


@dataclass(frozen=True, slots=True)
class State:
    """State of the service.

    :param checks: by name, ``ok`` or another word without details.
    :param reason: for the log alone.
    """

    checks: Mapping[str, str]
    reason: str = field(default="", compare=False)

    @property
    def is_ready(self) -> bool:
        return all(word == OK for word in self.checks.values())


@dataclass(frozen=True, slots=True)
class Subject:
    """What is checked of a database that responds.

    :param secret: fingerprint of the secret of this server; None if it may be another one.
    """

    database: Database
    state: schema.SchemaState
    secret: str | None
    node: ClusterState | None


def _check_schema(subject: Subject) -> tuple[str, str]:
    state = subject.state
    if state.condition in (schema.Condition.CURRENT, schema.Condition.COMPATIBLE):
        return OK, ""
    return "wrong", f"Its version is {state.version or 'unknown'}, not {schema.LATEST}."


def _check_secret(subject: Subject) -> tuple[str, str]:
    if subject.secret is None or subject.state.secret in (None, subject.secret):
        return OK, ""
    return OTHER, "The servers of this database have another secret."


def _check_cluster(subject: Subject) -> tuple[str, str]:
    node = subject.node
    if node is None or node.is_synced:
        return OK if node else "", ""
    word = "desynced" if node.is_ready else _NOT_READY
    return word, f"The node's state is {node.state}."


#: Checks of a database that responds, by name: ``ok`` or another word, empty where there is nothing
#: to check; and the reason for the log.
CHECKS: dict[str, Callable[[Subject], tuple[str, str]]] = {
    SCHEMA: _check_schema,
    SECRET: _check_secret,
    CLUSTER: _check_cluster,
}


def _failed(database: str, reason: str = "", **others: str) -> State:
    unknown = dict.fromkeys((SCHEMA, SECRET), "unknown")
    return State({DATABASE: database, **unknown, **others}, reason)


class ReadinessProbe:
    """Checks the database, on one of the connections that calls use, but never for long.

    Safe to use from many threads: they share one query.

    :param secret: fingerprint of the secret of this server; None if it may be another one.
    """

    def __init__(
        self,
        database: Database,
        secret: str | None = None,
        *,
        timeout: float = TIMEOUT,
        cache_seconds: float = CACHE_SECONDS,
    ) -> None:
        self._database = database
        self._secret = secret
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
        return self._store(self._result(query, now))

    def check(self) -> State:
        """Return the state now, within ``timeout`` seconds, without a line in the log."""
        with self._guard:
            now = time.monotonic()
            query = self._query(now)
        return self._result(query, now)

    def _result(self, query: tuple[float, Future[State]] | None, now: float) -> State:
        if query is None:
            return _failed("slow")
        sent_at, future = query
        try:
            return future.result(max(0.0, sent_at + self._timeout - now))
        except TimeoutError:
            return _failed("slow")

    def _query(self, now: float) -> tuple[float, Future[State]] | None:
        """Return the query that is running, or a new one; None if too many wait already."""
        self._queries = [query for query in self._queries if not query[1].done()]
        recent = [query for query in self._queries if now - query[0] < self._timeout]
        if recent:
            return recent[-1]
        if len(self._queries) >= MAX_WAITING:
            return None
        self._queries.append((now, self._threads.submit(_check, self._database, self._secret)))
        return self._queries[-1]

    def _store(self, state: State) -> State:
        with self._guard:
            was_ready = self._state is None or self._state.is_ready
            if was_ready and not state.is_ready:
                words = ", ".join(f"{name} {word}" for name, word in state.checks.items())
                log.error("Not ready: %s. %s", words, state.reason)
            elif not was_ready and state.is_ready:
                log.warning("Ready again")
            self._state, self._valid_until = state, time.monotonic() + self._cache_seconds
        return state


def _check(database: Database, secret: str | None) -> State:
    try:
        node, state = database.read(
            lambda connection: (
                database.dialect.cluster(connection),
                schema.read_state(connection),
            )
        )
    except Exception as error:
        original = getattr(error, "orig", None) or error
        reason = str(original).strip()
        if database.dialect.left_cluster(original):
            return _failed(OK, reason, cluster=_NOT_READY)
        return _failed("unreachable", reason)
    subject = Subject(database, state, secret, node)
    results = {name: check(subject) for name, check in CHECKS.items()}
    words = {name: word for name, (word, _) in results.items() if word}
    reason = " ".join(filter(None, (reason for _, reason in results.values())))
    return State({DATABASE: OK, **words}, reason)


def probe(service: Service) -> ReadinessProbe:
    """Return the probe of a service."""
    secret = None if service.settings.other_secret else service.keys.fingerprint
    return ReadinessProbe(service.database, secret)


def pages(probe: ReadinessProbe) -> dict[str, Page]:
    """Return the two pages by path."""

    def live(request: Request) -> Response:
        """Respond 200 as long as the process does; the database isn't asked."""
        return fresh(request, lambda: _status(True, {}))

    def ready(request: Request) -> Response:
        """Respond 200 if calls can be served, else 503, within about three seconds."""

        def respond() -> Response:
            state = probe.state()
            return _status(state.is_ready, state.checks)

        return fresh(request, respond)

    return {LIVE: live, READY: ready}


def _status(is_ok: bool, checks: Mapping[str, str]) -> Response:
    status = "ok" if is_ok else "failing"
    content = {"status": status, "checks": checks, "version": __version__}
    return Response(
        msgspec.json.encode(content), 200 if is_ok else 503, mimetype="application/json"
    )
