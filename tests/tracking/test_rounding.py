"""Rounding of recorded spans, compared with the rules in words, written out step by step."""

from __future__ import annotations

from fractions import Fraction

import pytest

from kimai_remote.tracking.dates import LATEST
from kimai_remote.tracking.rounding import Rounding, precision_of, round_span, rule_of

#: A full hour in unix seconds.
HOUR = 1_772_442_000
PRECISIONS = (1, 2, 5, 7, 10, 15, 30, 60, 1440)


@pytest.mark.parametrize(
    ("minutes", "rule", "start", "end", "expected"),
    [
        # Nothing is rounded without a precision.
        *((0, rule, 10, 20, (10, 20)) for rule in Rounding),
        *((-1, rule, 10, 20, (10, 20)) for rule in Rounding),
        # Start down, end up.
        (1, Rounding.OUTWARD, 0, 60, (0, 60)),
        (1, Rounding.OUTWARD, 59, 61, (0, 120)),
        (5, Rounding.OUTWARD, 299, 301, (0, 600)),
        (15, Rounding.OUTWARD, 899, 901, (0, 1800)),
        (60, Rounding.OUTWARD, 3599, 3601, (0, 7200)),
        (60, Rounding.OUTWARD, 3600, 3600, (3600, 3600)),
        # To the nearest step; half a step goes up.
        (1, Rounding.CLOSEST, 29, 90, (0, 120)),
        (1, Rounding.CLOSEST, 30, 89, (60, 60)),
        (5, Rounding.CLOSEST, 149, 450, (0, 600)),
        (15, Rounding.CLOSEST, 449, 451, (0, 900)),
        (15, Rounding.CLOSEST, 450, 1349, (900, 900)),
        (60, Rounding.CLOSEST, 1799, 5400, (0, 7200)),
        # Both up.
        (1, Rounding.UP, 0, 1, (0, 60)),
        (1, Rounding.UP, 1, 60, (60, 60)),
        (5, Rounding.UP, 1, 301, (300, 600)),
        (15, Rounding.UP, 1, 901, (900, 1800)),
        (60, Rounding.UP, 1, 3599, (3600, 3600)),
        # Kimai 1.3.4.
        (15, Rounding.CLOSEST_HALF_DOWN, 450, 1351, (0, 1800)),
        (15, Rounding.CLOSEST_HALF_DOWN, 0, 1351, (0, 1351)),
        (15, Rounding.UP_UNLESS_ON_STEP, 1, 901, (900, 1800)),
        (15, Rounding.UP_UNLESS_ON_STEP, 1, 900, (1, 900)),
        # Kimai before 1.3.4: in quarters of an hour.
        (15, Rounding.CLOSEST_DURATION, 700, 3900, (900, 4500)),
        (15, Rounding.CLOSEST_DURATION, 500, 3900, (0, 3600)),
        (15, Rounding.NOT_SHORTER, 700, 3900, (900, 4500)),
        (15, Rounding.CLOSEST_DURATION, 0, 100, (0, 0)),
        (15, Rounding.NOT_SHORTER, 0, 100, (0, 900)),
    ],
)
def test_spans(minutes, rule, start, end, expected):
    first, last = round_span(HOUR + start, HOUR + end, minutes, rule)
    assert (first - HOUR, last - HOUR) == expected


def in_words(
    base: int, start: int, end: int, step: int, version: str, down: bool
) -> tuple[int, int]:
    """Return a span as a released Kimai rounds it, told as the contract tells it.

    :param base: a full step before the span.
    """

    def earlier(second: int) -> int:
        return max(grid for grid in range(base, second + 1, step))

    def later(second: int) -> int:
        return min(grid for grid in range(base, second + step, step) if grid >= second)

    if version == "1.3.5":
        return (earlier(start) if down else later(start)), later(end)
    if version == "1.3.4":
        if start == earlier(start) or end == earlier(end):
            return start, end
        if not down:
            return later(start), later(end)
        return tuple(  # type: ignore[return-value]
            min((earlier(time), later(time)), key=lambda at: abs(at - time))
            for time in (start, end)
        )
    pairs = [
        (a, b)
        for a in (earlier(start), earlier(start) + step)
        for b in (earlier(end), earlier(end) + step)
    ]
    true, best = end - start, pairs[0]
    for pair in pairs:
        duration, so_far = pair[1] - pair[0], best[1] - best[0]
        if down:
            if abs(duration - true) > abs(so_far - true):
                continue
            if sum(abs(x - y) for x, y in zip(pair, (start, end), strict=True)) >= sum(
                abs(x - y) for x, y in zip(best, (start, end), strict=True)
            ):
                continue
        else:
            if duration < true:
                continue
            if duration > so_far and so_far > true:
                continue
        best = pair
    return best


@pytest.mark.parametrize("down", [True, False])
@pytest.mark.parametrize("version", ["1.3.5", "1.3.4", "1.3.3"])
@pytest.mark.parametrize("minutes", [1, 2, 5, 7, 15, 60])
def test_released_versions_round_as_in_words(minutes, version, down):
    rule = rule_of({"version": version, "allowRoundDown": str(int(down))})
    step = minutes * 60
    base = HOUR - HOUR % step
    # Each pair of places in a step, for spans within one step, to the next one and over several.
    places = [*range(0, step, max(1, step // 29)), 1, step // 2 - 1, step // 2, step // 2 + 1]
    for begin in places:
        for finish in places:
            for steps in (0, 1, 3):
                start, end = base + begin, base + finish + steps * step
                if end >= start:
                    expected = in_words(base, start, end, step, version, down)
                    assert round_span(start, end, minutes, rule) == expected, (begin, finish, steps)


@pytest.mark.parametrize("rule", list(Rounding))
@pytest.mark.parametrize("minutes", PRECISIONS)
def test_both_ends_move_by_one_step_at_most_and_stay_in_order(minutes, rule):
    step = minutes * 60
    for start in range(HOUR, HOUR + 2 * step, max(13, step // 50)):
        for length in (0, 1, 59, 60, 61, 3600):
            first, last = round_span(start, start + length, minutes, rule)
            unmoved = (first, last) == (start, start + length)
            assert unmoved or first % step == last % step == 0
            assert abs(first - start) <= step
            assert abs(last - start - length) <= step
            assert last >= first


@pytest.mark.parametrize("rule", [Rounding.CLOSEST_DURATION, Rounding.NOT_SHORTER])
def test_before_1_3_4_the_duration_is_off_by_less_than_a_step(rule):
    for start in range(HOUR, HOUR + 900, 7):
        for length in range(0, 2000, 11):
            first, last = round_span(start, start + length, 15, rule)
            error = Fraction(last - first - length, 900)
            assert -1 < error < 1 if rule is Rounding.CLOSEST_DURATION else 0 <= error <= 1


@pytest.mark.parametrize("rule", list(Rounding))
@pytest.mark.parametrize("minutes", (0, *PRECISIONS, 10**9))
def test_no_time_is_after_the_last_one_that_can_be_stored(minutes, rule):
    for start in range(LATEST - 5000, LATEST + 1, 97):
        for end in (start, start + 1, LATEST - 1, LATEST, LATEST + 1, LATEST + 90_000):
            if end >= start:
                first, last = round_span(start, end, minutes, rule)
                assert first <= last <= LATEST


@pytest.mark.parametrize(
    ("version", "down", "rule"),
    [
        ("1.3.5", "1", Rounding.OUTWARD),
        ("1.3.5", "0", Rounding.UP),
        ("1.3.5", "", Rounding.UP),
        ("1.3.5", None, Rounding.UP),
        ("1.3.5", "x", Rounding.OUTWARD),
        ("1.3.4", "1", Rounding.CLOSEST_HALF_DOWN),
        ("1.3.4", "0", Rounding.UP_UNLESS_ON_STEP),
        ("1.3.3", "1", Rounding.CLOSEST_DURATION),
        ("1.3.3", "0", Rounding.NOT_SHORTER),
        ("1.1.0", "1", Rounding.CLOSEST_DURATION),
        ("1.0.0", None, Rounding.NOT_SHORTER),
        ("1.0", "1", Rounding.CLOSEST_DURATION),
        ("0.9.3", "1", Rounding.CLOSEST_DURATION),
        ("1.3.10", "1", Rounding.OUTWARD),
        ("2.0", "1", Rounding.OUTWARD),
        ("1.3.4-dev", "1", Rounding.CLOSEST_HALF_DOWN),
        ("", "1", Rounding.OUTWARD),
        (None, "1", Rounding.OUTWARD),
    ],
)
def test_the_rule_of_a_released_version(version, down, rule):
    options = {"version": version, "allowRoundDown": down, "revision": "1394"}
    assert rule_of({name: text for name, text in options.items() if text is not None}) is rule


@pytest.mark.parametrize(
    ("method", "rule"),
    [
        ("default", Rounding.OUTWARD),
        ("", Rounding.OUTWARD),
        ("closest", Rounding.CLOSEST),
        ("CEIL", Rounding.UP),
        ("floor", Rounding.OUTWARD),
    ],
)
def test_the_rounding_method_counts_before_allow_round_down(method, rule):
    for down in ("0", "1"):
        options = {"version": "1.3.3", "allowRoundDown": down, "roundingMethod": method}
        assert rule_of(options) is rule


def test_a_newer_revision_without_either_option_rounds_by_default():
    assert rule_of({"version": "1.3.5", "revision": "1400"}) is Rounding.OUTWARD
    assert rule_of({"version": "1.3.5", "revision": "1394"}) is Rounding.UP


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        *(("15", 15), (" 5 ", 5), ("1.5", 1), ("5x", 5), ("+5", 5), ("0", 0)),
        *(("", 0), ("x", 0), ("-5", 0), ("\N{FULLWIDTH DIGIT FIVE}", 0), (None, 0)),
    ],
)
def test_the_precision_is_what_php_reads(text, minutes):
    assert precision_of({} if text is None else {"roundPrecision": text}) == minutes
