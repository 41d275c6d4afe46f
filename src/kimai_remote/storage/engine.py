"""SQLAlchemy engines: the database URL, the pool, the prefix of table names.

What is particular to one kind of database is in :mod:`.dialects`.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy
from sqlalchemy import URL, Engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from ..errors import ConfigurationError
from . import dialects
from .dialects import LOCK_TIMEOUT, Failure
from .models import PREFIX_TOKEN


class DriverMissing(ConfigurationError):
    """The driver of a database isn't installed.

    :ivar extra: the extra of this package that installs it.
    """

    def __init__(self, url: URL, error: Exception, extra: str | None) -> None:
        super().__init__(f"The driver for {url.drivername} is missing ({error}).")
        self.extra = extra


def parse(text: str) -> URL:
    """Read a database URL.

    :raises ConfigurationError: it isn't one, or the database isn't supported.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        raise ConfigurationError(
            "The database URL can't be read. It looks like sqlite:////var/lib/kimai.sqlite3, "
            "postgresql://user:password@host/name or mariadb://user:password@host/name."
        ) from None
    if "@" in (url.host or ""):
        raise ConfigurationError(
            "The database URL has more than one @. In its user name and password write %40 for @, "
            "%2F for / and %3A for a colon."
        )
    if "\0" in (url.database or ""):
        raise ConfigurationError("The database URL has a NUL character in the database's name.")
    return dialects.for_url(url).with_driver(url)


def create(
    url: URL, prefix: str, *, pool_size: int, statement_timeout: int, read_only: bool = False
) -> Engine:
    """Create an engine; no connection is made yet.

    :param statement_timeout: seconds that a statement may take; 0 sets no limit.
    :param read_only: nothing can be changed; an SQLite file that doesn't exist isn't created.
    :raises DriverMissing: the driver isn't installed.
    :raises ConfigurationError: the URL can't be used.
    """
    dialect = dialects.for_url(url)
    limits: dict[str, Any] = {"statement_timeout": statement_timeout, "read_only": read_only}
    try:
        engine = sqlalchemy.create_engine(
            dialect.connect_url(url, read_only=read_only),
            pool_size=pool_size,
            max_overflow=2,
            pool_timeout=LOCK_TIMEOUT,
            # The connection used last: its statements are prepared.
            pool_use_lifo=True,
            # Every transaction is ended before its connection is returned.
            pool_reset_on_return=None,
            # Errors are logged; parameters may be an API key or the text of an entry.
            hide_parameters=True,
            execution_options={"prefix": prefix},  # for models.real_name
            **dialect.engine_options(**limits),
        )
    except (NoSuchModuleError, ImportError) as error:
        raise DriverMissing(url, error, dialect.extra) from None

    _set_prefix(engine, prefix)

    @event.listens_for(engine, "handle_error")
    def drop_lost_connection(context: Any) -> None:
        if dialect.failure(context.original_exception) is Failure.LOST_CONNECTION:
            context.is_disconnect = True

    dialect.add_listeners(engine, **limits)
    return engine


def _set_prefix(engine: Engine, prefix: str) -> None:
    """Have names of tables and indexes get their prefix when a statement is compiled."""
    dialect = engine.dialect

    class Preparer(dialect.preparer):  # type: ignore[name-defined]
        def quote_identifier(self, value: str) -> str:
            return super().quote_identifier(value.replace(PREFIX_TOKEN, prefix))  # type: ignore[no-any-return]

    # The dialect makes another one when it has seen the server's settings.
    dialect.preparer = Preparer
    dialect.identifier_preparer = Preparer(dialect)
