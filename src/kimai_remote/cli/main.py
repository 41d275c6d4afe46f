"""The command ``kimai-remote``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress
from rich.table import Table

from .. import __version__
from ..api.desk import Desk
from ..config import Settings
from . import db, keys, kimai1, logs, street
from . import demo as demonstration
from .installation import Account, open_desk, prepare, relative
from .reporting import console, reported

app = typer.Typer(
    name="kimai-remote",
    help="The Kimai 1 Remote API over SOAP and JSON-RPC.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(keys.app, name="key")
app.add_typer(db.app, name="db")
app.add_typer(kimai1.app, name="kimai1")


@app.callback(invoke_without_command=True)
def main(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    # Database, secret and logs are nobody else's on this machine.
    os.umask(0o077)
    if version:
        console.print(__version__)
        raise typer.Exit


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Directory of the embedded database and the server secret.")
    ] = None,
    database_url: Annotated[
        str | None, typer.Option(help="Database URL; SQLite in the data directory by default.")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Server processes.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads in each process.")] = None,
    public_url: Annotated[
        str | None, typer.Option(help="Address as clients see it, for the contracts.")
    ] = None,
    tls_cert: Annotated[
        str | None, typer.Option(help="Certificate (PEM, with its chain) to serve HTTPS with.")
    ] = None,
    tls_key: Annotated[str | None, typer.Option(help="Private key of the certificate.")] = None,
    insecure: Annotated[
        bool | None,
        typer.Option("--insecure", help="Serve other machines without TLS or a trusted proxy."),
    ] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Fill a new database with data to try things with.")
    ] = False,
) -> None:
    """Serve the API; on first run, create the database and an administrator.

    Options that aren't given are taken from the environment: --port from KIMAI_REMOTE_PORT and so
    on.
    """
    with reported():
        settings = Settings.from_environment(
            host=host, port=port, data_dir=data_dir, database_url=database_url, workers=workers,
            threads=threads, public_url=public_url, tls_cert=tls_cert, tls_key=tls_key,
            insecure=insecure,
        )  # fmt: skip
        street.check(settings)
        logs.check(settings)
        desk = open_desk(settings)
        administrator = prepare(desk)
        if administrator is not None:
            _show_new(desk, administrator, demo)
        elif demo:
            console.print("The database exists already, so --demo adds nothing to it.")
        desk.database.close()
    from .server import run

    run(settings, lambda: _show_addresses(settings))


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
    console.print(f"Console   {base}/", soft_wrap=True, markup=False)
    console.print(f"SOAP      {base}/core/soap.php?wsdl", soft_wrap=True, markup=False)
    console.print(f"JSON-RPC  {base}/core/json.php", soft_wrap=True, markup=False)
    console.print("Stop with Ctrl+C.")
    sys.stdout.flush()


if __name__ == "__main__":
    app()
