"""All commands: help, examples, completion, and what they load."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from kimai_remote.cli.main import app

ROOT = app.make_context("kimai-remote", [], resilient_parsing=True)


def walk(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    context = click.Context(command, parent=ROOT)
    if not hasattr(command, "list_commands"):
        yield path, command
        return
    assert command.help, path
    for name in command.list_commands(context):
        yield from walk(command.get_command(context, name), (*path, name))


COMMANDS = dict(walk(app))
PATHS = [" ".join(path) for path in COMMANDS]
NOUNS = {
    "user",
    "customer",
    "group",
    "role",
    "project",
    "activity",
    "status",
    "rate",
    "fixed-rate",
    "password",
    "key",
    "config",
}

UNUSED_BY_COMMANDS = {
    "alembic",
    "kimai_remote.tracking.strtotime.forms",
    "argon2",
    "granian",
    "lxml",
    "msgspec",
    "prometheus_client",
    "pydantic",
    "spyne",
    "werkzeug",
}


def test_every_noun_has_its_commands() -> None:
    for noun in ("user", "customer", "project", "activity", "group"):
        for verb in ("list", "show", "add", "edit", "trash", "restore"):
            assert f"{noun} {verb}" in PATHS
        if noun != "group":
            assert {f"{noun} assign", f"{noun} unassign"} <= set(PATHS)
    for path in (
        "role grant",
        "role revoke",
        "status remove",
        "rate remove",
        "fixed-rate add",
        "password set",
        "user unban",
        "key show-generation",
        "key revoke",
        "config get",
        "config set",
        "config list",
        "config unset",
        "report",
        "serve",
    ):
        assert path in PATHS


@pytest.mark.parametrize("path", list(COMMANDS), ids=PATHS)
def test_every_command_has_help_and_an_example(path: tuple[str, ...]) -> None:
    command = COMMANDS[path]
    assert command.help
    assert command.help[0].isupper()
    for parameter in command.params:
        assert getattr(parameter, "help", None), f"{path}: {parameter.name}"
    assert command.epilog, "has no example"
    assert "kimai-remote " + " ".join(path) in command.epilog
    for flag in ("--help", "-h"):
        shown = CliRunner().invoke(app, [*path, flag])
        assert shown.exit_code == 0
        assert "Example" in shown.output
        assert "BOOLEAN" not in shown.output


@pytest.mark.parametrize(
    "path", [path for path in COMMANDS if path[0] in NOUNS or path == ("report",)], ids=" ".join
)
def test_every_command_speaks_json(path: tuple[str, ...]) -> None:
    assert any("--json" in parameter.opts for parameter in COMMANDS[path].params)


@pytest.mark.parametrize("path", list(COMMANDS), ids=PATHS)
def test_examples_can_be_parsed(path: tuple[str, ...]) -> None:
    """Each option of an example exists, and no argument is missing."""
    command = COMMANDS[path]
    for line in command.epilog.splitlines()[2:]:
        words = shlex.split(line.partition(" > ")[0].rpartition(" | ")[2])
        assert tuple(words[1 : len(path) + 1]) == path, line
        command.make_context("x", words[len(path) + 1 :], parent=ROOT)


def complete(*words: str) -> list[str]:
    script = "kimai-remote " + " ".join(words)
    environ = {
        "_KIMAI_REMOTE_COMPLETE": "bash_complete",
        "COMP_WORDS": script,
        "COMP_CWORD": str(len(words)),
    }
    done = CliRunner().invoke(app, [], prog_name="kimai-remote", env=environ)
    assert done.exit_code == 0
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


def test_words_are_completed() -> None:
    assert {"serve", "report", "user", "fixed-rate"} <= set(complete(""))
    assert complete("act") == ["activity"]
    assert {"add", "edit", "trash"} <= set(complete("user", ""))
    assert {"--alias", "--role", "--timezone"} <= set(complete("user", "edit", "--"))
    assert complete("config", "set", "round") == ["roundPrecision", "roundingMethod"]
    rights = complete("role", "grant", "User", "ki_expenses-acc")
    assert rights == ["ki_expenses-access"]
    assert set(complete("report", "")) == {"user", "project", "customer", "activity", "month"}


def test_options_that_print_something_print_nothing_meanwhile() -> None:
    assert "serve" in complete("--version", "")
    assert complete("--show-completion", "bash", "ser") == ["serve"]


def test_the_script_for_bash_completes(tmp_path: Path) -> None:
    """Bash runs the script that it is given."""
    program = tmp_path / "kimai-remote"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m kimai_remote "$@"\n')
    program.chmod(0o755)
    script = """
        source <(_KIMAI_REMOTE_COMPLETE=bash_source kimai-remote)
        complete -p kimai-remote
        COMP_WORDS=(kimai-remote rate add --act) COMP_CWORD=3
        _kimai_remote_completion kimai-remote
        printf '%s\n' "${COMPREPLY[@]}"
    """
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PATH": path},
    )
    assert done.stdout.splitlines()[-1] == "--activity"
    assert "_kimai_remote_completion kimai-remote" in done.stdout


@pytest.mark.parametrize(
    "words", ["", "serve", "doctor", "config", "kimai1", "kimai1 import", "report"]
)
def test_help_loads_neither_database_nor_protocols(words: str) -> None:
    """They are slow to load."""
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom kimai_remote.cli.main import app\n"
        f"assert CliRunner().invoke(app, {[*words.split(), '--help']}).exit_code == 0\n"
        "print({'sqlalchemy', 'spyne', 'granian', 'alembic', 'rich.table'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_commands_load_only_what_they_need(cli: Any) -> None:
    """A command loads neither what serves calls nor what parses their data."""
    texts = {
        "user list": "alice",
        "report user --year 2026": "Total",
        "role list": "Admin",
        "rate list": "60.00",
        "config list": "roundPrecision",
        "config explain": "threads",
        "kimai1 check": "Contents",
        "db status": "Version",
        "db upgrade": "up to date",
        # The last one: a user has a name of the demo data, so it loads what checks passwords.
        "doctor": "Database",
    }
    code = (
        "import sys\nfrom kimai_remote.cli.main import app\n"
        f"for words in {list(texts)!r}:\n"
        "    app(words.split(), standalone_mode=False)\n"
        f"    print('loaded:', {UNUSED_BY_COMMANDS!r} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    outputs = re.split(r"^loaded: (.*)\n", done.stdout, flags=re.MULTILINE)
    for text, output in zip(texts.values(), outputs[::2], strict=False):
        assert text in output
    *others, of_doctor = outputs[1::2]
    assert others == ["set()"] * (len(texts) - 1)
    assert of_doctor in ("set()", "{'argon2'}")
