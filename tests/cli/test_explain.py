"""``kimai-remote config explain``, as typed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from kimai_remote.cli.main import app
from kimai_remote.config import Settings

AUTOCONF = """<?php
$server_hostname = "db.example.org"; $server_database = "kimai"; $server_username = "k";
$server_password = "h1dden"; $server_prefix = "old_"; $password_salt = "s4lt-of-kimai";
"""


pytestmark = pytest.mark.usefixtures("folder")


def run(*arguments: str, **environ: str) -> tuple[int, str]:
    environ = {f"KIMAI_REMOTE_{name}": value for name, value in environ.items()}
    result = CliRunner().invoke(app, list(arguments), env=environ)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_all_settings_with_their_sources(folder: Path) -> None:
    file = folder / "a.toml"
    file.write_text("port = 8123\n")
    code, output = run("--config", str(file), "config", "explain", WORKERS="3")
    assert code == 0
    lines = {line.split()[0]: line for line in output.splitlines() if line.strip()}
    assert lines["Configuration"] == f"Configuration file: {file}"
    assert set(Settings.info()) <= set(lines)
    assert "8123" in lines["port"] and "Port to listen on." in lines["port"]
    assert "KIMAI_REMOTE_WORKERS" in lines["workers"]
    assert "in seconds; 0: no limit." in lines["statement_timeout"]
    assert "KIMAI_REMOTE_CONFIG" not in os.environ


def test_one_setting_as_json() -> None:
    for name in ("port", "--port", "KIMAI_REMOTE_PORT"):
        code, output = run("config", "explain", "--json", "--", name, PORT="8123")
        assert code == 0
        assert json.loads(output) == {
            "name": "port",
            "variable": "KIMAI_REMOTE_PORT",
            "value": 8123,
            "source": "environment",
            "place": "KIMAI_REMOTE_PORT",
            "meaning": "Port to listen on.",
            "unit": "",
            "empty": "",
        }


def test_no_secret_is_shown() -> None:
    environ = {
        "SECRET": "s3cret-s3cret-s3cret",
        "PASSWORD_SALT": "s3cret-salt",
        "METRICS_TOKEN": "s3cret-token-123456",
        "DATABASE_URL": "postgresql://kimai:s3cret-pass@db/kimai?sslpassword=s3cret&sslmode=require",
    }
    for arguments in ((), ("database_url",), ("--json",)):
        code, output = run("config", "explain", *arguments, **environ)
        assert code == 0
        assert "s3cret" not in output
    assert "postgresql://kimai:***@db/kimai?sslmode=require&sslpassword=***" in output
    assert "s3cret" not in run("config", "explain", DATABASE_URL="s3cret")[1]


def test_what_kimai_s_autoconf_adds(folder: Path) -> None:
    path = folder / "autoconf.php"
    path.write_text(AUTOCONF)
    code, output = run(
        "config", "explain", "--json", KIMAI_AUTOCONF=str(path), TIMEZONE="Asia/Tokyo"
    )
    assert code == 0
    found = {row["name"]: row for row in json.loads(output)}
    assert "h1dden" not in output and "s4lt" not in output
    for name in ("database_url", "table_prefix", "password_salt", "shared_with_kimai"):
        assert (found[name]["source"], found[name]["place"]) == ("autoconf", str(path))
    assert found["table_prefix"]["value"] == "old_"
    assert found["timezone"]["source"] == "environment"


def test_an_unknown_name() -> None:
    code, output = run("config", "explain", "prot")
    assert (code, "There is no setting prot. Did you mean port?" in output) == (2, True)


@pytest.mark.parametrize(
    "command",
    [
        ("serve",),
        ("db", "status"),
        ("key", "revoke", "x"),
        ("kimai1", "check"),
        ("config", "explain"),
    ],
)
def test_every_command_reads_the_file(folder: Path, command: tuple[str, ...]) -> None:
    file = folder / "a.toml"
    file.write_text("prot = 1\n")
    code, output = run("--config", str(file), *command)
    assert code == 2
    assert " ".join(output.split()) == (
        f"kimai-remote: {file}: there is no setting prot. Did you mean port?"
    )
