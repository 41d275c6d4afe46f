"""What is known of each call once it is answered, told to whoever counts or logs calls.

Each call of a method passes here, over whatever protocol and within a batch too, and so does each
request that names no method. Nobody else has to know the methods or the protocols by name.
"""

from __future__ import annotations

import enum
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

#: Stand for the name of the method where there is none: the request can't be understood, or asks
#: for a method that there isn't. A client's own words are never taken for a name.
MALFORMED = "malformed"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """Where a call came from."""

    #: Network address of the client.
    address: str = ""
    #: Number of the request, which the client sees too.
    request_id: str = ""

    @property
    def details(self) -> dict[str, str]:
        """As it is logged."""
        return {"from": self.address, "request": self.request_id}


class Outcome(enum.StrEnum):
    """How a call ended."""

    #: An answer with ``success: true``, or a plain value.
    SUCCESS = "success"
    #: An answer with ``success: false``: the call can't be carried out as asked.
    FAILURE = "failure"
    #: No such user, wrong key, missing right.
    REFUSED = "refused"
    #: Not a call: malformed, no such method, parameters that don't fit.
    INVALID = "invalid"
    #: The database could not serve it; the same call may work a moment later.
    UNAVAILABLE = "unavailable"
    #: A defect, whose traceback is in the log.
    FAULT = "fault"


@dataclass(slots=True)
class CallRecord:
    """One call; what isn't known yet has the value for a request that can't be understood."""

    protocol: str
    request_info: RequestInfo
    #: Name of one of the service's methods, MALFORMED or UNKNOWN.
    method: str = MALFORMED
    outcome: Outcome = Outcome.INVALID
    #: ``user`` or ``customer`` with the name, where the caller is known.
    caller: Mapping[str, str] = field(default_factory=dict)
    #: How long it took until the answer was complete.
    seconds: float = 0.0


class Observer(Protocol):
    """Is told of all calls, in the threads that answer them. It must not raise."""

    def on_start(self, call: CallRecord) -> None:
        """Only protocol and request_info are known."""

    def on_end(self, call: CallRecord) -> None:
        """All is known."""


@contextmanager
def observing(
    observers: Sequence[Observer], protocol: str, request_info: RequestInfo
) -> Iterator[CallRecord]:
    """Observe one call; the block fills in what becomes known of it."""
    call = CallRecord(protocol, request_info)
    for observer in observers:
        observer.on_start(call)
    begun = time.perf_counter()
    try:
        yield call
    finally:
        call.seconds = time.perf_counter() - begun
        for observer in observers:
            observer.on_end(call)


#: Characters of a text that are written.
LONGEST = 160


class Event(dict[str, Any]):
    """The message of a log record. What isn't known is left out, long texts are cut off."""

    def __init__(self, **details: Any) -> None:
        super().__init__(
            (name, value[:LONGEST] if isinstance(value, str) else value)
            for name, value in details.items()
            if value not in (None, "")
        )

    def __str__(self) -> str:
        # In ASCII, so that a name can't move the cursor or begin a line of its own.
        return json.dumps(self)
