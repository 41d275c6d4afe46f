"""The database as commands use it: opened, its schema checked, every change in the audit log."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from ..config import PREFIX, Settings
from ..errors import ConfigurationError
from ..server import logging
from ..server.bootstrap import open_database, with_autoconf
from ..storage import dialects, engine, schema
from ..storage.transactions import Database
from .output import reported

T = TypeVar("T")
Record = Mapping[str, Any]


@dataclass(frozen=True)
class AdminContext:
    """What commands work with."""

    database: Database
    settings: Settings

    @cached_property
    def zone(self) -> ZoneInfo:
        """The server's time zone."""
        return ZoneInfo(self.settings.timezone)

    def read(self, work: Callable[[Session], T]) -> T:
        """Look something up, in one transaction."""
        return self.database.run(work, writes=False)

    def change(
        self, command: str, work: Callable[[Session], Record], *, fields: Sequence[str] = ()
    ) -> Record:
        """Change something, in one transaction, and write it to the audit log.

        :param command: the command's words, without the program's name.
        :param work: returns the changed object, whose numbers are written.
        :param fields: names of what was given; never their values.
        """
        logging.check_audit_log(self.settings)
        record = self.database.run(work, writes=True)
        from ..api import audit_log  # loads what the protocols need
        from ..api.instrumentation import RequestInfo

        logging.configure_commands(self.settings)
        numbers = {
            name: value
            for name, value in record.items()
            if name.endswith("ID") and isinstance(value, int)
        }
        what = numbers | ({"fields": sorted(fields)} if fields else {})
        audit_log.record(
            "changed", RequestInfo("cli"), operator=operator(), method=command, what=what
        )
        return record

    def hash_password(self, password: str) -> str:
        """A password as it is stored: in the form of Kimai's PHP where that has to check it.

        :raises ConfigurationError: it has to, and its salt isn't known.
        """
        from ..tracking.credentials import Credentials, kimai_hash

        if not self.settings.shared_with_kimai:
            return Credentials(bytes(16)).hash_password(password)  # no key is made with that secret
        if not self.settings.password_salt:
            raise ConfigurationError(
                f"Kimai's PHP checks passwords with its salt. Set {PREFIX}PASSWORD_SALT to "
                f"$password_salt of its includes/autoconf.php, or {PREFIX}KIMAI_AUTOCONF to the "
                "file."
            )
        return kimai_hash(password, self.settings.password_salt)


@contextmanager
def open_admin() -> Iterator[AdminContext]:
    """The configured database; errors become a message and an exit status.

    Nobody else waits for a command, so its statements have no time limit.
    """
    with reported():
        settings = with_autoconf(Settings.from_environment(statement_timeout=0))
        _check_there(settings)
        database = open_database(settings)
        try:
            if schema.is_empty(database):
                raise ConfigurationError(
                    f"There are no tables {database.prefix}… in {database.name} yet; "
                    "'kimai-remote serve' creates them."
                )
            schema.check(database)
            yield AdminContext(database, settings)
        finally:
            database.close()


def operator() -> str:
    """Who runs the command: the user of the operating system."""
    try:
        import pwd  # not on Windows

        return pwd.getpwuid(os.getuid()).pw_name
    except ImportError:
        return getpass.getuser()
    except KeyError:
        return f"uid {os.getuid()}"


def _check_there(settings: Settings) -> None:
    """Looking for a database must not make the file of one."""
    url = engine.parse(settings.url)
    path = dialects.for_url(url).file(url)
    if path and not str(path).startswith("file:") and not path.exists():
        raise ConfigurationError(
            f"There is no database {path}; 'kimai-remote serve' creates it. Others are named "
            f"by {PREFIX}DATA_DIR or {PREFIX}DATABASE_URL."
        )
