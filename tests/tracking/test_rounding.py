"""Rounding of recorded spans."""

from __future__ import annotations

import pytest

from kimai_remote.tracking.rounding import round_span

#: A full hour in unix seconds.
HOUR = 1_772_442_000


@pytest.mark.parametrize(
    ("minutes", "method", "start", "end", "expected"),
    [
        # Nothing is rounded without a precision.
        (0, "", 10, 20, (10, 20)),
        (0, "closest", 10, 20, (10, 20)),
        (0, "ceil", 10, 20, (10, 20)),
        (-1, "", 10, 20, (10, 20)),
        # The default lengthens: start down, end up.
        (1, "", 0, 60, (0, 60)),
        (1, "", 59, 61, (0, 120)),
        (5, "", 299, 301, (0, 600)),
        (15, "", 899, 901, (0, 1800)),
        (60, "", 3599, 3601, (0, 7200)),
        (60, "", 3600, 3600, (3600, 3600)),
        # To the nearest step; half a step goes up.
        (1, "closest", 29, 90, (0, 120)),
        (1, "closest", 30, 89, (60, 60)),
        (5, "closest", 149, 450, (0, 600)),
        (15, "closest", 449, 451, (0, 900)),
        (15, "closest", 450, 1349, (900, 900)),
        (60, "closest", 1799, 5400, (0, 7200)),
        # Both up.
        (1, "ceil", 0, 1, (0, 60)),
        (1, "ceil", 1, 60, (60, 60)),
        (5, "ceil", 1, 301, (300, 600)),
        (15, "ceil", 1, 901, (900, 1800)),
        (60, "ceil", 1, 3599, (3600, 3600)),
    ],
)
def test_spans(minutes, method, start, end, expected):
    first, last = round_span(HOUR + start, HOUR + end, minutes, method)
    assert (first - HOUR, last - HOUR) == expected


@pytest.mark.parametrize("method", ["", "closest", "ceil"])
@pytest.mark.parametrize("minutes", [1, 5, 7, 15, 60])
def test_both_ends_lie_on_full_steps_near_by_in_order(minutes, method):
    step = minutes * 60
    for start in range(HOUR, HOUR + 2 * step, 13):
        for length in (0, 1, 59, 60, 61, 3600):
            first, last = round_span(start, start + length, minutes, method)
            assert first % step == last % step == 0
            assert abs(first - start) < step
            assert abs(last - start - length) < step
            assert last >= first
