"""Rounding of the times of a recording when it stops, as each version of Kimai 1 does it.

Which rule holds is in the table ``configuration``: the option ``roundingMethod`` of the branch
after Kimai 1.3.5, or else ``allowRoundDown``, which means something else in 1.3.5, in 1.3.4 and
before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from itertools import product

from .. import SCHEMA_REVISION
from .dates import LATEST

#: Version that is assumed where none can be read.
_NEWEST = (1, 3, 5)
_SECONDS_OF_A_MINUTE = 60


class Rounding(Enum):
    """A rule; the value describes it for people."""

    OUTWARD = "start down, end up"
    CLOSEST = "both to the closest step, a half up"
    UP = "both up"
    #: Kimai 1.3.4 with ``allowRoundDown``, and without.
    CLOSEST_HALF_DOWN = "both to the closest step, a half down; neither if one is on a step"
    UP_UNLESS_ON_STEP = "both up; neither if one is on a step"
    #: Kimai before 1.3.4 with ``allowRoundDown``, and without.
    CLOSEST_DURATION = "to the steps whose duration is closest to the true one"
    NOT_SHORTER = "to the steps whose duration is closest to the true one and not shorter"


_METHODS = {"closest": Rounding.CLOSEST, "ceil": Rounding.UP}


def rule_of(options: Mapping[str, str]) -> Rounding:
    """Return the rule of an installation.

    :param options: stored texts by option.
    """
    method = options.get("roundingMethod")
    if method is not None:
        return _METHODS.get(method.strip().lower(), Rounding.OUTWARD)
    if "allowRoundDown" not in options and not is_released(options):
        return Rounding.OUTWARD
    # Where the option is missing, Kimai's PHP takes it for false.
    may_go_down = options.get("allowRoundDown", "") not in ("", "0")
    version = version_of(options.get("version", "")) or _NEWEST
    if version >= (1, 3, 5):
        return Rounding.OUTWARD if may_go_down else Rounding.UP
    if version >= (1, 3, 4):
        return Rounding.CLOSEST_HALF_DOWN if may_go_down else Rounding.UP_UNLESS_ON_STEP
    return Rounding.CLOSEST_DURATION if may_go_down else Rounding.NOT_SHORTER


def is_released(options: Mapping[str, str]) -> bool:
    """Return whether a database is of a release: those know no ``roundingMethod``.

    :param options: stored texts by option.
    """
    return _integer_of(options.get("revision", "")) <= SCHEMA_REVISION


def version_of(text: str) -> tuple[int, ...] | None:
    """Return the three parts of a Kimai's version; None where it can't be read."""
    match = re.match(r"\s*(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?", text, re.ASCII)
    return tuple(int(part or 0) for part in match.groups()) if match else None


def precision_of(options: Mapping[str, str]) -> int:
    """Return the minutes to which times are rounded; 0 rounds nothing.

    :param options: stored texts by option.
    """
    return max(0, _integer_of(options.get("roundPrecision", "")))


def round_span(start: int, end: int, minutes: int, rule: Rounding) -> tuple[int, int]:
    """Round a span to full steps of ``minutes``.

    :param end: not before ``start``; that stays so.
    :returns: start and end in unix seconds, at most :data:`.dates.LATEST`.
    """
    step = minutes * _SECONDS_OF_A_MINUTE
    if step > 0:
        start, end = _rounded(start, end, step, rule)
    return min(start, LATEST), min(end, LATEST)


def _rounded(start: int, end: int, step: int, rule: Rounding) -> tuple[int, int]:
    match rule:
        case Rounding.OUTWARD:
            return _down(start, step), _up(end, step)
        case Rounding.CLOSEST:
            return _down(start + step // 2, step), _down(end + step // 2, step)
        case Rounding.UP:
            return _up(start, step), _up(end, step)
        case Rounding.CLOSEST_HALF_DOWN | Rounding.UP_UNLESS_ON_STEP:
            if not start % step or not end % step:
                return start, end
            if rule is Rounding.UP_UNLESS_ON_STEP:
                return _up(start, step), _up(end, step)
            return _up(start - step // 2, step), _up(end - step // 2, step)
    return _best_pair(start, end, step, can_be_shorter=rule is Rounding.CLOSEST_DURATION)


def _best_pair(start: int, end: int, step: int, *, can_be_shorter: bool) -> tuple[int, int]:
    """Choose between the step before and the step after each time, as Kimai before 1.3.4 did.

    The step after is a whole one further even where the time is on a step.
    """
    true = end - start

    def moved(pair: tuple[int, int]) -> int:
        return abs(pair[0] - start) + abs(pair[1] - end)

    def is_better(pair: tuple[int, int], best: tuple[int, int]) -> bool:
        duration, so_far = pair[1] - pair[0], best[1] - best[0]
        if can_be_shorter:
            is_further = abs(duration - true) > abs(so_far - true)
            return not is_further and moved(pair) < moved(best)
        return duration >= true and not true < so_far < duration

    first, last = _down(start, step), _down(end, step)
    best = (first, last)
    for pair in product((first, first + step), (last, last + step)):
        if is_better(pair, best):
            best = pair
    return best


def _down(seconds: int, step: int) -> int:
    return seconds - seconds % step


def _up(seconds: int, step: int) -> int:
    return -(-seconds // step) * step


def _integer_of(text: str) -> int:
    """Return the integer that a text starts with, or 0, as PHP converts texts."""
    match = re.match(r"\s*([+-]?[0-9]{1,18})", text)
    return int(match[1]) if match else 0
