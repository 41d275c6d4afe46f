"""Durations as the time sheet shows them."""

from __future__ import annotations

import pytest

from kimai_remote.tracking.timesheet import format_duration


@pytest.mark.parametrize(
    ("seconds", "text", "with_seconds"),
    [
        (0, "0:00", "0:00:00"),
        (59, "0:00", "0:00:59"),
        (60, "0:01", "0:01:00"),
        (3599, "0:59", "0:59:59"),
        (3600, "1:00", "1:00:00"),
        (3930, "1:05", "1:05:30"),
        (86_400, "24:00", "24:00:00"),
        (363_905, "101:05", "101:05:05"),
    ],
)
def test_durations(seconds, text, with_seconds):
    assert format_duration(seconds) == text
    assert format_duration(seconds, seconds_shown=True) == with_seconds
