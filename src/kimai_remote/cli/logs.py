"""Where log lines go: the normal log to standard error, the audit log there or to its own file."""

from __future__ import annotations

import logging
import logging.config
import sys
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


_AUDIT_FORMAT = {"format": "%(asctime)s audit %(message)s"}


def _audit_handler(settings: Settings) -> dict[str, str]:
    if not settings.audit_log:
        return {"class": "logging.StreamHandler", "formatter": "audit"}
    return {
        "class": "logging.handlers.WatchedFileHandler",  # survives logrotate
        "filename": settings.audit_log,
        "encoding": "utf-8",
        "formatter": "audit",
    }


def configure_commands(settings: Settings) -> None:
    """Set up the audit log of a command. Where it is the terminal that the command was typed at,
    it would say again what is there already, and nobody would keep it."""
    if not settings.audit_log and sys.stderr.isatty():
        return
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"audit": _AUDIT_FORMAT},
            "handlers": {"audit": _audit_handler(settings)},
            "loggers": {
                "kimai_remote.audit": {"level": "INFO", "handlers": ["audit"], "propagate": False},
            },
        }
    )


def configure(settings: Settings) -> None:
    """Set up logging of this process. Several processes may append to one audit file."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
                "audit": _AUDIT_FORMAT,
            },
            "handlers": {
                "plain": {"class": "logging.StreamHandler", "formatter": "plain"},
                "audit": _audit_handler(settings),
            },
            "loggers": {
                "kimai_remote": {"level": "INFO", "handlers": ["plain"], "propagate": False},
                "kimai_remote.audit": {"level": "INFO", "handlers": ["audit"], "propagate": False},
            },
        }
    )
