"""The command reference, ``docs/reference/commands.md``, written from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from kimai_remote.cli.main import app
from support.server import ROOT

PAGE = ROOT / "docs" / "reference" / "commands.md"

_HEAD = """\
# Commands

<!-- Written by "just docs". -->

All commands work on the database that the [settings](configuration.md) name, whether the server is
running or not. The server uses the changes from the next call on.

- `--help` or `-h`, with every command and group, shows the options and examples.
- `--json`, where a command has it, writes JSON and nothing else to standard output. Messages go to
  standard error.
- Name a user, project or other record by its ID or name. If several have the name, the command
  lists them and changes nothing. `id:5` always means the ID 5.
- A command that removes something for good asks first. Without a terminal it needs `--yes`.

| exit status | meaning |
|---|---|
| 0 | success |
| 1 | no: the record doesn't exist, the check failed, or you declined |
| 2 | error; nothing was changed |

`kimai-remote --show-completion bash` prints the script that completes commands in bash; `zsh` and
`fish` work too. To install it for bash:

```text
kimai-remote --show-completion bash > ~/.local/share/bash-completion/completions/kimai-remote
```

"""


def page() -> str:
    """The whole page, in Markdown."""
    commands = list(_commands(app, ("kimai-remote",)))
    index = "".join(
        f"| [`{' '.join(path[1:])}`](#{'-'.join(path).lower()}) | {_summary(command)} |\n"
        for path, command in commands
    )
    sections = "\n".join(_section(path, command) for path, command in commands)
    return f"{_HEAD}| command | purpose |\n|---|---|\n{index}\n{sections}"


def commands() -> set[str]:
    """The names of all commands, as typed."""
    return {" ".join(path) for path, _ in _commands(app, ())}


def _commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each command that isn't a group, with the words that call it."""
    if not hasattr(command, "list_commands"):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        if not child.hidden:
            yield from _commands(child, (*path, name))


def _section(path: tuple[str, ...], command: Any) -> str:
    shown = command.params
    usage = " ".join([*path, *_usage(shown)])
    lines = [f"## {' '.join(path)}", "", _text(command.help or ""), "", "```text", usage, "```", ""]
    if shown:
        lines += ["| parameter | meaning |", "|---|---|", *map(_parameter, shown), ""]
    lines_of_epilog = [line.strip() for line in (command.epilog or "").splitlines()]
    examples = [line for line in lines_of_epilog if line.startswith(path[0])]
    if examples:
        lines += ["Examples:", "", "```text", *examples, "```", ""]
    return "\n".join(lines)


def _usage(parameters: list[Any]) -> Iterator[str]:
    if not all(map(_is_argument, parameters)):
        yield "[OPTIONS]"
    for one in filter(_is_argument, parameters):
        name = _value(one) + ("…" if one.nargs != 1 else "")
        yield name if one.required else f"[{name}]"


def _is_argument(parameter: Any) -> bool:
    return not parameter.opts[0].startswith("-")


def _parameter(parameter: Any) -> str:
    if _is_argument(parameter):
        name = f"`{_value(parameter)}`"
    else:
        value = "" if parameter.is_flag else f" {_value(parameter)}"
        name = ", ".join(f"`{one}{value}`" for one in [*parameter.opts, *parameter.secondary_opts])
    choices = _choices(parameter)
    more = f" One of {', '.join(f'`{choice}`' for choice in choices)}." if choices else ""
    return f"| {name} | {_text(parameter.help or '').replace('|', '&#124;')}{more} |"


def _choices(parameter: Any) -> list[str]:
    return list(getattr(parameter.type, "choices", ()))


def _value(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name.upper().replace("_", "-"))


def _summary(command: Any) -> str:
    return _text(command.help or "").split("\n\n")[0]


def _text(text: str) -> str:
    """Help with one line a paragraph."""
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))
