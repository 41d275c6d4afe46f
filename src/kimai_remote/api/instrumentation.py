"""The record of each call, passed to observers that log or count calls.

Every call of a method is recorded, over whatever protocol and within a batch too, and so is every
request that names no method. Observers need not know methods or protocols by name.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..errors import Outcome

#: Stand for the name of the method where there is none: the request can't be understood, or names
#: no method of ours. Words of a client never become a name.
MALFORMED = "malformed"
UNKNOWN = "unknown"

#: Characters of a text that are logged.
LONGEST_TEXT = 160


class LogEvent(dict[str, Any]):
    """The message of a log record, as data: None and empty texts are left out, long texts cut."""

    def __init__(self, **details: Any) -> None:
        super().__init__(
            (name, value[:LONGEST_TEXT] if isinstance(value, str) else value)
            for name, value in details.items()
            if value not in (None, "")
        )

    def __str__(self) -> str:
        # In ASCII, so that a name can't move the cursor or begin a line of its own.
        return json.dumps(self)


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """ID and origin of a request."""

    #: IP address of the client.
    address: str = ""
    #: ID of the request, which the client is sent as X-Request-Id.
    request_id: str = ""

    @property
    def log_fields(self) -> dict[str, str]:
        return {"from": self.address, "request": self.request_id}


@dataclass(slots=True)
class CallRecord:
    """One call, for logs and metrics. It starts as a request that can't be understood."""

    protocol: str
    request_info: RequestInfo
    #: Name of one of the service's methods, MALFORMED or UNKNOWN.
    method: str = MALFORMED
    #: None until the call has ended.
    outcome: Outcome | None = None
    #: ``user`` or ``customer`` with the name, where the caller is known.
    caller: Mapping[str, str] = field(default_factory=dict)
    #: Time until the response was complete.
    seconds: float = 0.0


class Observer(Protocol):
    """Is told of all calls, in the threads that run them. It must not raise."""

    def on_start(self, call: CallRecord) -> None:
        """Only protocol and request_info are known."""

    def on_end(self, call: CallRecord) -> None:
        """Everything is known."""


@contextmanager
def observe(
    observers: Sequence[Observer], protocol: str, request_info: RequestInfo
) -> Iterator[CallRecord]:
    """Record one call; the block fills in what becomes known of it."""
    call = CallRecord(protocol, request_info)
    for observer in observers:
        observer.on_start(call)
    started = time.perf_counter()
    try:
        yield call
    finally:
        call.seconds = time.perf_counter() - started
        call.outcome = call.outcome or Outcome.FAULT
        for observer in observers:
            observer.on_end(call)
