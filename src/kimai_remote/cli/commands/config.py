"""``kimai-remote config``: Kimai's options, which are kept in the database; and the settings."""

from __future__ import annotations

from typing import Annotated

import typer

from ...tracking.admin import kimai_options
from ..context import open_admin
from ..examples import examples
from ..output import print_change, print_records
from .explain import explain
from .parameters import Json

app = typer.Typer(help="Kimai's options, and the settings of the service.", no_args_is_help=True)
app.command(
    epilog=examples("kimai-remote config explain", "kimai-remote config explain port --json")
)(explain)


def _complete(incomplete: str) -> list[tuple[str, str]]:
    return [
        (name, option.meaning)
        for name, option in kimai_options.KNOWN.items()
        if name.startswith(incomplete)
    ]


Option = Annotated[
    str, typer.Argument(help="Name of the option.", autocompletion=_complete, metavar="OPTION")
]


@app.command("list", epilog=examples("kimai-remote config list", "kimai-remote config list --all"))
def list_(
    everything: Annotated[
        bool, typer.Option("--all", help="Those too that only Kimai's PHP reads.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the options that this service reads, with their values."""
    with open_admin() as admin:
        records = admin.read(kimai_options.listing)
    records = [record for record in records if everything or record["read"]]
    columns = {"option": "Option", "value": "Value", "stored": "Set", "meaning": "Meaning"}
    print_records(records, columns, as_json=as_json)


@app.command(epilog=examples("kimai-remote config get roundPrecision"))
def get(option: Option, as_json: Json = False) -> None:
    """Print the value of an option."""
    with open_admin() as admin:
        record = admin.read(lambda session: kimai_options.get(session, option))
    print_change(record, record["value"], as_json=as_json)


@app.command(
    "set",
    epilog=examples(
        "kimai-remote config set roundPrecision 15",
        "kimai-remote config set roundingMethod closest",
        "kimai-remote config set currency_name Euro --force",
    ),
)
def set_(
    option: Option,
    value: Annotated[str, typer.Argument(help="Its value.")],
    force: Annotated[
        bool, typer.Option("--force", help="Even if only Kimai's PHP reads it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Set an option; it counts from the next call on."""
    with open_admin() as admin:
        record = admin.change(
            "config set",
            lambda session: kimai_options.change(session, option, value, force=force),
            fields=[option],
        )
    before = "not set" if record["before"] is None else record["before"]
    print_change(
        record, f"{record['option']} is {record['value']} now; it was {before}.", as_json=as_json
    )


@app.command(epilog=examples("kimai-remote config unset editLimit"))
def unset(option: Option, as_json: Json = False) -> None:
    """Remove an option, so that what is assumed without it counts."""
    with open_admin() as admin:
        record = admin.change(
            "config unset", lambda session: kimai_options.unset(session, option), fields=[option]
        )
    now = "" if record["value"] is None else f" {record['value']} is assumed."
    print_change(
        record,
        f"{record['option']} is not set any more; it was {record['before']}.{now}",
        as_json=as_json,
    )
