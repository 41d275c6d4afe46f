"""getVersion: the only method without key and envelope."""

from __future__ import annotations

from support.remotes import Remote


def test_the_version_is_that_of_the_newest_release_of_kimai(remote: Remote) -> None:
    assert remote.call("getVersion") == "1.3.5-1394"
