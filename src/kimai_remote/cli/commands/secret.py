"""``kimai-remote secret``: the server secret, which all servers of a database share."""

from __future__ import annotations

import click
from sqlalchemy.orm import Session

from ...config import PREFIX, Settings
from ...server.bootstrap import existing_secret, read_secret
from ...storage import schema, shared_values
from ..admin_context import Record, open_admin
from ..error_messages import NO, fail
from ..output import confirm, count, print_change, print_record
from ..parameters import examples, json_option, yes_option


@click.group(no_args_is_help=True)
def group() -> None:
    """The server secret, from which all API keys are derived."""


@group.command(epilog=examples("kimai-remote secret show"))
@json_option
def show(as_json: bool) -> None:
    """Show fingerprints of the secret that is set here and of that of the database's servers.

    The secret can't be found out from a fingerprint. Exit status 1 if they differ.
    """
    with open_admin() as admin:
        here = fingerprint(admin.settings)
        stored = schema.state(admin.database).secret
        source = f"{PREFIX}SECRET" if admin.settings.secret else admin.settings.data_dir / "secret"
    labels = {"source": "Set by", "here": "Here", "database": "Database", "same": "The same"}
    same = stored is None or here == stored
    record = {"source": str(source), "here": here, "database": stored, "same": same}
    print_record(record, labels, as_json=as_json)
    if not same:
        raise SystemExit(NO)


@group.command(epilog=examples("kimai-remote secret replace"))
@yes_option
@json_option
def replace(yes: bool, as_json: bool) -> None:
    """Make the secret that is set here that of the database; all API keys become invalid.

    First stop all servers of the database, and set another secret or move the file away, for which
    a new one is created. Afterwards give all servers the same secret and start them. Everybody has
    to log in again. Keys that Kimai 1 gave out stay valid.
    """
    from ...tracking import authentication

    with open_admin() as admin:
        stored = schema.state(admin.database).secret
        if stored is not None and fingerprint(admin.settings) == stored:
            fail(
                f"{admin.database.name} has this secret already. First set another {PREFIX}SECRET, "
                f"or move the file {admin.settings.data_dir / 'secret'} away."
            )
        confirm(f"All API keys of {admin.database.name} become invalid.", yes)
        new = authentication.ApiKeyDeriver(read_secret(admin.settings)).fingerprint

        def work(session: Session) -> Record:
            keys = authentication.forget_keys(session)
            shared_values.store(session.connection(), shared_values.SECRET, new)
            return {"fingerprint": new, "keys": keys}

        record = admin.change("secret replace", work)
    keys = count(int(record["keys"]), "API key")
    print_change(
        record,
        f"Replaced; {keys} became invalid. Give the secret to all servers of the database, then "
        "start them.",
        as_json=as_json,
    )


def fingerprint(settings: Settings) -> str | None:
    """Return the fingerprint of the secret that is set here; None if there is none yet.

    :raises ConfigurationError: it can't be used.
    """
    from ...tracking.authentication import ApiKeyDeriver

    if not settings.secret and not (settings.data_dir / "secret").exists():
        return None
    return ApiKeyDeriver(existing_secret(settings)).fingerprint
