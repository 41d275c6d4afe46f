"""Errors as the command line reports them: one message and an exit status."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

from ..errors import KimaiRemoteError, NotFound

#: Exit statuses: the answer is no, or there is no such object; the command failed.
NO, ERROR = 1, 2


@contextmanager
def reported() -> Iterator[None]:
    """Turn errors that are meant for people into a message and an exit status."""
    try:
        yield
    except NotFound as error:
        fail(message(error), NO)
    except KimaiRemoteError as error:
        fail(message(error))
    except Exception as error:
        from sqlalchemy.exc import DBAPIError  # slow to load, and not needed for help

        if not isinstance(error, DBAPIError):
            raise
        fail(f"The database can't be used: {error.orig}")


def fail(text: str, code: int = ERROR) -> NoReturn:
    """Print an error and end the command."""
    click.secho("kimai-remote: ", fg="red", bold=True, err=True, nl=False)
    click.echo(text, err=True)
    raise SystemExit(code)


def message(error: Exception) -> str:
    """Return the text of an error, with the command that helps."""
    from ..kimai1 import uninstall
    from ..storage import backup
    from ..tracking.admin import errors as admin

    match error:
        case admin.NameTaken(is_trashed=True, entity_type=entity_type, entity_id=entity_id):
            advice = (
                f"Restore it with 'kimai-remote {entity_type.noun} restore {entity_id}', or use "
                "another name."
            )
        case admin.NameTaken(entity_type=entity_type) if entity_type.may_share_names:
            advice = "Use --same-name to have two of that name."
        case admin.UnusedOption():
            advice = "Set it anyway with --force."
        case admin.RateExists():
            advice = "Change it with 'edit'."
        case admin.RateNotFound():
            advice = "'list' shows all rates."
        case admin.DefaultStatus():
            advice = "Choose another one first: kimai-remote config set defaultStatusID STATUS"
        case backup.ServerDatabase(dump_program=program):
            advice = f"Back it up with {program}."
        case uninstall.OwnSchema():
            advice = (
                "To return to Kimai, copy them into tables that Kimai made, with 'kimai-remote "
                "kimai1 import'."
            )
        case _:
            return str(error)
    return f"{error} {advice}"
