"""Output that isn't of one command alone."""

from __future__ import annotations

import io

import pytest

from kimai_remote.cli.output import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "quiet", "shown"),
    [(Terminal(), False, True), (Terminal(), True, False), (io.StringIO(), False, False)],
    ids=["terminal", "quiet", "file"],
)
def test_progress_is_shown_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    stream: io.StringIO,
    quiet: bool,
    shown: bool,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr", stream)
    with progress(quiet=quiet) as show:
        show("Comparing", 0, None)
        show("timeSheet", 0, 1000)
        show("timeSheet", 500, 1000)
    assert ("timeSheet" in stream.getvalue(), "500/1000" in stream.getvalue()) == (shown, shown)
    assert bool(stream.getvalue()) == shown
    assert capsys.readouterr().out == ""
