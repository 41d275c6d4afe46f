"""``kimai-remote key``: API keys."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlalchemy.orm import Session

from ...tracking import authentication
from ...tracking.admin.accounts import ACCOUNTS
from ...tracking.admin.entities import find
from ...tracking.authentication import Kind
from ..context import Record, open_admin
from ..examples import examples
from ..output import print_change, print_record
from .parameters import Json

app = typer.Typer(help="API keys.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The user or customer, by number or name.")]
Customer = Annotated[bool, typer.Option("--customer", help="It is a customer's.")]


@app.command(
    epilog=examples(
        "kimai-remote key revoke anna", 'kimai-remote key revoke "Blue Harbour" --customer'
    )
)
def revoke(name: Name, customer: Customer = False, as_json: Json = False) -> None:
    """Make the API key of a user (or customer) worthless.

    The next login gives out another key. A key that Kimai 1 gave out is removed too.
    """
    kind: Kind = "customer" if customer else "user"

    def work(session: Session) -> Record:
        number, login = _account(session, kind, name)
        authentication.revoke(session, kind, number)
        return {
            f"{kind}ID": number,
            "name": login,
            **authentication.key_state(session, kind, number),
        }

    with open_admin() as admin:
        record = admin.change("key revoke", work)
    print_change(record, f"The key of {kind} {record['name']} is revoked.", as_json=as_json)


@app.command(
    "show-generation",
    epilog=examples("kimai-remote key show-generation anna"),
)
def show_generation(name: Name, customer: Customer = False, as_json: Json = False) -> None:
    """Show how often a key was revoked (its generation) and whether one is valid; never the key."""
    kind: Kind = "customer" if customer else "user"

    def work(session: Session) -> Record:
        number, login = _account(session, kind, name)
        return {
            f"{kind}ID": number,
            "name": login,
            **authentication.key_state(session, kind, number),
        }

    with open_admin() as admin:
        record = admin.read(work)
    print_record(record, as_json=as_json)


def _account(session: Session, kind: Kind, given: str) -> tuple[int, str]:
    described = ACCOUNTS[kind]
    account = find(session, described, given)
    return getattr(account, described.key), account.name
