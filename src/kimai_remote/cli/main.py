"""The command ``kimai-remote``."""

from __future__ import annotations

import functools
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .. import __version__
from ..config import Settings
from ..config.loading import FILE_VARIABLE, USUAL_FILE
from .commands import report
from .doctor.command import EXAMPLES, doctor
from .examples import examples
from .lazy import Later, group_with
from .output import console, reported

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from ..api.execution import Service
    from ..server.bootstrap import Account

_PEOPLE, _WORK, _SETUP = "People", "Work and money", "The installation"
GROUPS = (
    Later("user", "user", "Users: who records time.", panel=_PEOPLE),
    Later("group", "group", "Groups of users and what they see.", panel=_PEOPLE),
    Later("role", "role", "Roles: who may do what.", panel=_PEOPLE),
    Later("password", "password", "Passwords.", panel=_PEOPLE),
    Later("key", "key", "API keys.", panel=_PEOPLE),
    Later("customer", "customer", "Customers.", panel=_WORK),
    Later("project", "project", "Projects of customers.", panel=_WORK),
    Later("activity", "activity", "Activities: the API's tasks.", panel=_WORK),
    Later("status", "status", "Statuses of time entries.", panel=_WORK),
    Later("rate", "rate", "Hourly rates.", "hourly", panel=_WORK),
    Later("fixed-rate", "rate", "Fixed rates.", "fixed", panel=_WORK),
    Later("config", "config", "Kimai's options, and the settings.", panel=_SETUP),
    Later("db", "db", "Schema and backups of the database.", panel=_SETUP),
    Later("kimai1", "kimai1", "Kimai 1 databases.", panel=_SETUP),
)

app = typer.Typer(
    name="kimai-remote",
    cls=group_with(GROUPS),
    help="The Kimai 1 Remote API over SOAP and JSON-RPC.",
    epilog="Exit status: 0 done; 1 no, or no such thing; 2 an error, nothing was changed.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command(epilog=report.EXAMPLES, rich_help_panel=_WORK)(report.report)
app.command(epilog=EXAMPLES, rich_help_panel=_SETUP)(doctor)


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            help=f"Configuration file (TOML); {FILE_VARIABLE}, or {USUAL_FILE} here, by default."
        ),
    ] = None,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    # Database, secret and logs are nobody else's on this machine.
    os.umask(0o077)
    if version:
        console.print(__version__)
        raise typer.Exit
    if config is not None:
        _name_file(config, context)


def _option(name: str, *declarations: str) -> Any:
    """The option of ``serve`` that wins over a setting."""
    return typer.Option(*declarations, help=Settings.facts()[name].meaning)


@app.command(
    epilog=examples(
        "kimai-remote serve --demo",
        "kimai-remote serve --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem",
    )
)
def serve(
    host: Annotated[str | None, _option("host")] = None,
    port: Annotated[int | None, _option("port")] = None,
    data_dir: Annotated[Path | None, _option("data_dir")] = None,
    database_url: Annotated[str | None, _option("database_url")] = None,
    workers: Annotated[int | None, _option("workers")] = None,
    threads: Annotated[int | None, _option("threads")] = None,
    public_url: Annotated[str | None, _option("public_url")] = None,
    tls_cert: Annotated[str | None, _option("tls_cert")] = None,
    tls_key: Annotated[str | None, _option("tls_key")] = None,
    insecure: Annotated[bool | None, _option("insecure", "--insecure")] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Fill a new database with data to try things with.")
    ] = False,
) -> None:
    """Serve the API; on first run, create the database and an administrator.

    Options that aren't given are taken from the environment (--port from KIMAI_REMOTE_PORT and so
    on) and from the configuration file; 'kimai-remote config explain' shows them.
    """
    from ..server import logging as server_logging
    from ..server import preflight
    from ..server.bootstrap import open_service, prepare

    read = functools.partial(
        Settings.from_environment,
        host=host,
        port=port,
        data_dir=data_dir,
        database_url=database_url,
        workers=workers,
        threads=threads,
        public_url=public_url,
        tls_cert=tls_cert,
        tls_key=tls_key,
        insecure=insecure,
    )
    with reported():
        settings = read()
        preflight.check(settings)
        server_logging.check_audit_log(settings)
        service = open_service(settings)
        administrator = prepare(service, _demonstration(service) if demo else None)
        if administrator is not None:
            _show_new(service, administrator, demo)
        elif demo:
            console.print(
                "The database exists already, so --demo adds nothing to it. Who can't log in gets "
                "a new password by: kimai-remote password set NAME"
            )
        service.database.close()
    sys.stdout.flush()
    from ..server.granian import run

    run(settings, read, lambda: _show_addresses(settings))


def _demonstration(service: Service) -> Callable[[Session], None]:
    """Fills a new database with demo data, with a bar that shows how far it is."""
    from rich.progress import Progress

    from ..server import demo_data as demonstration

    def fill(session: Session) -> None:
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task("Filling in demo data", total=1.0)
            demonstration.fill(service, session, lambda part: progress.update(task, completed=part))

    return fill


def _show_new(service: Service, administrator: Account, demo: bool) -> None:
    from rich.table import Table

    from ..server import demo_data as demonstration
    from ..server.bootstrap import relative

    file = service.database.file
    where = relative(file) if file else service.database.name
    accounts = [administrator]
    if demo:
        accounts += demonstration.ACCOUNTS
    console.print(f"Created a new database in {where}.", soft_wrap=True)
    table = Table(title="Accounts, shown this once", title_justify="left")
    for heading in ("User", "Password", "Is"):
        table.add_column(heading)
    for account in accounts:
        table.add_row(account.name, account.password, account.role)
    console.print(table)


def _show_addresses(settings: Settings) -> None:
    from ..server import preflight

    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    base = (
        settings.public_url.rstrip("/") or f"{preflight.scheme(settings)}://{host}:{settings.port}"
    )
    if settings.log_format == "json":
        logging.getLogger("kimai_remote").info("Serving %s", base)
    else:
        console.print(f"Console   {base}/", soft_wrap=True, markup=False)
        console.print(f"SOAP      {base}/core/soap.php?wsdl", soft_wrap=True, markup=False)
        console.print(f"JSON-RPC  {base}/core/json.php", soft_wrap=True, markup=False)
        console.print("Stop with Ctrl+C.")
    sys.stdout.flush()  # else each process would have it, and print it too


def _name_file(file: Path, context: typer.Context) -> None:
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
