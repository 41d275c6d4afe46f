"""What commands print: tables and sentences for people, JSON for programs."""

from __future__ import annotations

import csv
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import typer
from rich.table import Table

from .reporting import console

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
        "�" if unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t"
        else character
        for character in text
    )  # fmt: skip


def _listed(part: Any) -> str:
    """One thing that belongs to an object: number, name and what else there is."""
    if not isinstance(part, Mapping):
        return shown(part)
    number, name, *rest = part.items()
    extra = ", ".join(
        f"{key} {shown(value)}" for key, value in rest if value is not None and key[-2:] != "ID"
    )
    return f"{number[1]} {shown(name[1])}" + (f" ({extra})" if extra else "")
