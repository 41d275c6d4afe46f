"""Context of a command: the database, and the audit log of its changes."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from ..config import PREFIX, Settings, load_settings
from ..errors import ConfigurationError
from ..server import logging
from ..server.bootstrap import open_database, with_autoconf
from ..storage import dialects, engine, schema
from ..storage.transactions import Database
from .error_messages import reported

T = TypeVar("T")
Record = Mapping[str, Any]


@dataclass(frozen=True)
class AdminContext:
    """The database and the settings that a command works with."""

    database: Database
    settings: Settings

    @cached_property
    def zone(self) -> ZoneInfo:
        """The server's time zone."""
        return ZoneInfo(self.settings.timezone)

    def local_time(self, seconds: int | None) -> str | None:
        """Return a time in the server's time zone.

        :param seconds: since 1970, or None.
        """
        if seconds is None:
            return None
        return f"{datetime.fromtimestamp(seconds, self.zone):%Y-%m-%d %H:%M} ({self.zone.key})"

    def read(self, work: Callable[[Session], T]) -> T:
        """Run a function that reads, in one transaction."""
        return self.database.run(work, writes=False)

    def change(
        self, command: str, work: Callable[[Session], Record], *, fields: Sequence[str] = ()
    ) -> Record:
        """Run a function that writes, in one transaction, and log it in the audit log.

        :param command: the command's words, without the program's name.
        :param work: returns the changed object, whose IDs are logged, as are those of time entries
            that were stopped.
        :param fields: names of the fields that were given; their values are never logged.
        """
        logging.check_audit_log(self.settings)
        record = self.database.run(work, writes=True)
        from ..api import audit_log
        from ..api.instrumentation import RequestInfo

        logging.configure_commands(self.settings)
        ids = {
            name: value
            for name, value in record.items()
            if name.endswith("ID") and isinstance(value, int)
        }
        stopped = {"stopped": record["stopped"]} if record.get("stopped") else {}
        what = ids | stopped | ({"fields": sorted(fields)} if fields else {})
        audit_log.record(
            "changed", RequestInfo("cli"), operator=operator(), method=command, what=what
        )
        return record

    def hash_password(self, password: str) -> str:
        """Return the hash of a password, in Kimai's form if Kimai's PHP must be able to check it.

        :raises ConfigurationError: it must, and its salt isn't configured.
        """
        from ..tracking.passwords import PasswordHasher, kimai_hash

        if not self.settings.shared_with_kimai:
            return PasswordHasher().hash(password)
        if not self.settings.password_salt:
            raise ConfigurationError(
                f"Kimai's PHP checks passwords with its salt. Set {PREFIX}PASSWORD_SALT to "
                f"$password_salt of its includes/autoconf.php, or {PREFIX}KIMAI_AUTOCONF to the "
                "file."
            )
        return kimai_hash(password, self.settings.password_salt)


@contextmanager
def open_admin() -> Iterator[AdminContext]:
    """Open the configured database; errors become a message and an exit status.

    Statements have no time limit, since no client waits for a command.
    """
    with reported():
        settings = with_autoconf(load_settings(statement_timeout=0))
        _check_there(settings)
        database = open_database(settings)
        try:
            schema.check(database)
            yield AdminContext(database, settings)
        finally:
            database.close()


def operator() -> str:
    """Return the user of the operating system who runs the command."""
    try:
        import pwd  # not on Windows

        return pwd.getpwuid(os.getuid()).pw_name
    except ImportError:
        return getpass.getuser()
    except KeyError:
        return f"uid {os.getuid()}"


def _check_there(settings: Settings) -> None:
    """Connecting would create the file of an SQLite database."""
    url = engine.parse(settings.url)
    path = dialects.for_url(url).file(url)
    if path and not str(path).startswith("file:") and not path.exists():
        raise ConfigurationError(
            f"There is no database {path}; 'kimai-remote serve' creates it. Others are named "
            f"by {PREFIX}DATA_DIR or {PREFIX}DATABASE_URL."
        )
