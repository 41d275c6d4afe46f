"""Which database the settings name: directly, or by Kimai's autoconf.php."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from ..config import Settings
from ..errors import ConfigurationError
from ..storage.database import Database
from ..storage.kimai1 import autoconf


def open_database(settings: Settings) -> Database:
    """The database that the settings name, which may not exist yet.

    :raises ConfigurationError: its URL or driver is wrong.
    """
    if not settings.database_url:
        make_directory(settings.data_dir)
    return Database(
        settings.url,
        settings.table_prefix,
        pool_size=settings.threads,  # none of them waits for another one's connection
        statement_timeout=settings.statement_timeout,
    )


def make_directory(path: Path) -> None:
    """Make the data directory, for its owner alone.

    :raises ConfigurationError: it can't be made.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"The directory {path} can't be made ({error.strerror}); see --data-dir."
        ) from None


def with_autoconf(settings: Settings) -> Settings:
    """The settings with what Kimai's autoconf.php says, where one is named; what is set wins.

    :raises ConfigurationError: the file can't be read or understood.
    """
    if not settings.kimai_autoconf:
        return settings
    kimai = autoconf.read(settings.kimai_autoconf)
    usual = Settings()
    found = {
        "database_url": kimai.url,
        "table_prefix": kimai.prefix,
        "password_salt": kimai.salt,
        "timezone": kimai.timezone or usual.timezone,
    }
    unset = {
        name: value
        for name, value in found.items()
        if getattr(settings, name) == getattr(usual, name)
    }
    # Kimai is still there: its users' passwords stay in the form that it can check.
    shared = settings.shared_with_kimai or "database_url" in unset
    return dataclasses.replace(settings, **unset, shared_with_kimai=shared)  # type: ignore[arg-type]
