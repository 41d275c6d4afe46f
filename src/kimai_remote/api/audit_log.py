"""The audit log: who logged in, was refused or changed what, when and from where.

Each event is one line of JSON in the logger ``kimai_remote.audit``. No password, API key or text of
an entry is ever logged.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from .instrumentation import LogEvent, RequestInfo

log = logging.getLogger("kimai_remote.audit")


def record(event: str, request_info: RequestInfo, **details: Any) -> None:
    """Log one event.

    :param details: fields of the event; None is left out.
    """
    if log.isEnabledFor(logging.INFO):
        log.info(LogEvent(event=event, **details, **request_info.log_fields))


def summary(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Summarize the parameters of a change: IDs and flags as they are, of records the fields."""
    parameters: dict[str, Any] = {}
    for name, value in arguments.items():
        if isinstance(value, dict):
            ids = {key: value[key] for key in ("id", "timeEntryID") if key in value}
            parameters[name] = {**ids, "fields": sorted(value)}
        elif isinstance(value, bool | int):
            parameters[name] = value
    return parameters
