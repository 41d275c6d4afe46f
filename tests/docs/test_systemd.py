"""The systemd units, checked by systemd without starting them."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from clients import tools
from docs.proxies import DEPLOY, replaced

pytestmark = pytest.mark.clients

UNITS = ["kimai-remote.service", "kimai-remote-backup.service", "kimai-remote-backup.timer"]
PROGRAM = Path(sys.executable).with_name("kimai-remote")


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    """The units with the path of the installed program, because systemd checks that it exists."""
    written = []
    for name in UNITS:
        text = (DEPLOY / name).read_text()
        path = tmp_path / name
        path.write_text(text.replace("/opt/kimai-remote/bin/kimai-remote", str(PROGRAM)))
        written.append(path)
    return written


def test_systemd_understands_them(units: list[Path]) -> None:
    program = tools.need("systemd-analyze", "apt-get install systemd")
    assert tools.run([program, "verify", *units]) == ""


@pytest.mark.parametrize(("name", "max_exposure"), [(UNITS[0], 1.6), (UNITS[1], 5.0)])
def test_the_units_are_restricted(name: str, max_exposure: float) -> None:
    """systemd's scale goes from 0 to 10; a service without restrictions has 9.6."""
    program = tools.need("systemd-analyze", "apt-get install systemd")
    shown = tools.run([program, "security", "--offline=yes", "--no-pager", DEPLOY / name])
    (exposure,) = re.findall(r"Overall exposure level for \S+: ([\d.]+)", shown)
    assert float(exposure) <= max_exposure


def test_the_nightly_backup(tmp_path: Path) -> None:
    """Run the commands of the unit without systemd."""
    data = tmp_path / "data"
    data.mkdir()
    environ = {"KIMAI_REMOTE_DATA_DIR": str(data), "STATE_DIRECTORY": str(tmp_path)}
    tools.run([PROGRAM, "db", "upgrade"], environ=environ)
    (data / "secret").write_text("0123456789abcdef0123456789abcdef\n")
    unit = replaced(
        (DEPLOY / UNITS[1]).read_text(),
        ("/opt/kimai-remote/bin/kimai-remote", str(PROGRAM)),
        ("/var/lib/kimai-remote", str(data)),
        ("%%", "%"),
    )
    commands = re.findall(r"^ExecStart=/bin/sh -ec '(.*)'$", unit, re.M)
    assert len(commands) == unit.count("ExecStart=") == 2
    for _ in range(2):  # a week later, the file is replaced
        for command in commands:
            tools.run(["/bin/sh", "-ec", command], environ=environ)
    (copy,) = tmp_path.glob("kimai-???.sqlite3")
    assert copy.stat().st_size > 10_000
    assert (tmp_path / "secret").read_text() == (data / "secret").read_text()
