"""Where log lines go: the normal log to standard error, the audit log there or to its own file."""

from __future__ import annotations

import logging
import logging.config
from pathlib import Path

from ..config import PREFIX, Settings
from ..errors import ConfigurationError


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
    audit = {"class": "logging.StreamHandler", "formatter": "audit"}
    if settings.audit_log:
        audit = {
            "class": "logging.handlers.WatchedFileHandler",  # survives logrotate
            "filename": settings.audit_log,
            "encoding": "utf-8",
            "formatter": "audit",
        }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
                "audit": {"format": "%(asctime)s audit %(message)s"},
            },
            "handlers": {
                "plain": {"class": "logging.StreamHandler", "formatter": "plain"},
                "audit": audit,
            },
            "loggers": {
                "kimai_remote": {"level": "INFO", "handlers": ["plain"], "propagate": False},
                "kimai_remote.audit": {"level": "INFO", "handlers": ["audit"], "propagate": False},
            },
        }
    )
