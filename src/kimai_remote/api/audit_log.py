"""The audit log: who logged in, was refused or changed what, when and from where.

Each event is one line of JSON in the logger ``kimai_remote.audit``. No password, no key and no text
of an entry is ever in it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from .instrumentation import Event, RequestInfo

log = logging.getLogger("kimai_remote.audit")


def record(event: str, request_info: RequestInfo, **details: Any) -> None:
    """Write one event.

    :param details: what is known of it; None is left out.
    """
    if log.isEnabledFor(logging.INFO):
        log.info(Event(event=event, **details, **request_info.details))


def summary(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What a change was about: numbers as they are, of records only the names of the fields."""
    what: dict[str, Any] = {}
    for name, value in arguments.items():
        if isinstance(value, dict):
            numbers = {key: value[key] for key in ("id", "timeEntryID") if key in value}
            what[name] = {**numbers, "fields": sorted(value)}
        elif isinstance(value, bool | int):
            what[name] = value
    return what
