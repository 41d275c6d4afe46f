"""SQLAlchemy engines: the database URL, the pool, the prefix of table names.

What is particular to one kind of database is in :mod:`.dialects`.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, unquote

import sqlalchemy
from sqlalchemy import URL, Engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from ..config.loading import mask_query
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
        url = read_url(text)
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
    dialect = dialects.for_url(url)
    if "," in url.query.get("host", "") and not dialect.has_host_lists:
        raise ConfigurationError("Only a database URL of PostgreSQL can have several hosts.")
    return dialect.with_driver(url)


#: A URL with a list of hosts; an @ behind it would mean that the list is a part of the password.
_WITH_HOSTS = re.compile(r"([\w+]+://(?:[^@/?]*@)?)([^@/?]*,[^@/?]*)((?:[/?][^@]*)?)")
#: A host, or an IPv6 address in brackets, and a port.
_HOST = re.compile(r"(?:\[([^][]+)]|([^][:\s]+))(?::(\d{1,5}))?")

_MALFORMED_HOSTS = (
    "The hosts of the database URL can't be read. Several hosts look like "
    "postgresql://user:password@host1:5432,host2:5432/name. Elsewhere in it write %40 for @, %2F "
    "for / and %3F for a question mark."
)


def read_url(text: str) -> URL:
    """Read a URL that may have several hosts, in libpq's forms or SQLAlchemy's.

    They are host and port of its query then, as lists with commas: ``?host=h1,h2&port=5432,5433``.

    :raises ArgumentError: it isn't a URL.
    :raises ValueError: it isn't a URL.
    :raises ConfigurationError: the hosts can't be read.
    """
    match = _WITH_HOSTS.fullmatch(text)
    url = make_url(match[1] + match[3] if match else text)
    given, ports = url.query.get("host", ""), str(url.query.get("port", "")).split(",")
    if match or not isinstance(given, str):
        if ports != [""] or url.host or (match and given):
            raise ConfigurationError(_MALFORMED_HOSTS)
        listed = match[2].split(",") if match else given
        parts = [_HOST.fullmatch(unquote(each)) for each in listed]
        hosts = [part[1] or part[2] for part in parts if part]
        ports = [part[3] or "" for part in parts if part]
        is_valid = len(hosts) == len(parts)
    elif "," in given:
        if url.host:
            raise ConfigurationError(_MALFORMED_HOSTS)
        hosts = given.split(",")
        ports *= len(hosts) if len(ports) == 1 else 1
        is_valid = len(hosts) == len(ports)
    elif "," in (url.host or "") or len(ports) > 1:  # a list beside an @ or / that isn't escaped
        raise ConfigurationError(_MALFORMED_HOSTS)
    else:
        return url
    if not is_valid:
        raise ConfigurationError(_MALFORMED_HOSTS)
    return url.update_query_dict({"host": ",".join(hosts), "port": ",".join(ports)})


def masked(url: URL) -> str:
    """Return a URL of :func:`read_url` as people write it, without its passwords."""
    hosts = ""
    if "," in url.query.get("host", ""):
        query = dict(url.query)
        names, ports = str(query.pop("host")).split(","), str(query.pop("port")).split(",")
        hosts = ",".join(
            (f"[{name}]" if ":" in name else quote(name, safe="")) + (f":{port}" if port else "")
            for name, port in zip(names, ports, strict=True)
        )
        url = url.set(host=None, port=None, query=query)
    text = url.render_as_string(hide_password=True)
    before, mark, after = text.partition("://" if url.username is None else "@")
    return mask_query(f"{before}{mark}{hosts}{after}")


def create(
    url: URL,
    prefix: str,
    *,
    pool_size: int,
    statement_timeout: int,
    pooler: str = "none",
    read_only: bool = False,
) -> Engine:
    """Create an engine; no connection is made yet.

    :param statement_timeout: seconds that a statement may take; 0 sets no limit.
    :param pooler: mode of a pooler in front of the server: none, session or transaction.
    :param read_only: nothing can be changed; an SQLite file that doesn't exist isn't created.
    :raises DriverMissing: the driver isn't installed.
    :raises ConfigurationError: the URL can't be used.
    """
    dialect = dialects.for_url(url)
    limits: dict[str, Any] = {"statement_timeout": statement_timeout, "read_only": read_only}
    if pooler != "none":
        if not dialect.has_poolers:
            raise ConfigurationError("The setting database_pooler is for PostgreSQL only.")
        limits["pooler"] = pooler
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
