"""The command ``kimai-remote``."""

from __future__ import annotations

import atexit
import gc
import os
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from .. import __version__
from ..config.loading import FILE_VARIABLE, USUAL_FILE
from .lazy import LazyCommand, LazyGroup

#: New objects after which garbage is looked for; Python's default is below a thousand. What a
#: command imports are some hundred thousand objects that stay.
_GARBAGE_THRESHOLD = 100_000

_SERVER, _PEOPLE, _WORK = "Server", "People", "Work and money"
COMMANDS = (
    LazyCommand("serve", "commands.serve:serve", "Serve the API.", _SERVER),
    LazyCommand("doctor", "doctor.command:doctor", "Check the whole installation.", _SERVER),
    LazyCommand("config", "commands.config:group", "Kimai's options, and the settings.", _SERVER),
    LazyCommand("db", "commands.db:group", "Schema and backups of the database.", _SERVER),
    LazyCommand("secret", "commands.secret:group", "The secret that keys depend on.", _SERVER),
    LazyCommand("kimai1", "commands.kimai1:group", "Moving from Kimai 1 and back.", _SERVER),
    LazyCommand("user", "commands.user:group", "Users, who record time.", _PEOPLE),
    LazyCommand("group", "commands.group:group", "Groups of users, and what they see.", _PEOPLE),
    LazyCommand("role", "commands.role:group", "Roles and their rights.", _PEOPLE),
    LazyCommand("password", "commands.account:password", "Passwords.", _PEOPLE),
    LazyCommand("key", "commands.account:key", "API keys.", _PEOPLE),
    LazyCommand("customer", "commands.customer:group", "Customers.", _WORK),
    LazyCommand("project", "commands.project:group", "Projects of customers.", _WORK),
    LazyCommand(
        "activity", "commands.activity:group", "Activities, which the API calls tasks.", _WORK
    ),
    LazyCommand("status", "commands.status:group", "Statuses of time entries.", _WORK),
    LazyCommand("rate", "commands.rate:hourly", "Hourly rates.", _WORK),
    LazyCommand("fixed-rate", "commands.rate:fixed", "Fixed rates.", _WORK),
    LazyCommand("report", "commands.report:report", "Hours and money of a period.", _WORK),
)


def _print_version(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        click.echo(__version__)
        context.exit()


def _print_completion(
    context: click.Context, _parameter: click.Parameter, value: str | None
) -> None:
    wanted = value if not context.resilient_parsing else None
    completion = get_completion_class(wanted) if wanted else None
    if completion is not None:
        name = "kimai-remote"
        click.echo(completion(context.command, {}, name, "_KIMAI_REMOTE_COMPLETE").source())
        context.exit()


@click.group(
    cls=LazyGroup,
    lazy_commands=COMMANDS,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 for success; 1 if a check fails or there is no such object; 2 for an "
    "error, after which nothing has changed.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=f"Configuration file (TOML). By default {FILE_VARIABLE}, or {USUAL_FILE} in the current "
    "directory.",
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Print the version.",
)
@click.option(
    "--show-completion",
    type=click.Choice(["bash", "zsh", "fish"]),
    expose_value=False,
    is_eager=True,
    callback=_print_completion,
    help="Print the script that completes commands in a shell.",
)
@click.pass_context
def app(context: click.Context, config: Path | None) -> None:
    """The Kimai 1 Remote API over SOAP and JSON-RPC."""
    # Database, secret and logs are for the owner of this process alone.
    os.umask(0o077)
    if context.invoked_subcommand != "serve":
        _spare_garbage_collection(context)
    if config is not None:
        _set_config_file(config, context)


def _spare_garbage_collection(context: click.Context) -> None:
    """Look for garbage rarely, and not at the end: it takes a quarter of a short command."""
    atexit.register(gc.freeze)
    before = gc.get_threshold()
    gc.set_threshold(_GARBAGE_THRESHOLD, *before[1:])
    context.call_on_close(lambda: gc.set_threshold(*before))


def _set_config_file(file: Path, context: click.Context) -> None:
    """Let all that reads settings, server processes too, find the file of ``--config``."""
    before = os.environ.get(FILE_VARIABLE)
    os.environ[FILE_VARIABLE] = str(file)

    def restore() -> None:
        if before is None:
            os.environ.pop(FILE_VARIABLE, None)
        else:
            os.environ[FILE_VARIABLE] = before

    context.call_on_close(restore)


if __name__ == "__main__":
    app()
