"""The access log: one line for each call, in the logger ``kimai_remote.access``."""

from __future__ import annotations

import logging

from .instrumentation import CallRecord, Event

log = logging.getLogger("kimai_remote.access")


class AccessLog:
    """Writes a line for each call: who, what, over which protocol, how it ended, how long it
    took. No parameter of a call is in it."""

    def on_start(self, call: CallRecord) -> None:
        """Nothing is written before the end is known."""

    def on_end(self, call: CallRecord) -> None:
        log.info(
            Event(
                method=call.method,
                protocol=call.protocol,
                outcome=call.outcome.value,
                ms=round(call.seconds * 1000, 2),
                **call.caller,
                **call.request_info.details,
            )
        )
