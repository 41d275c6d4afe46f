"""Durations as the time sheet shows them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kimai_remote.tracking import timesheet
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


@pytest.mark.parametrize("shows_rates", [True, False])
def test_many_rows_are_shown_like_single_ones(shows_rates):
    entries = [
        (
            number,
            1000 * number,
            0 if number % 7 == 0 else 1000 * number + 10 * (number % 90),
            Decimal("60.00") if number % 3 else None,
            Decimal("99.00") if number % 5 == 0 else None,
            *range(21),
        )
        for number in range(2 * timesheet._AT_ONCE + 1)
    ]

    def shown(entries):
        return list(
            timesheet._shown(entries, 300_000, 700_000, shows_rates=shows_rates, with_seconds=False)
        )

    together = shown(entries)
    assert together == [shown([entry])[0] for entry in entries]
    assert {len(row) for row in together} == {len(entries[0]) + 3}
