"""``kimai-remote password``."""

from __future__ import annotations

import secrets
import sys
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from ...tracking.admin import accounts, queries
from ...tracking.admin.entities import find
from ...tracking.authentication import Kind
from ..context import Record, open_admin
from ..examples import examples
from ..output import Yes, confirm, fail, note, print_change
from .parameters import Json

app = typer.Typer(help="Passwords.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The user or customer, by number or name.")]
Customer = Annotated[bool, typer.Option("--customer", help="It is a customer's.")]


@app.command(
    "set",
    epilog=examples(
        "kimai-remote password set anna",
        "kimai-remote password set anna --generate",
        "pass show kimai/anna | kimai-remote password set anna --stdin",
    ),
)
def set_(
    name: Name,
    customer: Customer = False,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read it from standard input, up to the first line end.")
    ] = False,
    generate: Annotated[
        bool, typer.Option("--generate", help="Make one and print it, this once.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Set the password of a user or customer; it is asked for twice and not shown.

    It takes 8 characters or more. API keys stay valid; 'key revoke' ends them.
    """
    kind = _kind(customer)
    if stdin and generate:
        fail("Give --stdin or --generate, not both.")
    with open_admin() as admin:
        login, number = admin.read(lambda session: _account(session, kind, name))
        password = secrets.token_urlsafe(12) if generate else _read(stdin)
        accounts.check_password(password, login)
        stored = admin.hash_password(password)

        def work(session: Session) -> Record:
            accounts.set_password(session, kind, f"id:{number}", stored)
            return {f"{kind}ID": number, "name": login}

        record = dict(admin.change("password set", work, fields=["password"]))
    if generate:
        record["password"] = password
    sentence = f"The password of {kind} {number}, {login}, is set."
    print_change(record, password if generate else sentence, as_json=as_json)
    if generate:
        note(sentence)


@app.command(epilog=examples('kimai-remote password remove "Blue Harbour" --customer --yes'))
def remove(name: Name, customer: Customer = False, yes: Yes = False, as_json: Json = False) -> None:
    """Remove a password, so that nobody can log in by that name; for a customer, keys end too."""
    kind = _kind(customer)
    with open_admin() as admin:
        login, number = admin.read(lambda session: _account(session, kind, name))
        confirm(f"The password of {kind} {login!r} is going to be removed.", yes)

        def work(session: Session) -> Record:
            accounts.set_password(session, kind, f"id:{number}", None)
            session.flush()
            return queries.show(session, accounts.ACCOUNTS[kind], f"id:{number}")

        record = admin.change("password remove", work, fields=["password"])
    print_change(record, f"The password of {kind} {number}, {login}, is removed.", as_json=as_json)


def _kind(customer: bool) -> Kind:
    return "customer" if customer else "user"


def _account(session: Session, kind: Kind, given: str) -> tuple[str, int]:
    described = accounts.ACCOUNTS[kind]
    account = find(session, described, given)
    return account.name, getattr(account, described.key)


def _read(stdin: bool) -> str:
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        fail("There is no terminal to ask for the password; give --stdin or --generate.")
    password: str = typer.prompt(
        "New password", hide_input=True, confirmation_prompt="Once more", err=True
    )
    return password
