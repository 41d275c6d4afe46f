"""Backups of an SQLite database while it is served."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from ..errors import ConfigurationError
from .dialects import sqlite
from .transactions import Database


class ServerDatabase(ConfigurationError):
    """The database is a server's.

    :ivar dump_program: the server's own program for backups.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(f"{database.name} isn't SQLite.")
        self.dump_program = database.dialect.dump_program


def backup(database: Database, target: Path, *, overwrite: bool = False) -> int:
    """Copy the database in one state; calls are served meanwhile.

    The file appears under its name only when it is complete and checked.

    :returns: its size in bytes.
    :raises ServerDatabase: the database isn't a file.
    :raises ConfigurationError: the target exists already or can't be written.
    """
    path = database.file
    if path is None:
        raise ServerDatabase(database)
    if not path.exists():
        raise ConfigurationError(f"There is no database {path}.")
    if target.exists() and not overwrite:
        raise ConfigurationError(f"{target} exists already.")
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        draft.touch(mode=0o600)
        problems = sqlite.copy(path, draft)
        if problems:
            raise ConfigurationError(f"The copy of {path} is damaged: {problems[0]}")
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise ConfigurationError(f"{target} can't be written: {error}") from None
    finally:
        draft.unlink(missing_ok=True)
    return target.stat().st_size
