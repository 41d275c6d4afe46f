"""The command ``kimai-remote``."""

from __future__ import annotations

import functools
import logging
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress
from rich.table import Table

from .. import __version__
from ..api.desk import Desk
from ..config import Settings
from ..config.sources import FILE_VARIABLE, USUAL_FILE
from . import db, keys, kimai1, logs, street
from . import demo as demonstration
from .doctor import doctor
from .explain import explain
from .installation import Account, open_desk, prepare, relative
from .reporting import console, reported

app = typer.Typer(
    name="kimai-remote",
    help="The Kimai 1 Remote API over SOAP and JSON-RPC.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
configuration = typer.Typer(help="Configuration.", no_args_is_help=True)
configuration.command()(explain)
app.add_typer(configuration, name="config")
app.command()(doctor)
app.add_typer(keys.app, name="key")
app.add_typer(db.app, name="db")
app.add_typer(kimai1.app, name="kimai1")


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


@app.command()
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
    read = functools.partial(
        Settings.from_environment, host=host, port=port, data_dir=data_dir,
        database_url=database_url, workers=workers, threads=threads, public_url=public_url,
        tls_cert=tls_cert, tls_key=tls_key, insecure=insecure,
    )  # fmt: skip
    with reported():
        settings = read()
        street.check(settings)
        logs.check(settings)
        desk = open_desk(settings)
        administrator = prepare(desk)
        if administrator is not None:
            _show_new(desk, administrator, demo)
        elif demo:
            console.print("The database exists already, so --demo adds nothing to it.")
        desk.database.close()
    sys.stdout.flush()
    from .server import run

    run(settings, read, lambda: _show_addresses(settings))


def _show_new(desk: Desk, administrator: Account, demo: bool) -> None:
    url = desk.database.url
    where = relative(Path(url.database or "")) if desk.database.is_sqlite else desk.database.name
    accounts = [administrator]
    if demo:
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task("Filling in demo data", total=1.0)
            demonstration.fill(desk, lambda part: progress.update(task, completed=part))
        accounts += demonstration.ACCOUNTS
    console.print(f"Created a new database in {where}.", soft_wrap=True)
    table = Table(title="Accounts, shown this once", title_justify="left")
    for heading in ("User", "Password", "Is"):
        table.add_column(heading)
    for account in accounts:
        table.add_row(account.name, account.password, account.role)
    console.print(table)


def _show_addresses(settings: Settings) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    base = settings.public_url.rstrip("/") or f"{street.scheme(settings)}://{host}:{settings.port}"
    if settings.log_format == "json":
        logging.getLogger("kimai_remote").info("Serving %s", base)
    else:
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
