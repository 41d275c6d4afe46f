"""Commands that pages name in a sentence or a table exist, with the options that they name."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest

from kimai_remote.cli.main import app
from support.markdown import relative
from support.server import ROOT

PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
_INLINE = re.compile(r"`kimai-remote ([^`\n]+)`")
_FENCE = re.compile(r"^( *)```.*?^\1```$", re.M | re.S)


def unknown(words: list[str]) -> str:
    """Return the first word that the command line doesn't know, or an empty text."""
    command: Any = app
    while hasattr(command, "list_commands") and words and not words[0].startswith("-"):
        child = command.get_command(click.Context(command), words[0])
        if child is None:
            return words[0]
        command, words = child, words[1:]
    options = {"--help", "-h", *(name for one in command.params for name in one.opts)}
    options |= {name for one in command.params for name in one.secondary_opts}
    return next((w for w in words if w.startswith("--") and w.split("=")[0] not in options), "")


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_commands_are_known(page: Path) -> None:
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    if page.name == "CHANGELOG.md":
        return  # it names what there was
    failures = {named for named in _INLINE.findall(text) if unknown(shlex.split(named))}
    assert failures == set()


@pytest.mark.parametrize(
    ("named", "word"),
    [
        ("user list --trashed", ""),
        ("user lst", "lst"),
        ("user list --trash", "--trash"),
        ("--config FILE …", ""),
    ],
)
def test_the_test_finds_errors(named: str, word: str) -> None:
    assert unknown(shlex.split(named)) == word
