"""Errors as the command line reports them: one message and an exit status."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

from ..errors import ConfigurationError, KimaiRemoteError, NotFound

#: Exit statuses: a check failed, or there is no such object; the command failed.
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
    from ..config import UnknownSetting
    from ..kimai1 import uninstall
    from ..storage import backup, schema
    from ..tracking.admin import entities, kimai_options, rate_tables, statuses

    match error:
        case entities.NameTaken(is_trashed=True, entity_type=entity_type, entity_id=entity_id):
            advice = (
                f"Restore it with 'kimai-remote {entity_type.noun} restore {entity_id}', or use "
                "another name."
            )
        case entities.NameTaken(entity_type=entity_type) if entity_type.may_share_names:
            advice = "Use --same-name to have two of that name."
        case kimai_options.UnusedOption(is_kimai=True):
            advice = "Set it anyway with --force."
        case kimai_options.UnusedOption():
            advice = "Set an option that only Kimai's PHP uses with --force."
        case rate_tables.RateExists():
            advice = "Change it with 'edit'."
        case rate_tables.RateNotFound():
            advice = "'list' shows all rates."
        case statuses.DefaultStatus():
            advice = "Choose another one first: kimai-remote config set defaultStatusID STATUS"
        case UnknownSetting(suggestion=""):
            advice = "'kimai-remote config explain' lists all settings."
        case schema.SchemaMissing():
            advice = "'kimai-remote serve' creates them."
        case schema.SchemaForeign():
            advice = (
                "To serve a Kimai 1 database where it is, check it with 'kimai-remote kimai1 "
                "check', then add the tables of kimai-remote with 'kimai-remote db upgrade'."
            )
        case schema.SchemaOlder():
            advice = "Make a backup, then run 'kimai-remote db upgrade'."
        case ConfigurationError(extra=str(extra)):
            advice = f"Install it with: pip install 'kimai-remote[{extra}]'"
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
