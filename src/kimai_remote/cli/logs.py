"""Where log lines go: the normal log to standard error, the audit log there or to its own file."""

from __future__ import annotations

import logging
import logging.config
import sys
import threading
from pathlib import Path
from typing import Any

from ..config import PREFIX, Settings
from ..errors import ConfigurationError
from .log_lines import JsonLines, TextLines

log = logging.getLogger("kimai_remote")


def check(settings: Settings) -> None:
    """:raises ConfigurationError: the audit log can't be written."""
    if settings.audit_log:
        try:
            Path(settings.audit_log).open("ab").close()
        except OSError as error:
            raise ConfigurationError(
                f"The audit log {settings.audit_log} can't be written ({error.strerror}); see "
                f"{PREFIX}AUDIT_LOG."
            ) from None


def configure(settings: Settings) -> None:
    """Set up logging of this process. Several processes may append to one audit file."""
    logging.config.dictConfig(configuration(settings))
    logging.captureWarnings(True)
    sys.excepthook = lambda *error: log.critical("Uncaught", exc_info=error)
    threading.excepthook = _tell_of_thread


def configuration(settings: Settings) -> dict[str, Any]:
    """What :func:`logging.config.dictConfig` takes; can be given to other processes."""
    audit: dict[str, Any] = {"class": "logging.StreamHandler", "formatter": "audit"}
    if settings.audit_log:
        audit = {
            "class": "logging.handlers.WatchedFileHandler",  # survives logrotate
            "filename": settings.audit_log,
            "encoding": "utf-8",
            "delay": True,
            "formatter": "audit",
        }
    lines = JsonLines if settings.log_format == "json" else TextLines
    formats = {
        "plain": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        "audit": "%(asctime)s audit %(message)s",
        "access": "%(asctime)s access %(message)s",
    }
    # Audit and access lines have settings of their own, so the level doesn't take them away.
    own = {"level": "INFO", "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {name: {"()": lines, "format": text} for name, text in formats.items()},
        "handlers": {
            "plain": {"class": "logging.StreamHandler", "formatter": "plain"},
            "access": {"class": "logging.StreamHandler", "formatter": "access"},
            "audit": audit,
        },
        # Other packages may tell what they handle; what they say below a warning isn't wanted.
        "root": {"level": "WARNING", "handlers": ["plain"]},
        "loggers": {
            "kimai_remote": {"level": settings.log_level.upper()},
            "kimai_remote.audit": {"handlers": ["audit"], **own},
            "kimai_remote.access": {"handlers": ["access"], **own},
        },
    }


def _tell_of_thread(error: threading.ExceptHookArgs) -> None:
    if error.exc_value is not None and error.exc_type is not SystemExit:
        found = (error.exc_type, error.exc_value, error.exc_traceback)
        log.critical("Uncaught in a thread", exc_info=found)
