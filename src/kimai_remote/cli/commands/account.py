"""``kimai-remote password`` and ``kimai-remote key``: how users and customers log in."""

from __future__ import annotations

import secrets
import sys
from typing import Any

import click
from sqlalchemy.orm import Session

from ...tracking.admin import accounts, queries
from ...tracking.admin.entities import CUSTOMER, USER, EntityType, find
from ..admin_context import Record, open_admin
from ..error_messages import fail
from ..output import confirm, note, print_change, print_record
from ..parameters import examples, json_option, yes_option

KEY_LABELS = {
    "name": "Name",
    "generation": "Generation",
    "given": "Key given out",
    "created": "Created",
    "kimaiKey": "Key of Kimai 1",
}

account_argument = click.argument("account", help="Name or ID of the user or customer.")
customer_option = click.option(
    "--customer", "is_customer", is_flag=True, help="A customer's, not a user's."
)


def _entity_type(is_customer: bool) -> EntityType:
    return CUSTOMER if is_customer else USER


def _identity(session: Session, entity_type: EntityType, reference: str) -> dict[str, Any]:
    account = find(session, entity_type, reference)
    return {entity_type.key: getattr(account, entity_type.key), "name": account.name}


@click.group(no_args_is_help=True)
def password() -> None:
    """Passwords of users and customers."""


@password.command(
    "set",
    epilog=examples(
        "kimai-remote password set anna",
        "kimai-remote password set anna --generate",
        "pass show kimai/anna | kimai-remote password set anna --stdin",
    ),
)
@account_argument
@customer_option
@click.option("--stdin", is_flag=True, help="Read the first line of standard input.")
@click.option("--generate", is_flag=True, help="Generate a password and print it once.")
@json_option
def set_(account: str, is_customer: bool, stdin: bool, generate: bool, as_json: bool) -> None:
    """Set a password. By default it is asked for twice and not shown.

    A password has 8 characters or more. API keys stay valid; 'key revoke' ends them.
    """
    if stdin and generate:
        fail("Give --stdin or --generate, not both.")
    entity_type = _entity_type(is_customer)
    with open_admin() as admin:
        identity = admin.read(lambda session: _identity(session, entity_type, account))
        account_id, name = identity.values()
        new_password = secrets.token_urlsafe(12) if generate else _read_password(stdin)
        accounts.check_password(new_password, name)
        password_hash = admin.hash_password(new_password)

        def work(session: Session) -> Record:
            accounts.set_password(session, entity_type, f"id:{account_id}", password_hash)
            return identity

        record = dict(admin.change("password set", work, fields=["password"]))
    sentence = f"The password of {entity_type.noun} {account_id}, {name}, is set."
    if generate:
        record["password"] = new_password
    print_change(record, new_password if generate else sentence, as_json=as_json)
    if generate:
        note(sentence)


@password.command(
    "remove", epilog=examples('kimai-remote password remove "Blue Harbour" --customer --yes')
)
@account_argument
@customer_option
@yes_option
@json_option
def remove(account: str, is_customer: bool, yes: bool, as_json: bool) -> None:
    """Remove a password, so that the account can't log in. A customer's API key ends too."""
    entity_type = _entity_type(is_customer)
    with open_admin() as admin:
        account_id, name = admin.read(
            lambda session: _identity(session, entity_type, account)
        ).values()
        confirm(f"This removes the password of {entity_type.noun} {name!r}.", yes)

        def work(session: Session) -> Record:
            accounts.set_password(session, entity_type, f"id:{account_id}", None)
            return queries.show(session, entity_type, f"id:{account_id}")

        record = admin.change("password remove", work, fields=["password"])
    sentence = f"The password of {entity_type.noun} {account_id}, {name}, is removed."
    print_change(record, sentence, as_json=as_json)


def _read_password(stdin: bool) -> str:
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        fail("There is no terminal to ask for the password. Use --stdin or --generate.")
    new_password: str = click.prompt(
        "New password", hide_input=True, confirmation_prompt="Repeat the password", err=True
    )
    return new_password


@click.group(no_args_is_help=True)
def key() -> None:
    """API keys of users and customers."""


@key.command(
    epilog=examples(
        "kimai-remote key revoke anna", 'kimai-remote key revoke "Blue Harbour" --customer'
    )
)
@account_argument
@customer_option
@json_option
def revoke(account: str, is_customer: bool, as_json: bool) -> None:
    """Revoke the API key of a user or customer.

    The next login gives out another key. A key that Kimai 1 gave out is removed too.
    """
    from ...tracking import authentication

    entity_type = _entity_type(is_customer)
    account_type: Any = entity_type.noun

    def work(session: Session) -> Record:
        identity = _identity(session, entity_type, account)
        account_id = identity[entity_type.key]
        authentication.revoke(session, account_type, account_id)
        return identity | authentication.key_state(session, account_type, account_id)

    with open_admin() as admin:
        record = admin.change("key revoke", work)
    sentence = f"The API key of {entity_type.noun} {record['name']} is revoked."
    print_change(record, sentence, as_json=as_json)


@key.command("show-generation", epilog=examples("kimai-remote key show-generation anna"))
@account_argument
@customer_option
@json_option
def show_generation(account: str, is_customer: bool, as_json: bool) -> None:
    """Show how often an API key was revoked (its generation), and whether one is valid.

    The key itself is not stored and never shown.
    """
    from ...tracking import authentication

    entity_type = _entity_type(is_customer)
    account_type: Any = entity_type.noun

    def work(session: Session) -> dict[str, Any]:
        identity = _identity(session, entity_type, account)
        return identity | authentication.key_state(session, account_type, identity[entity_type.key])

    with open_admin() as admin:
        record = admin.read(work)
        if not as_json:
            record["created"] = admin.local_time(record["created"])
    print_record(record, {entity_type.key: "ID", **KEY_LABELS}, as_json=as_json)
