"""``/metrics`` for Prometheus: calls, how long they took, the database's connections, processes.

A server adds up the figures of all its processes (``server.metrics_multiprocess`` keeps them).
Labels are names of the service's own; no name of a user and no word of a client is in any of them.
"""

from __future__ import annotations

import functools
import hmac
import ipaddress
import os
import platform
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from werkzeug import Request, Response
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from .. import __version__
from ..api.execution import Service
from ..api.instrumentation import CallRecord
from ..config import Settings
from ..errors import Outcome
from .health import METRICS
from .responses import Page, fresh

#: Seconds; calls take milliseconds, or as long as a lock or the database lets them wait.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class ProcessFiles(Protocol):
    """The metrics of all processes of a server, in one folder."""

    path: Path

    def settled(self) -> AbstractContextManager[Sequence[int]]:
        """Context with the IDs of living processes, in which no files of others change."""


class Metrics:
    """Measures calls as an observer, and writes all metrics in Prometheus' format."""

    def __init__(self, service: Service, files: ProcessFiles | None = None) -> None:
        self._files = files
        self._registry = registry = CollectorRegistry()
        self._calls = Counter(
            "kimai_remote_calls",
            "Completed calls.",
            ["method", "protocol", "outcome"],
            registry=registry,
        )
        self._durations = Histogram(
            "kimai_remote_call_duration_seconds",
            "Time until the response to a call was complete.",
            ["method", "protocol"],
            buckets=BUCKETS,
            registry=registry,
        )
        self._in_progress = Gauge(
            "kimai_remote_calls_in_progress",
            "Calls in progress.",
            ["protocol"],
            multiprocess_mode="livesum",
            registry=registry,
        )
        # What is looked up for each call; there are no more of them than methods and outcomes.
        self._of_protocol = functools.cache(self._in_progress.labels)
        self._of_call = functools.cache(self._find)
        self._measure_pool(service)

    def _measure_pool(self, service: Service) -> None:
        def gauge(name: str, text: str) -> Gauge:
            return Gauge(
                f"kimai_remote_database_{name}",
                text,
                multiprocess_mode="livesum",
                registry=self._registry,
            )

        size = service.database.pool_size
        gauge("pool_size", "Database connections that are kept open.").set(size)
        in_use = gauge("connections_in_use", "Database connections that calls are using.")
        overflow = gauge("connections_overflow", "Those in use beyond the size of the pool.")

        excess = 0

        def changed(connections: int) -> None:
            nonlocal excess
            in_use.set(connections)
            before, excess = excess, max(0, connections - size)
            if excess != before:
                overflow.set(excess)

        in_use.set(0)
        overflow.set(0)
        service.database.watch_connections(changed)

    def _find(self, method: str, protocol: str, outcome: Outcome) -> tuple[Counter, Histogram]:
        counter = self._calls.labels(method, protocol, outcome.value)
        return counter, self._durations.labels(method, protocol)

    def on_start(self, call: CallRecord) -> None:
        self._of_protocol(call.protocol).inc()

    def on_end(self, call: CallRecord) -> None:
        self._of_protocol(call.protocol).dec()
        counter, histogram = self._of_call(
            call.method, call.protocol, call.outcome or Outcome.FAULT
        )
        counter.inc()
        histogram.observe(call.seconds)

    def pages(self, settings: Settings) -> dict[str, Page]:
        """Return the page at ``/metrics`` by its path."""

        def page(request: Request) -> Response:
            authorize_metrics(request, settings)

            def respond() -> Response:
                content, content_type = self.write(request.headers.get("Accept", ""))
                return Response(content, content_type=content_type)

            return fresh(request, respond)

        return {METRICS: page}

    def write(self, accept: str) -> tuple[bytes, str]:
        """All figures, and their content type.

        :param accept: what the reader's ``Accept`` header asks for.
        """
        encode, content_type = choose_encoder(accept)
        if self._files is None:
            return encode(_Together([self._registry, _Processes([os.getpid()])])), content_type
        with self._files.settled() as processes:
            figures = MultiProcessCollector(None, str(self._files.path))
            return encode(_Together([figures, _Processes(processes)])), content_type


class _Together:
    """Several collectors as what an encoder takes for a registry."""

    def __init__(self, collectors: Iterable[object]) -> None:
        self._collectors = collectors

    def collect(self) -> Iterator[Metric]:
        for collector in self._collectors:
            yield from collector.collect()  # type: ignore[attr-defined]


class _Processes:
    """Which program this is, and what each of its processes takes."""

    def __init__(self, processes: Iterable[int]) -> None:
        self._processes = processes

    def collect(self) -> Iterator[Metric]:
        build = Metric("kimai_remote_build_info", "What is running.", "gauge")
        labels = {"version": __version__, "python": platform.python_version()}
        build.add_sample(build.name, labels, 1)
        yield build
        families: dict[str, Metric] = {}
        for process in self._processes:
            for family in _of_process(process):
                whole = families.setdefault(
                    family.name, Metric(family.name, family.documentation, family.type)
                )
                for sample in family.samples:
                    whole.add_sample(sample.name, {"pid": str(process)}, sample.value)
        yield from families.values()


def _of_process(process: int) -> Iterable[Metric]:
    return ProcessCollector(pid=lambda: process, registry=None).collect()


#: Headers that only proxies send.
_FORWARDING = ("X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via", "X-Forwarded-Host")


def authorize_metrics(request: Request, settings: Settings) -> None:
    """:raises Unauthorized: the token is missing or wrong.
    :raises Forbidden: there is no token, and the reader isn't in one of the networks.
    """
    if settings.metrics_token:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        is_right = hmac.compare_digest(token.strip().encode(), settings.metrics_token.encode())
        if scheme.lower() == "bearer" and is_right:
            return
    if _is_near(request, settings):
        return
    if settings.metrics_token:
        raise Unauthorized(
            "Send the metrics token as a bearer token.",
            www_authenticate=WWWAuthenticate("bearer"),
        )
    raise Forbidden("The settings metrics_from and metrics_token say who may read this.")


def _is_near(request: Request, settings: Settings) -> bool:
    # From a proxy that nobody declared, or past one that was: then the address is that of a proxy
    # and says nothing of who is behind it.
    forwarded = request.headers.get("X-Forwarded-For", "")
    hops = len(forwarded.split(",")) if forwarded.strip() else 0
    is_forwarded = any(name in request.headers for name in _FORWARDING)
    if is_forwarded and (not settings.trusted_proxies or hops < settings.trusted_proxies):
        return False
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in network for network in settings.metrics_networks)
