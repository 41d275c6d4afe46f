"""A group whose commands are imported when one of them is used: help and completion stay fast."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import click
from click.shell_completion import CompletionItem


@dataclass(frozen=True, slots=True)
class LazyCommand:
    """A command, or a group of commands, in another module.

    :param target: module in this package and name in it, as in ``commands.user:group``.
    :param section: heading that the command is listed under.
    """

    name: str
    target: str
    help: str
    section: str

    def load(self) -> click.Command:
        module, _, name = self.target.partition(":")
        command: click.Command = getattr(importlib.import_module(f".{module}", __package__), name)
        return command


class LazyGroup(click.Group):
    """A group of :class:`LazyCommand`, listed by section without being imported."""

    def __init__(self, *args: Any, lazy_commands: Iterable[LazyCommand], **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self._lazy_commands = {command.name: command for command in lazy_commands}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._lazy_commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = self._lazy_commands.get(cmd_name)
        return command.load() if command else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for section, commands in groupby(self._lazy_commands.values(), lambda each: each.section):
            with formatter.section(section):
                formatter.write_dl([(each.name, each.help) for each in commands], col_max=12)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        commands = [
            CompletionItem(each.name, help=each.help)
            for each in self._lazy_commands.values()
            if each.name.startswith(incomplete)
        ]
        return commands + click.Command.shell_complete(self, ctx, incomplete)
