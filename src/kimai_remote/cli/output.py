"""How commands tell what went wrong: one clear sentence, exit status 2."""

from __future__ import annotations

import csv
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Annotated, Any, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from ..errors import KimaiRemoteError, NotFound

console = Console(highlight=False)
#: Exit statuses: the answer is no, or there is no such thing; it can't be done.
NO, ERROR = 1, 2
_errors = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def reported() -> Iterator[None]:
    """Turn errors that have a meaning for people into a message and an exit status."""
    try:
        yield
    except NotFound as error:
        fail(str(error), NO)
    except KimaiRemoteError as error:
        fail(str(error))
    except Exception as error:
        reason = _of_the_database(error)
        if reason is None:
            raise
        fail(f"The database can't be used: {reason}")


def fail(message: str, code: int = ERROR) -> NoReturn:
    _errors.print("[bold red]kimai-remote:[/]", end=" ")
    _errors.print(message, markup=False)
    raise typer.Exit(code)


def note(message: str) -> None:
    """Tell people something that isn't part of the output."""
    _errors.print(message, markup=False)


def _of_the_database(error: Exception) -> object:
    """What a driver says; None if the error isn't the database's."""
    from sqlalchemy.exc import DBAPIError  # slow to load, and not needed for help

    return error.orig if isinstance(error, DBAPIError) else None


#: Amounts are JSON numbers, written with all of their digits.
_encode = msgspec.json.Encoder(decimal_format="number").encode


def print_json(value: Any) -> None:
    """A value as JSON, alone on standard output."""
    typer.echo(msgspec.json.format(_encode(value), indent=2).decode())


def print_records(
    records: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, as_json: bool
) -> None:
    """A list of objects.

    :param columns: heading of each field that is in the table; JSON has all of them.
    """
    if as_json:
        print_json(records)
        return
    table = Table(*columns.values())
    for place, name in enumerate(columns):
        if records and is_number(records[0][name]):
            table.columns[place].justify = "right"
            table.columns[place].no_wrap = True
    for record in records:
        table.add_row(*(shown(record[name]) for name in columns))
    console.print(table)


def print_record(record: Mapping[str, Any], *, as_json: bool) -> None:
    """One object, a line a field; lists of what belongs to it a line each."""
    if as_json:
        print_json(record)
        return
    table = Table("Field", "Value", show_header=False)
    for name, value in record.items():
        if isinstance(value, list):
            table.add_row(name, "\n".join(_listed(part) for part in value))
        else:
            table.add_row(name, shown(value))
    console.print(table)


def print_change(record: Mapping[str, Any], sentence: str, *, as_json: bool) -> None:
    """An object after a change, or a sentence that says what was done."""
    if as_json:
        print_json(record)
    else:
        console.print(printable(sentence), markup=False, soft_wrap=True)


def print_csv(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Rows for a spreadsheet. It would run a name that looks like a formula, so such a name gets an
    apostrophe in front."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)


def _harmless(cell: Any) -> Any:
    is_formula = isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{cell}" if is_formula else cell


def shown(value: Any) -> str:
    """A value as a cell of a table."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    if isinstance(value, list):
        return ", ".join(map(shown, value))
    return printable(str(value)).replace("[", "\\[")


def is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def printable(text: str) -> str:
    """A text that doesn't move the cursor: what comes from a database may be anything."""
    return "".join(
        "�"
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t"
        else character
        for character in text
    )


def _listed(part: Any) -> str:
    """One thing that belongs to an object: number, name and what else there is."""
    if not isinstance(part, Mapping):
        return shown(part)
    number, name, *rest = part.items()
    extra = ", ".join(
        f"{key} {shown(value)}" for key, value in rest if value is not None and key[-2:] != "ID"
    )
    return f"{number[1]} {shown(name[1])}" + (f" ({extra})" if extra else "")


Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask whether it is meant.")]


def confirm(question: str, yes: bool) -> None:
    """Go on if it is meant; else end the command.

    :param question: what is going to happen.
    :param yes: whether the question was answered in advance.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        fail(f"{question} This can't be undone; say --yes if it is meant.")
    if not typer.confirm(f"{question} This can't be undone. Is it meant?", err=True):
        note("Nothing was changed.")
        raise typer.Exit(NO)
