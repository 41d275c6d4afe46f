"""``kimai-remote rate`` and ``kimai-remote fixed-rate``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypedDict

import typer
from sqlalchemy import Table
from sqlalchemy.orm import Session

from ...tracking.admin import rate_tables
from ...tracking.validation import without_none
from ..context import open_admin
from ..examples import examples
from ..output import Yes, confirm, print_change, print_records, shown
from .parameters import Json, with_options

hourly = typer.Typer(help="Hourly rates.", no_args_is_help=True)
fixed = typer.Typer(help="Fixed rates.", no_args_is_help=True)

Amount = Annotated[str, typer.Argument(metavar="AMOUNT", help="The rate, such as 85 or 85.50.")]


class OfFixed(TypedDict, total=False):
    """What a fixed rate is for."""

    project: Annotated[
        str | None,
        typer.Option("--project", help="Project, by number or name; every one by default."),
    ]
    activity: Annotated[
        str | None,
        typer.Option("--activity", help="Activity, by number or name; every one by default."),
    ]


class OfHourly(OfFixed, total=False):
    """Whom and what an hourly rate is for."""

    user: Annotated[
        str | None, typer.Option("--user", help="User, by number or name; every one by default.")
    ]


def _add_commands(app: typer.Typer, noun: str, table: Table, options: type, example: str) -> None:
    """The commands of both kinds of rate, which differ in whom they are for."""
    columns = {f"{name}Name": name.capitalize() for name in rate_tables.kinds(table)}
    program = f"kimai-remote {noun}"

    def change(
        command: str,
        done: str,
        work: Callable[[Session], Mapping[str, Any]],
        as_json: bool,
        fields: Mapping[str, str],
    ) -> None:
        with open_admin() as admin:
            record = admin.change(f"{noun} {command}", work, fields=list(fields))
        sentence = f"The {noun} of {shown(record['rate'])} for {_described(table, record)} {done}."
        print_change(record, sentence, as_json=as_json)

    @app.command("list", epilog=examples(f"{program} list"))
    def list_(as_json: Json = False) -> None:
        """List all rates, the most specific ones first."""
        with open_admin() as admin:
            records = admin.read(lambda session: rate_tables.listing(session, table))
        if not as_json:
            records = [
                {**row, **{column: _name(row, column) for column in columns}} for row in records
            ]
        print_records(records, {**columns, "rate": "Rate"}, as_json=as_json)

    @app.command(epilog=examples(f"{program} show {example}"))
    @with_options(options)
    def show(as_json: Json = False, **of: str | None) -> None:
        """Show the rate that new work gets, which is the most specific one that fits."""
        with open_admin() as admin:
            record = admin.read(
                lambda session: rate_tables.fitting(session, table, without_none(**of))
            )
        print_change(record, shown(record["rate"]), as_json=as_json)

    @app.command(epilog=examples(f"{program} add 85 {example}"))
    @with_options(options)
    def add(amount: Amount, as_json: Json = False, **of: str | None) -> None:
        """Add a rate for new work; without options, for all work."""
        chosen = without_none(**of)
        change(
            "add",
            "is added",
            lambda session: rate_tables.add(session, table, chosen, amount),
            as_json,
            {**chosen, "rate": amount},
        )

    @app.command(epilog=examples(f"{program} edit 92.50 {example}"))
    @with_options(options)
    def edit(amount: Amount, as_json: Json = False, **of: str | None) -> None:
        """Change the amount of a rate; time that is recorded already keeps its own."""
        chosen = without_none(**of)
        change(
            "edit",
            "is changed",
            lambda session: rate_tables.edit(session, table, chosen, amount),
            as_json,
            {**chosen, "rate": amount},
        )

    @app.command(epilog=examples(f"{program} remove {example} --yes"))
    @with_options(options)
    def remove(yes: Yes = False, as_json: Json = False, **of: str | None) -> None:
        """Remove the rate for just these, for good; time that is recorded already keeps its own."""
        chosen = without_none(**of)
        with open_admin() as admin:
            admin.read(lambda session: rate_tables.check_known(session, table, chosen))
        confirm(f"A {noun} is going to be removed.", yes)
        change(
            "remove",
            "is removed",
            lambda session: rate_tables.remove(session, table, chosen),
            as_json,
            chosen,
        )


def _described(table: Table, record: Mapping[str, Any]) -> str:
    parts = [
        f"{name} {_name(record, f'{name}Name')}"
        for name, kind in rate_tables.kinds(table).items()
        if record[kind.key] is not None
    ]
    return ", ".join(parts) or "all work"


def _name(record: Mapping[str, Any], column: str) -> str:
    number = record[f"{column.removesuffix('Name')}ID"]
    return "every" if number is None else record[column] or f"({number})"


_add_commands(
    hourly, "rate", rate_tables.HOURLY, OfHourly, '--user anna --project "Fleet tracking"'
)
_add_commands(fixed, "fixed-rate", rate_tables.FIXED, OfFixed, "--activity Travel")
