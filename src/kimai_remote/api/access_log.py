"""The access log: one line for each call, in the logger ``kimai_remote.access``."""

from __future__ import annotations

import logging

from .instrumentation import CallRecord, LogEvent

log = logging.getLogger("kimai_remote.access")


class AccessLog:
    """Logs who called what over which protocol, the outcome and the time it took.

    No parameter of a call is logged.
    """

    def on_start(self, call: CallRecord) -> None:
        """Nothing is logged before the outcome is known."""

    def on_end(self, call: CallRecord) -> None:
        log.info(
            LogEvent(
                method=call.method,
                protocol=call.protocol,
                outcome=call.outcome,
                ms=round(call.seconds * 1000, 2),
                **call.caller,
                **call.request_info.log_fields,
            )
        )
