"""How commands tell what went wrong: one clear sentence, exit status 2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from sqlalchemy.exc import DBAPIError

from ..errors import KimaiRemoteError

console = Console(highlight=False)
_errors = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def reported() -> Iterator[None]:
    """Turn errors that have a meaning for people into a message and an exit status."""
    try:
        yield
    except KimaiRemoteError as error:
        fail(str(error))
    except DBAPIError as error:
        fail(f"The database can't be used: {error.orig}")


def fail(message: str) -> None:
    _errors.print("[bold red]kimai-remote:[/]", end=" ")
    _errors.print(message, markup=False)
    raise typer.Exit(2)
