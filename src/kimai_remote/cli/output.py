"""Output of commands: tables for people, JSON and CSV for programs."""

from __future__ import annotations

import csv
import functools
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from .error_messages import NO, fail

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    Record = Mapping[str, Any]

#: Words for what is shown with an object that another one belongs to; others are shown as they are.
_WORDS = {"membershipRole": "role"}


@functools.cache
def console() -> Console:
    """Return the console for tables and bars; Rich is loaded only for those."""
    from rich.console import Console

    return Console(highlight=False)


def say(text: str) -> None:
    """Print a line of the output."""
    click.echo(printable(text))


def note(text: str) -> None:
    """Tell people something that isn't part of the output."""
    click.echo(printable(text), err=True)


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[Callable[[str, int, int | None], None]]:
    """Context with a function that shows on a terminal what takes long. It is called with a step,
    how much of it is done, and how much it is, or None.

    Output is for programs, so it goes to standard error; if that is no terminal, nothing is shown.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:

        def show(step: str, done: int, total: int | None) -> None:
            shown = next((task for task in bars.tasks if task.description == step), None)
            if shown is None:
                for task in bars.tasks:
                    bars.remove_task(task.id)
                bars.add_task(step, completed=done, total=total)
            else:
                bars.update(shown.id, completed=done)

        yield show


def print_json(value: Any) -> None:
    """Print a value as JSON. Amounts are numbers with all of their digits."""
    import msgspec

    encoded = msgspec.json.Encoder(decimal_format="number").encode(value)
    click.echo(msgspec.json.format(encoded, indent=2).decode())


def print_records(records: Sequence[Record], columns: Mapping[str, str], *, as_json: bool) -> None:
    """Print a list of objects.

    :param columns: headings by field; JSON has all fields.
    """
    if as_json:
        print_json(records)
        return
    table = make_table(*columns.values())
    for index, name in enumerate(columns):
        if records and is_number(records[0][name]):
            table.columns[index].justify = "right"
            table.columns[index].no_wrap = True
    for record in records:
        table.add_row(*(shown(record[name]) for name in columns))
    console().print(table)


def print_record(record: Record, labels: Mapping[str, str], *, as_json: bool) -> None:
    """Print one object, with a line for each field that has a value.

    :param labels: by field; JSON has all fields.
    """
    if as_json:
        print_json(record)
        return
    table = make_table("Field", "Value", show_header=False)
    for name, label in labels.items():
        value = record[name]
        if isinstance(value, list):
            table.add_row(label, "\n".join(map(_listed, value)))
        elif value not in (None, ""):
            table.add_row(label, shown(value))
    console().print(table)


def print_change(record: Record, sentence: str, *, as_json: bool) -> None:
    """Print an object after a change, or a sentence that says what was done."""
    if as_json:
        print_json(record)
    else:
        say(sentence)


def print_csv(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows for a spreadsheet, which would run a name that looks like a formula; such a name
    gets an apostrophe in front."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)


def _harmless(cell: Any) -> Any:
    is_formula = isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{cell}" if is_formula else cell


def make_table(*headings: str, **attributes: Any) -> Table:
    from rich.table import Table

    return Table(*headings, title_justify="left", **attributes)


def shown(value: Any) -> str:
    """Return a value as a cell of a table."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    if isinstance(value, list):
        return ", ".join(map(shown, value))
    from rich.markup import escape

    return escape(printable(str(value)))


def is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def printable(text: str) -> str:
    """Return a text that doesn't move the cursor: what a database holds may be anything."""
    return "".join(
        "�"
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t"
        else character
        for character in text
    )


def count(number: int, singular: str, plural: str = "") -> str:
    """Return ``1 user`` or ``2 users``."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def _listed(part: Any) -> str:
    """Return an object that belongs to another one: ID, name and what else is known."""
    if not isinstance(part, Mapping):
        return shown(part)
    (_, entity_id), (_, name), *others = part.items()
    extra = ", ".join(
        f"{_WORDS.get(key, key)} {shown(value)}"
        for key, value in others
        if value is not None and not key.endswith("ID")
    )
    return f"{entity_id} {shown(name)}" + (f" ({extra})" if extra else "")


def confirm(action: str, yes: bool) -> None:
    """Ask whether to go on; end the command if not.

    :param action: what is about to happen, as a sentence.
    :param yes: the question was answered in advance.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        fail(f"{action} This can't be undone. Confirm with --yes.")
    if not click.confirm(f"{action} This can't be undone. Continue?", err=True):
        note("Nothing was changed.")
        raise SystemExit(NO)
