"""The supported databases. A new one is a module here and an entry in :data:`DIALECTS`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL

from ...errors import ConfigurationError
from .base import LOCK_TIMEOUT, ClusterState, Dialect, Failure, retry_window
from .mariadb import MariaDB
from .postgresql import PostgreSQL
from .sqlite import SQLite

__all__ = [
    "DIALECTS",
    "LOCK_TIMEOUT",
    "ClusterState",
    "Dialect",
    "Failure",
    "for_url",
    "of",
    "retry_window",
]

DIALECTS: tuple[Dialect, ...] = (SQLite(), PostgreSQL(), MariaDB())
_BY_SCHEME = {scheme: dialect for dialect in DIALECTS for scheme in dialect.drivers}


def for_url(url: URL) -> Dialect:
    """Return the dialect of a database URL.

    :raises ConfigurationError: the database isn't supported.
    """
    scheme = url.get_backend_name()
    if scheme not in _BY_SCHEME:
        raise ConfigurationError(
            f"Databases of type {scheme!r} are not supported. The database URL begins with "
            "sqlite://, postgresql:// or mariadb://."
        )
    return _BY_SCHEME[scheme]


def of(bind: Any) -> Dialect:
    """Return the dialect of an SQLAlchemy engine or connection."""
    return _BY_SCHEME[bind.dialect.name]
