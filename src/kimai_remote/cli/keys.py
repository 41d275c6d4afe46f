"""``kimai-remote key``: API keys."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from ..config import Settings
from ..errors import ConfigurationError, KimaiRemoteError
from ..tracking import accounts
from ..tracking.accounts import Kind
from .installation import open_desk

app = typer.Typer(help="API keys.", no_args_is_help=True)
console = Console(highlight=False)


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(help="Login name.")],
    customer: Annotated[bool, typer.Option("--customer", help="It is a customer's name.")] = False,
) -> None:
    """Make the API key of a user (or customer) worthless.

    The next login gives out another key. A key that Kimai 1 gave out is removed too.
    """
    kind: Kind = "customer" if customer else "user"
    try:
        desk = open_desk(Settings.from_environment())
        revoked = desk.database.run(
            lambda session: accounts.revoke_of(session, kind, name), writes=True
        )
        if not revoked:
            raise ConfigurationError(f"There is no {kind} named {name!r}.")
    except KimaiRemoteError as error:
        Console(stderr=True, highlight=False).print(f"[bold red]kimai-remote:[/] {error}")
        raise typer.Exit(2) from None
    console.print(f"The key of {kind} {name} is revoked.", markup=False)
