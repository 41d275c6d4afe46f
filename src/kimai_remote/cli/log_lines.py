"""The two forms of a log line. No text of a client can begin a line of its own in either."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from ..api.events import Event

#: Characters that move the cursor, end a line, or begin an escape sequence of a terminal.
_CONTROLS = {
    number: f"\\x{number:02x}" for number in (*range(32), *range(127, 160)) if number != 10
} | {0x2028: "\\u2028", 0x2029: "\\u2029"}


class TextLines(logging.Formatter):
    """A line for people; of a traceback, each line but the first is indented."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's name)
        record.message = _tame(record.message).replace("\n", "\\n")
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 (logging's name)
        return _tame(super().formatException(ei)).replace("\n", "\n  ")


class JsonLines(logging.Formatter):
    """One JSON object in ASCII a line; a traceback is one member of it."""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": when.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
        }
        if isinstance(record.msg, Event):
            line |= record.msg
        else:
            line["message"] = record.getMessage()
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def _tame(text: str) -> str:
    return text.translate(_CONTROLS)
