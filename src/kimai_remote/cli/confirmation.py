"""Asking before something is done that can't be undone."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from .reporting import NO, fail, note

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask whether it is meant.")]


def confirm(question: str, yes: bool) -> None:
    """Go on if it is meant; else end the command.

    :param question: what is going to happen.
    :param yes: whether the question was answered in advance.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        fail(f"{question} This can't be undone; say --yes if it is meant.")
    if not typer.confirm(f"{question} This can't be undone. Is it meant?", err=True):
        note("Nothing was changed.")
        raise typer.Exit(NO)
