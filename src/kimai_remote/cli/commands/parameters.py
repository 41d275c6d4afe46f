"""Parameters that several commands have, and a way to state those of a kind of object once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypedDict, TypeVar, get_type_hints

import typer

Function = TypeVar("Function", bound=Callable[..., Any])

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Groups = Annotated[
    list[str] | None,
    typer.Option("--group", metavar="GROUP", help="Group, by number or name; may be repeated."),
]
InGroup = Annotated[
    str | None, typer.Option("--group", metavar="GROUP", help="Only those in this group.")
]
SameName = Annotated[bool, typer.Option("--same-name", help="Even if another one has this name.")]
Trashed = Annotated[bool, typer.Option("--trashed", help="Those in the trash instead.")]
All = Annotated[bool, typer.Option("--all", help="Those in the trash too.")]
Which = Annotated[
    str,
    typer.Argument(metavar="NAME", help="Its name, or its number (id:5 is always a number)."),
]
SomeGroups = Annotated[
    list[str], typer.Option("--group", metavar="GROUP", help="The group; may be repeated.")
]
NewName = Annotated[str, typer.Argument(metavar="NAME", help="Its name.")]


class Renamed(TypedDict, total=False):
    """What can be changed of everything that has a name."""

    name: Annotated[str | None, typer.Option("--name", help="Another name.")]


class Shown(TypedDict, total=False):
    """Fields of what is offered in lists."""

    comment: Annotated[str | None, typer.Option("--comment", help="Comment.")]
    visible: Annotated[
        bool | None, typer.Option("--visible/--hidden", help="Whether lists offer it.")
    ]
    filter: Annotated[
        int | None,
        typer.Option(
            "--filter",
            metavar="NUMBER",
            help="Kimai's column filter: a small number that only Kimai's pages read.",
        ),
    ]


class Planned(TypedDict, total=False):
    """Amounts that are planned for a project, or an activity of one."""

    budget: Annotated[
        str | None,
        typer.Option(
            "--budget", metavar="AMOUNT", help='Budget in money, such as 1200.50; "" for none.'
        ),
    ]
    effort: Annotated[
        str | None, typer.Option("--effort", metavar="HOURS", help='Effort in hours; "" for none.')
    ]
    approved: Annotated[
        str | None,
        typer.Option("--approved", metavar="AMOUNT", help='Approved budget; "" for none.'),
    ]


def with_options(fields: type) -> Callable[[Function], Function]:
    """Give a command the options that a TypedDict names, in place of its ``**fields``.

    All of them are optional; those that aren't given are None.
    """

    def expand(function: Function) -> Function:
        signature = inspect.signature(function, eval_str=True)
        parameters = [
            parameter
            for parameter in signature.parameters.values()
            if parameter.kind is not parameter.VAR_KEYWORD
        ]
        parameters += [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
            for name, kind in get_type_hints(fields, include_extras=True).items()
        ]
        function.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        return function

    return expand
