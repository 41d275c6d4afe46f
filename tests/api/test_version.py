"""getVersion: the only method without key and envelope."""

from __future__ import annotations

from kimai_remote import SCHEMA_REVISION, __version__
from support.remotes import Remote


def test_version_and_schema_revision(remote: Remote) -> None:
    assert remote.call("getVersion") == f"{__version__}-{SCHEMA_REVISION}"
    assert SCHEMA_REVISION == 1394
