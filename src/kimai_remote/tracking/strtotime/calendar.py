"""Days, weeks and clock changes, counted from 1970."""

from __future__ import annotations

import datetime

DAY = 86_400
_EPOCH = datetime.date(1970, 1, 1).toordinal()
_NO_OFFSET = datetime.timedelta()
#: Seconds of 400 years, after which dates and weekdays are the same again.
CYCLE = 146_097 * DAY


def seconds_of(clock: datetime.datetime, *, named: bool = False) -> int:
    """Return the unix seconds of what a clock shows, as PHP does.

    A time that is skipped when the clock is put forward is read as if it hadn't been. Of one that
    comes twice when it is put back, the second is meant in zones that are then at or east of
    Greenwich, the first in those west of it and where the text names the zone.

    :param clock: with its time zone.
    :param named: whether the text names the zone.
    """
    offset = clock.utcoffset() or _NO_OFFSET
    later = clock.replace(fold=1).utcoffset() or _NO_OFFSET
    if offset > later >= _NO_OFFSET and not named:
        offset = later
    time = clock.hour * 3600 + clock.minute * 60 + clock.second
    return (clock.toordinal() - _EPOCH - offset.days) * DAY + time - offset.seconds


def days_to(year: int, month: int, day: int) -> int:
    """Return the days from 1970 to a date.

    Any month and day will do: month 13 is January, day 0 the last of the month before.
    """
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    cycles, within = divmod(year - 1, 400)  # Python's calendar has the years 1 to 9999
    start = datetime.date(within + 1, month, 1).toordinal() - _EPOCH
    return start + cycles * (CYCLE // DAY) + day - 1


def date_after(days: int) -> tuple[int, int, int]:
    """Return the date that is so many days after 1970."""
    cycles, within = divmod(days + _EPOCH - 1, CYCLE // DAY)
    date = datetime.date.fromordinal(within + 1)
    return date.year + cycles * 400, date.month, date.day


def month_length(year: int, month: int) -> int:
    return days_to(year, month + 1, 1) - days_to(year, month, 1)


def weekday_of(days: int) -> int:
    """Return 0 for Sunday to 6 for Saturday."""
    return (days + 4) % 7


def weeks_of(year: int) -> int:
    """Return the number of weeks of a year of ISO 8601."""
    return (first_monday(year + 1) - first_monday(year)) // 7


def first_monday(year: int) -> int:
    """Return the Monday of the first week of a year, in days since 1970."""
    fourth = days_to(year, 1, 4)
    return fourth - (weekday_of(fourth) - 1) % 7


def add_working_days(days: int, count: int) -> int:
    """Return the day that is so many Mondays to Fridays later, or earlier where they are negative.

    After none of them it is the day itself, or the Monday after a weekend.
    """
    if not count:
        return days + {6: 2, 0: 1}.get(weekday_of(days), 0)
    step = 1 if count > 0 else -1
    weeks = (abs(count) - 1) // 5
    days += step * weeks * 7
    for _ in range(abs(count) - weeks * 5):
        days += step
        while weekday_of(days) in (0, 6):
            days += step
    return days
