"""Kimai's autoconf.php, read without PHP."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import make_url

from kimai_remote.errors import ConfigurationError
from kimai_remote.kimai1 import autoconf

INSTALLED = """<?php
/* $server_prefix = "comment_"; it's not this one */
// $password_salt = "nor this";  '
# "
$server_hostname = "db.example.org";
$server_database = "time";
$server_username = "kimai";
$server_password = "p@ss/w:rd\\"\\$\\\\";
$server_prefix   = "km_";
$password_salt   = 'it\\'s \\n salt';
$authenticator   = "kimai";
$language        = "de";
$timezone        = "Europe/Zurich";
"""


def read(directory: Path, text: str) -> autoconf.Autoconf:
    path = directory / "autoconf.php"
    path.write_text(text)
    return autoconf.read(path)


def test_what_the_installer_writes(tmp_path: Path) -> None:
    autoconf_ = read(tmp_path, INSTALLED)
    url = make_url(autoconf_.url)
    assert (url.host, url.database, url.username) == ("db.example.org", "time", "kimai")
    assert url.password == 'p@ss/w:rd"$\\'
    assert (autoconf_.prefix, autoconf_.salt) == ("km_", "it's \\n salt")
    assert autoconf_.timezone == "Europe/Zurich"


@pytest.mark.parametrize(
    ("line", "authenticator"),
    [
        ('$authenticator = "kimai";', "kimai"),
        ("$authenticator = 'ldapadvanced';", "ldapadvanced"),
        ("$authenticator = getenv('AUTH');", "computed by PHP"),
        ('$authenticator = "";', "kimai"),
        ("", "kimai"),
    ],
)
def test_what_checks_passwords(tmp_path: Path, line: str, authenticator: str) -> None:
    text = INSTALLED.replace('$authenticator   = "kimai";', line)
    assert read(tmp_path, text).authenticator == authenticator


def test_an_older_file(tmp_path: Path) -> None:
    text = INSTALLED.replace("$timezone  ", "$defaultTimezone").replace("$server_prefix", "$x")
    autoconf_ = read(tmp_path, text + "?>\n")
    assert (autoconf_.timezone, autoconf_.prefix) == ("Europe/Zurich", "")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", ("localhost", None, None)),
        ("10.0.0.5:3307", ("10.0.0.5", 3307, None)),
        ("[::1]:3307", ("::1", 3307, None)),
        ("localhost:/run/mysqld.sock", ("localhost", None, "/run/mysqld.sock")),
    ],
)
def test_hosts(tmp_path: Path, host: str, expected: tuple[object, ...]) -> None:
    url = make_url(read(tmp_path, INSTALLED.replace("db.example.org", host)).url)
    assert (url.host, url.port, url.query.get("unix_socket")) == expected


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ('getenv("SALT")', "computes .password_salt"),
        ('"a" . "b"', "computes .password_salt"),
        ('"salt $x"', "variable"),
        ('"{$x}"', "variable"),
    ],
)
def test_computed_values_are_refused_by_name(tmp_path: Path, value: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        read(tmp_path, INSTALLED.replace("'it\\'s \\n salt'", value))


def test_escapes_of_double_quotes(tmp_path: Path) -> None:
    text = INSTALLED.replace("'it\\'s \\n salt'", r'"\x41\102\u{43}\t\q"')
    assert read(tmp_path, text).salt == "ABC\t\\q"


def test_another_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="doesn't look like Kimai's"):
        read(tmp_path, "<?php $x = 1;")
    with pytest.raises(ConfigurationError, match="can't be read"):
        autoconf.read(tmp_path / "missing.php")
