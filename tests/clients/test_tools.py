"""Tests skip or fail if a program isn't installed."""

from __future__ import annotations

import pytest

from clients import tools


def test_missing_program_skips_and_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KIMAI_REMOTE_TEST_ALL", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"no-such-program.*apt-get install it"):
        tools.need("no-such-program", "apt-get install it")


def test_missing_program_fails_where_nothing_may_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIMAI_REMOTE_TEST_ALL", "1")
    with pytest.raises(pytest.fail.Exception, match=r"no-such-program.*apt-get install it"):
        tools.need("no-such-program", "apt-get install it")


def test_program_that_fails_shows_what_it_printed() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"(?s)ended with 3.*sorry"):
        tools.run(["sh", "-c", "echo sorry >&2; exit 3"])
