"""``kimai-remote key``: API keys."""

from __future__ import annotations

from typing import Annotated

import typer

from ..config import Settings
from ..storage import schema
from ..tracking import accounts
from ..tracking.accounts import Kind
from .installation import open_desk
from .reporting import console, fail, reported

app = typer.Typer(help="API keys.", no_args_is_help=True)


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(help="Login name.")],
    customer: Annotated[bool, typer.Option("--customer", help="It is a customer's name.")] = False,
) -> None:
    """Make the API key of a user (or customer) worthless.

    The next login gives out another key. A key that Kimai 1 gave out is removed too.
    """
    kind: Kind = "customer" if customer else "user"
    with reported():
        desk = open_desk(Settings.from_environment())
        schema.check(desk.database)
        revoked = desk.database.run(
            lambda session: accounts.revoke_of(session, kind, name), writes=True
        )
        if not revoked:
            fail(f"There is no {kind} named {name!r}.")
    console.print(f"The key of {kind} {name} is revoked.", markup=False)
