"""The units for systemd, by systemd's own word; nothing is started here."""

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
    """The units with the program where it is here; systemd looks whether there is one."""
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


@pytest.mark.parametrize(("name", "most"), [(UNITS[0], 1.6), (UNITS[1], 5.0)])
def test_the_server_is_kept_in_its_place(name: str, most: float) -> None:
    """systemd's measure goes from 0 to 10, where a service without any restriction has 9.6."""
    program = tools.need("systemd-analyze", "apt-get install systemd")
    shown = tools.run([program, "security", "--offline=yes", "--no-pager", DEPLOY / name])
    (exposure,) = re.findall(r"Overall exposure level for \S+: ([\d.]+)", shown)
    assert float(exposure) <= most


def test_the_backup_of_the_night(tmp_path: Path) -> None:
    """The commands of the unit, run by hand where systemd would."""
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
    for _ in range(2):  # the next week's replaces it
        for command in commands:
            tools.run(["/bin/sh", "-ec", command], environ=environ)
    (copy,) = tmp_path.glob("kimai-???.sqlite3")
    assert copy.stat().st_size > 10_000
    assert (tmp_path / "secret").read_text() == (data / "secret").read_text()
