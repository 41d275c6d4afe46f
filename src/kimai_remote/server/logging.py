"""Configuration of the logs, and the two formats of a log line."""

from __future__ import annotations

import json
import logging
import logging.config
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..api.instrumentation import LogEvent
from ..config import PREFIX, Settings
from ..errors import ConfigurationError

log = logging.getLogger("kimai_remote")


def check_audit_log(settings: Settings) -> None:
    """:raises ConfigurationError: the audit log can't be written."""
    if settings.audit_log:
        try:
            Path(settings.audit_log).open("ab").close()
        except OSError as error:
            raise ConfigurationError(
                f"The audit log {settings.audit_log} can't be written ({error.strerror}); see "
                f"{PREFIX}AUDIT_LOG."
            ) from None


_AUDIT_FORMAT = "%(asctime)s audit %(message)s"


def _audit_handler(settings: Settings) -> dict[str, Any]:
    if not settings.audit_log:
        return {"class": "logging.StreamHandler", "formatter": "audit"}
    return {
        "class": "logging.handlers.WatchedFileHandler",  # survives logrotate
        "filename": settings.audit_log,
        "encoding": "utf-8",
        "delay": True,
        "formatter": "audit",
    }


def configure_commands(settings: Settings) -> None:
    """Set up the audit log of a command, but not on the terminal that the command was typed at."""
    if not settings.audit_log and sys.stderr.isatty():
        return
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"audit": _formatter(settings, _AUDIT_FORMAT)},
            "handlers": {"audit": _audit_handler(settings)},
            "loggers": {
                "kimai_remote.audit": {"level": "INFO", "handlers": ["audit"], "propagate": False},
            },
        }
    )


def configure(settings: Settings) -> None:
    """Set up logging of this process. Several processes may append to one audit file."""
    logging.config.dictConfig(dict_config(settings))
    logging.captureWarnings(True)
    sys.excepthook = lambda *error: log.critical("Uncaught", exc_info=error)
    threading.excepthook = _log_thread_error


def dict_config(settings: Settings) -> dict[str, Any]:
    """Return the argument of :func:`logging.config.dictConfig`; it can be pickled."""
    formats = {
        "plain": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        "access": "%(asctime)s access %(message)s",
    }
    # Audit and access lines have settings of their own, so the level doesn't take them away.
    own = {"level": "INFO", "propagate": False}
    formatters = {name: _formatter(settings, text) for name, text in formats.items()}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": formatters | {"audit": _formatter(settings, _AUDIT_FORMAT)},
        "handlers": {
            "plain": {"class": "logging.StreamHandler", "formatter": "plain"},
            "access": {"class": "logging.StreamHandler", "formatter": "access"},
            "audit": _audit_handler(settings),
        },
        # Other packages log what they handle; below a warning that isn't wanted.
        "root": {"level": "WARNING", "handlers": ["plain"]},
        "loggers": {
            "kimai_remote": {"level": settings.log_level.upper()},
            "kimai_remote.audit": {"handlers": ["audit"], **own},
            "kimai_remote.access": {"handlers": ["access"], **own},
        },
    }


def _formatter(settings: Settings, text: str) -> dict[str, Any]:
    return {"()": JsonLines if settings.log_format == "json" else TextLines, "format": text}


def _log_thread_error(error: threading.ExceptHookArgs) -> None:
    if error.exc_value is not None and error.exc_type is not SystemExit:
        exception = (error.exc_type, error.exc_value, error.exc_traceback)
        log.critical("Uncaught in a thread", exc_info=exception)


#: Characters that move the cursor, end a line, or begin an escape sequence of a terminal.
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if code != 10} | {
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}


class TextLines(logging.Formatter):
    """A line for people; of a traceback, each line but the first is indented."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's name)
        record.message = _escape_controls(record.message).replace("\n", "\\n")
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 (logging's name)
        return _escape_controls(super().formatException(ei)).replace("\n", "\n  ")


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
        if isinstance(record.msg, LogEvent):
            line |= record.msg
        else:
            line["message"] = record.getMessage()
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def _escape_controls(text: str) -> str:
    return text.translate(_CONTROLS)
