"""Periods of time as people name them: a month, a year, from one day to another."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from ..errors import Refused
from . import dates, strtotime

#: Years that Kimai's columns can hold.
FIRST_YEAR, LAST_YEAR = 1970, 2037


@dataclass(frozen=True, slots=True)
class Period:
    """From ``begin`` up to, but not at, ``end``; both in unix seconds."""

    begin: int
    end: int

    def months(self, zone: ZoneInfo) -> list[tuple[str, Period]]:
        """The calendar months of a zone that it touches, cut to it: ``("2026-03", …)``."""
        first = datetime.datetime.fromtimestamp(self.begin, zone)
        year, number = first.year, first.month
        months: list[tuple[str, Period]] = []
        while True:
            whole = month(year, number, zone)
            if whole.begin >= self.end:
                return months
            cut = Period(max(whole.begin, self.begin), min(whole.end, self.end))
            months.append((f"{year:04d}-{number:02d}", cut))
            year, number = _next_month(year, number)


def month(year: int, number: int, zone: ZoneInfo) -> Period:
    """A calendar month; the clock may be changed in it."""
    return Period(_midnight(year, number, zone), _midnight(*_next_month(year, number), zone))


def this_month(now: int, zone: ZoneInfo) -> Period:
    today = datetime.datetime.fromtimestamp(now, zone)
    return month(today.year, today.month, zone)


def last_month(now: int, zone: ZoneInfo) -> Period:
    end = this_month(now, zone).begin
    return this_month(end - 1, zone)


def year(number: int, zone: ZoneInfo) -> Period:
    """:raises Refused: Kimai's columns hold no time in it."""
    if not FIRST_YEAR <= number <= LAST_YEAR:
        raise Refused(f"The year must be from {FIRST_YEAR} to {LAST_YEAR}, not {number}.")
    return Period(_midnight(number, 1, zone), _midnight(number + 1, 1, zone))


def between(begin: str | None, end: str | None, now: int, zone: ZoneInfo) -> Period:
    """From one date to another, in any form that :func:`dates.read` reads.

    :param begin: by default the beginning of time.
    :param end: a day without a time is included; by default now.
    :raises Refused: no dates, or the end isn't after the beginning.
    """
    start = 0 if begin is None else max(0, _read(begin, now, zone, "from").seconds)
    finish = now
    if end is not None:
        moment = _read(end, now, zone, "to")
        finish = min(max(0, moment.seconds), dates.LATEST)
        if moment.is_day:
            last = datetime.datetime.fromtimestamp(finish, zone)
            midnight = last.replace(hour=0, minute=0, second=0, fold=0)
            after = strtotime.seconds_of(midnight + datetime.timedelta(days=1))
            finish = min(after, dates.LATEST)
    if finish <= start:
        raise Refused("The period ends before it begins.")
    return Period(start, finish)


def _read(text: str, now: int, zone: ZoneInfo, field: str) -> strtotime.Moment:
    moment = dates.read(text, zone, now=now, field=field)
    if moment is None:
        raise Refused(f"{field} must be a date such as 2026-03-01, not {text!r}.")
    return moment


def _midnight(year: int, month: int, zone: ZoneInfo) -> int:
    return max(0, int(datetime.datetime(year, month, 1, tzinfo=zone).timestamp()))


def _next_month(year: int, month: int) -> tuple[int, int]:
    return (year + 1, 1) if month == 12 else (year, month + 1)
