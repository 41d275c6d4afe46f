"""Rounding of recorded times, as the options roundPrecision and roundingMethod say."""

from __future__ import annotations


def round_span(start: int, end: int, minutes: int, method: str) -> tuple[int, int]:
    """Round a span to full steps of ``minutes``.

    :param end: not before ``start``; that stays so.
    :param method: ``""`` moves the start down and the end up, ``closest`` moves both to the
        nearest step (half a step goes up), ``ceil`` moves both up.
    :returns: start and end in unix seconds.
    """
    step = minutes * 60
    if step <= 0:
        return start, end
    if method == "closest":
        return _down(start + step // 2, step), _down(end + step // 2, step)
    if method == "ceil":
        return _up(start, step), _up(end, step)
    return _down(start, step), _up(end, step)


def _down(seconds: int, step: int) -> int:
    return seconds - seconds % step


def _up(seconds: int, step: int) -> int:
    return -(-seconds // step) * step
