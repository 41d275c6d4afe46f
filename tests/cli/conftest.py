"""Commands, run on an SQLite database with the data of the tests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kimai_remote.cli.main import app
from support.world import World


@dataclass
class Outcome:
    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


class Commands:
    """Runs commands on a world."""

    def __init__(self, world: World, audit_log: Path) -> None:
        self.world = world
        self.audit_log = audit_log

    def __call__(self, *arguments: str, stdin: str | None = None, code: int = 0) -> Outcome:
        """Run a command and check its exit status."""
        result = CliRunner().invoke(app, list(arguments), input=stdin)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return Outcome(result.exit_code, result.stdout, " ".join(result.stderr.split()))

    def json(self, *arguments: str, stdin: str | None = None) -> Any:
        """Return what a command prints with --json."""
        return self(*arguments, "--json", stdin=stdin).json

    def refused(self, *arguments: str, code: int = 2, stdin: str | None = None) -> str:
        """Return the message of a refused command, which has changed and printed nothing."""
        before = self.world.snapshot()
        outcome = self(*arguments, code=code, stdin=stdin)
        assert outcome.stdout == ""
        assert self.world.snapshot() == before
        assert outcome.stderr.startswith("kimai-remote: ")
        return outcome.stderr

    @property
    def audit(self) -> list[dict[str, Any]]:
        lines = self.audit_log.read_text().splitlines()
        return [json.loads(line.partition(" audit ")[2]) for line in lines]


@pytest.fixture
def cli(file_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    """The command ``kimai-remote`` with the known world as its database."""
    audit_log = tmp_path / "audit.log"
    for name, value in {
        "DATABASE_URL": file_world.database.url.render_as_string(),
        "TABLE_PREFIX": file_world.database.prefix,
        "SECRET": "a secret for tests only, 32 byte",
        "PASSWORD_SALT": "kimai salt",
        "DATA_DIR": str(tmp_path),
        "AUDIT_LOG": str(audit_log),
    }.items():
        monkeypatch.setenv(f"KIMAI_REMOTE_{name}", value)
    return Commands(file_world, audit_log)
