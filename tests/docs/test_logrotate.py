"""The audit log is rotated while a server writes to it."""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path

import pytest

from clients import tools
from docs.proxies import DEPLOY, replaced
from support.raw_http import call
from support.server import serving

pytestmark = pytest.mark.clients


def test_nothing_is_lost(tmp_path: Path) -> None:
    logrotate = tools.need("logrotate", "apt-get install logrotate")
    logs = tmp_path / "logs"
    logs.mkdir(mode=0o700)
    user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    config = tmp_path / "kimai-remote"
    config.write_text(
        replaced(
            (DEPLOY / "kimai-remote.logrotate").read_text(),
            ("/var/log/kimai-remote", str(logs)),
            ("kimai-remote kimai-remote", f"{user} {group}"),
        )
    )
    config.chmod(0o644)
    audit = logs / "audit.log"
    with serving(tmp_path, environ={"KIMAI_REMOTE_AUDIT_LOG": str(audit)}) as server:
        call(server, "authenticate", "admin", "first")
        tools.run([logrotate, "--force", "--state", tmp_path / "state", config])
        call(server, "authenticate", "admin", "second")
    before, after = logs / "audit.log.1", audit
    assert [path.read_text().count("login refused") for path in (before, after)] == [1, 1]
    assert after.stat().st_mode & 0o777 == 0o600
