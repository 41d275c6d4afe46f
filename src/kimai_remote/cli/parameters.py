"""Parameters that several commands have, and examples for their help."""

from __future__ import annotations

from typing import Any

import click


def option(*names: str, help: str, **attributes: Any) -> click.Option:  # noqa: A002 (click's name)
    return click.Option(names, help=help, **attributes)


def repeatable(name: str, help: str, **attributes: Any) -> click.Option:  # noqa: A002
    """An option that may be given several times; its value is a tuple."""
    metavar = name.strip("-").upper()
    return option(
        name, help=f"{help}; may be repeated.", metavar=metavar, multiple=True, **attributes
    )


JSON = option("--json", "as_json", help="Print JSON.", is_flag=True)
NAME = click.Argument(["name"], help="The name.")
NEW_NAME = option("--name", help="A new name.", metavar="NAME")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
yes_option = click.option("--yes", "-y", is_flag=True, help="Don't ask for confirmation.")


def examples(*commands: str) -> str:
    """Return the epilog of a command's help; each example keeps a line of its own."""
    title = "Example:" if len(commands) == 1 else "Examples:"
    return "\n".join(["\b", title, *(f"  {command}" for command in commands)])
