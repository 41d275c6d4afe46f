"""``kimai-remote serve``."""

from __future__ import annotations

import dataclasses
import functools
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...config import Settings, load_settings
from ..error_messages import reported
from ..output import console, make_table, say
from ..parameters import examples

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from ...api.execution import Service
    from ...server.bootstrap import Account


def _settings_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add an option for each setting that has one; None if it isn't given."""
    for field in reversed(dataclasses.fields(Settings)):
        info = Settings.info()[field.name]
        if not info.option:
            continue
        flag: dict[str, Any] = {"is_flag": True} if isinstance(field.default, bool) else {}
        if isinstance(field.default, int) and not flag:
            flag["type"] = int
        if isinstance(field.default, Path):
            flag["type"] = click.Path(path_type=Path)
        name = f"--{field.name.replace('_', '-')}"
        command = click.option(name, default=None, help=info.help, **flag)(command)
    return command


@click.command(
    epilog=examples(
        "kimai-remote serve --demo",
        "kimai-remote serve --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem",
    )
)
@_settings_options
@click.option(
    "--demo",
    is_flag=True,
    help="Fill a new database with demo data, whose accounts have passwords that everybody knows.",
)
def serve(demo: bool, **options: Any) -> None:
    """Serve the API. The first run creates the database and an administrator.

    Options that aren't given are read from the environment (--port from KIMAI_REMOTE_PORT and so
    on) and from the configuration file; 'kimai-remote config explain' shows them.
    """
    from ...server import demo_data, preflight
    from ...server import logging as server_logging
    from ...server.bootstrap import open_service, prepare

    read = functools.partial(load_settings, **options)
    with reported():
        settings = read()
        preflight.check(settings)
        if demo:
            preflight.check_new_demo(settings)
        server_logging.check_audit_log(settings)
        service = open_service(settings)
        administrator = prepare(service, _demo_filler(service) if demo else None)
        if administrator is not None:
            _show_created(service, administrator, demo)
        elif demo:
            say(
                "The database already exists, so --demo adds nothing to it. Set a new password for "
                "an account with: kimai-remote password set NAME"
            )
        demo_accounts = demo_data.check_accounts(service)
        service.database.close()
    sys.stdout.flush()
    from ...server.granian import run

    run(settings, read, lambda: _show_start(settings, demo_accounts))


def _demo_filler(service: Service) -> Callable[[Session], None]:
    """Return a function that fills a new database with demo data and shows its progress."""
    from rich.progress import Progress

    from ...server import demo_data

    def fill(session: Session) -> None:
        with Progress(console=console(), transient=True) as progress:
            task = progress.add_task("Filling in demo data", total=1.0)
            demo_data.fill(service, session, lambda part: progress.update(task, completed=part))

    return fill


def _show_created(service: Service, administrator: Account, demo: bool) -> None:
    from ...server import demo_data
    from ...server.bootstrap import relative

    file = service.database.file
    where = relative(file) if file else service.database.name
    say(f"Created a new database in {where}.")
    table = make_table("User", "Password", "Is", title="Accounts, shown this once")
    for account in [administrator, *(demo_data.ACCOUNTS if demo else ())]:
        table.add_row(account.name, account.password, account.role)
    console().print(table)


def _show_start(settings: Settings, demo_accounts: Sequence[str]) -> None:
    """Show the URLs, and warn of users who can log in with a password of the demo data."""
    from ...server import preflight

    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    base = (
        settings.public_url.rstrip("/") or f"{preflight.scheme(settings)}://{host}:{settings.port}"
    )
    if settings.log_format == "json":
        logging.getLogger("kimai_remote").info("Serving %s", base)
    else:
        say(f"Console   {base}/")
        say(f"SOAP      {base}/core/soap.php?wsdl")
        say(f"JSON-RPC  {base}/core/json.php")
        say("Stop with Ctrl+C.")
    if demo_accounts:
        logging.getLogger("kimai_remote").warning(preflight.demo_warning(demo_accounts))
    sys.stdout.flush()  # otherwise each process would inherit the lines and print them too
