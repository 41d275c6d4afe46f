"""How commands tell what went wrong: one clear sentence, exit status 2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from rich.console import Console

from ..errors import KimaiRemoteError, NotFound

console = Console(highlight=False)
#: Exit statuses: the answer is no, or there is no such thing; it can't be done.
NO, ERROR = 1, 2
_errors = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def reported() -> Iterator[None]:
    """Turn errors that have a meaning for people into a message and an exit status."""
    try:
        yield
    except NotFound as error:
        fail(str(error), NO)
    except KimaiRemoteError as error:
        fail(str(error))
    except Exception as error:
        reason = _of_the_database(error)
        if reason is None:
            raise
        fail(f"The database can't be used: {reason}")


def fail(message: str, code: int = ERROR) -> NoReturn:
    _errors.print("[bold red]kimai-remote:[/]", end=" ")
    _errors.print(message, markup=False)
    raise typer.Exit(code)


def note(message: str) -> None:
    """Tell people something that isn't part of the output."""
    _errors.print(message, markup=False)


def _of_the_database(error: Exception) -> object:
    """What a driver says; None if the error isn't the database's."""
    from sqlalchemy.exc import DBAPIError  # slow to load, and not needed for help

    return error.orig if isinstance(error, DBAPIError) else None
