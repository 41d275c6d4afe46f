"""``kimai-remote rate`` and ``kimai-remote fixed-rate``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click
from sqlalchemy import Table
from sqlalchemy.orm import Session

from ...tracking.admin import rate_tables
from ...tracking.validation import without_none
from ..admin_context import open_admin
from ..output import confirm, print_change, print_records, shown
from ..parameters import examples, json_option, yes_option

amount_argument = click.argument("amount", help="The rate, such as 85 or 85.50.")


def _group(noun: str, title: str, table: Table, example: str) -> click.Group:
    """Return the commands of one type of rate; they differ in what a rate can be for."""
    types = rate_tables.scope_types(table)
    columns = {f"{name}Name": name.capitalize() for name in types}
    program = f"kimai-remote {noun}"
    group = click.Group(noun, help=f"{title}.", no_args_is_help=True)

    def scope_options(command: Callable[..., None]) -> Callable[..., None]:
        for name in reversed(types):
            command = click.option(
                f"--{name}",
                metavar=name.upper(),
                help=f"{name.capitalize()}, by name or ID; all by default.",
            )(command)
        return command

    def change(
        command: str,
        done: str,
        work: Callable[[Session], Mapping[str, Any]],
        as_json: bool,
        fields: Mapping[str, Any],
    ) -> None:
        with open_admin() as admin:
            record = admin.change(f"{noun} {command}", work, fields=list(fields))
        sentence = f"The {noun} of {shown(record['rate'])} for {_described(table, record)} {done}."
        print_change(record, sentence, as_json=as_json)

    @group.command("list", epilog=examples(f"{program} list"))
    @json_option
    def list_(as_json: bool) -> None:
        """List all rates, the most specific ones first."""
        with open_admin() as admin:
            records = admin.read(lambda session: rate_tables.listing(session, table))
        if not as_json:
            records = [
                {**row, **{column: _name(row, column) for column in columns}} for row in records
            ]
        print_records(records, {**columns, "rate": "Rate"}, as_json=as_json)

    @group.command(epilog=examples(f"{program} show {example}"))
    @scope_options
    @json_option
    def show(as_json: bool, **options: str | None) -> None:
        """Show the rate that new time entries get: the most specific one that applies."""
        scope = without_none(**options)
        with open_admin() as admin:
            record = admin.read(lambda session: rate_tables.applicable(session, table, scope))
        print_change(record, shown(record["rate"]), as_json=as_json)

    @group.command(epilog=examples(f"{program} add 85 {example}"))
    @amount_argument
    @scope_options
    @json_option
    def add(amount: str, as_json: bool, **options: str | None) -> None:
        """Add a rate for new time entries; without options, for all of them."""
        scope = without_none(**options)
        change(
            "add",
            "is added",
            lambda session: rate_tables.add(session, table, scope, amount),
            as_json,
            {**scope, "rate": amount},
        )

    @group.command(epilog=examples(f"{program} edit 92.50 {example}"))
    @amount_argument
    @scope_options
    @json_option
    def edit(amount: str, as_json: bool, **options: str | None) -> None:
        """Change the amount of a rate. Existing time entries keep theirs."""
        scope = without_none(**options)
        change(
            "edit",
            "is changed",
            lambda session: rate_tables.edit(session, table, scope, amount),
            as_json,
            {**scope, "rate": amount},
        )

    @group.command(epilog=examples(f"{program} remove {example} --yes"))
    @scope_options
    @yes_option
    @json_option
    def remove(yes: bool, as_json: bool, **options: str | None) -> None:
        """Remove a rate permanently. Existing time entries keep theirs."""
        scope = without_none(**options)
        with open_admin() as admin:
            admin.read(lambda session: rate_tables.check_exists(session, table, scope))
        confirm(f"This removes a {noun}.", yes)
        change(
            "remove",
            "is removed",
            lambda session: rate_tables.remove(session, table, scope),
            as_json,
            scope,
        )

    return group


def _described(table: Table, record: Mapping[str, Any]) -> str:
    parts = [
        f"{name} {_name(record, f'{name}Name')}"
        for name, entity_type in rate_tables.scope_types(table).items()
        if record[entity_type.key] is not None
    ]
    return ", ".join(parts) or "all work"


def _name(record: Mapping[str, Any], column: str) -> str:
    """Return the name in a scope, ``every``, or the ID of an object that is gone."""
    entity_id = record[f"{column.removesuffix('Name')}ID"]
    return "every" if entity_id is None else record[column] or f"({entity_id})"


hourly = _group(
    "rate", "Hourly rates", rate_tables.HOURLY, '--user anna --project "Fleet tracking"'
)
fixed = _group("fixed-rate", "Fixed rates", rate_tables.FIXED, "--activity Travel")
