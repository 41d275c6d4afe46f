"""Copying an SQLite database while it is served."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from ..errors import ConfigurationError
from .transactions import Database


def backup(database: Database, target: Path, *, overwrite: bool = False) -> int:
    """Copy the database as it is at one moment; calls go on being answered meanwhile.

    The file appears under its name only when it is complete and checked.

    :returns: its size in bytes.
    :raises ConfigurationError: not SQLite, the file exists already, or can't be written.
    """
    if not database.is_sqlite:
        raise ConfigurationError(
            f"{database.name} isn't SQLite. Use the tools of its server: pg_dump, mariadb-dump."
        )
    path = Path(database.url.database or "")
    if not path.exists():
        raise ConfigurationError(f"There is no database {path}.")
    if target.exists() and not overwrite:
        raise ConfigurationError(f"{target} exists already.")
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        draft.touch(mode=0o600)
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(draft)) as copy:
            # In one step: in several, each write meanwhile would make it begin anew.
            source.backup(copy, pages=-1)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, complete by itself
            problems = copy.execute("PRAGMA quick_check").fetchall()
        if problems != [("ok",)]:
            raise ConfigurationError(f"The copy of {path} is damaged: {problems[0][0]}")
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise ConfigurationError(f"{target} can't be written: {error}") from None
    finally:
        draft.unlink(missing_ok=True)
    return target.stat().st_size
