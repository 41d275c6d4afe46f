"""Groups of commands that are loaded when one of them is run: help and completion stay quick."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import typer
from typer.core import TyperGroup


@dataclass(frozen=True, slots=True)
class Later:
    """A group of commands that is somewhere else.

    :param module: in the package ``commands``.
    :param panel: the heading that it is listed under.
    """

    name: str
    module: str
    help: str
    app: str = "app"
    panel: str | None = None


class LaterGroup(TyperGroup):
    """Stands for a group of commands until something has to be known of it."""

    def __init__(self, later: Later) -> None:
        super().__init__(
            name=later.name, help=later.help, rich_help_panel=later.panel, no_args_is_help=True
        )
        self._later: Later | None = later

    def list_commands(self, ctx: Any) -> list[str]:
        self._load()
        return super().list_commands(ctx)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        self._load()
        return super().get_command(ctx, cmd_name)

    def _load(self) -> None:
        if self._later is None:
            return
        module = importlib.import_module(f".commands.{self._later.module}", __package__)
        group = typer.main.get_group(getattr(module, self._later.app))
        self.commands.update(group.commands)
        _unwrap(self)
        self._later = None


def group_with(laters: Sequence[Later]) -> type[TyperGroup]:
    """A class of groups that have these groups too, behind their own commands."""

    class Group(TyperGroup):
        def __init__(self, **attributes: Any) -> None:
            super().__init__(**attributes)
            _unwrap(self)
            for later in laters:
                self.add_command(LaterGroup(later))

    return Group


def _unwrap(group: TyperGroup) -> None:
    """Let the terminal's width break the lines of help, not the width of our source."""
    for command in group.commands.values():
        if command.help:
            command.help = re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.cleandoc(command.help))
