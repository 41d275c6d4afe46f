"""What the parts of a text mean together."""

from __future__ import annotations

import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from .calendar import (
    CYCLE,
    DAY,
    add_working_days,
    date_after,
    days_to,
    month_length,
    seconds_of,
    weekday_of,
    weeks_of,
)
from .words import UNITS, WEEKDAYS

_START = datetime.datetime(1970, 1, 1)
#: Seconds from 1970 to days at the two ends of Python's calendar.
_FIRST, _LAST = -62_000_000_000, 253_000_000_000


class Moment(NamedTuple):
    """What a text means."""

    #: Unix seconds.
    seconds: int
    #: Year, month and day if the text has a date; the year or day may come from the base time.
    date: tuple[int, int, int] | None = None
    #: Whether the date is one of the calendar: strtotime reads 30 February as 2 March.
    exists: bool = True
    #: Whether the text names a day or time. A zone, or a year, alone doesn't.
    named: bool = True
    #: Whether it names a day without a time.
    is_day: bool = False


class Meaning:
    """What the tokens of a text said so far. None is what none of them said."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    #: Seconds of the day; may be more than a day has.
    time: int | None = None
    microsecond = 0
    has_date = False
    #: Times that were named; a second one may be a year: ``Nov 26 16:05:06 2025``.
    times = 0
    zones = 0
    zone: ZoneInfo | int | None = None
    #: Whether anything but a zone or year was named.
    named = False
    #: Whether the day was named.
    names_day = False
    #: The day of the year where no month was named.
    day_of_year: int | None = None
    #: Year and week.
    week: tuple[int, int] | None = None
    #: Whether a time of day was named.
    is_clock = False
    # What is to be added.
    years = 0
    months = 0
    days = 0
    seconds = 0
    microseconds = 0
    #: 0 Sunday to 6 Saturday; negative ones are counted backwards.
    weekday = 0
    has_weekday = False
    #: 0: a day later than the date; 1: the date may be it; 2: the one of the week.
    weekday_rule = 0
    working_days: int | None = None
    #: ``first`` or ``last`` in ``first day of``.
    day_of: str = ""
    #: ``first`` or ``last`` in ``first monday of``.
    weekday_of: str = ""

    # Setting

    def set_date(self, year: int | None, month: int | None, day: int | None) -> None:
        """Take a date; what is None is left as it is."""
        if self.has_date:
            raise ValueError("two dates")
        self.has_date = self.named = True
        if year is not None:
            self.year = year
        if month is not None:
            self.month = month
        if day is not None:
            self.day, self.names_day = day, True

    def set_time(self, hour: int, minute: int, second: int = 0, microsecond: int = 0) -> None:
        if self.times:
            raise ValueError("two times")
        self.times, self.named, self.is_clock = 1, True, True
        self.time, self.microsecond = hour * 3600 + minute * 60 + second, microsecond

    def clear_time(self) -> None:
        """Take the start of the day; a time may follow."""
        self.times = self.time = self.microsecond = 0
        self.named, self.is_clock = True, False

    def is_first_zone(self) -> bool:
        """Count a zone. A second one isn't even looked up, as in ``GMT+0100 (CET)``.

        :raises ValueError: it is the third.
        """
        self.zones += 1
        if self.zones > 2:
            raise ValueError("three zones")
        return self.zones == 1

    def add(self, amount: int, unit: str, *, weekday_rule: int, keep_time: bool) -> None:
        """Add to the date or time.

        :param unit: in lower case, such as ``days`` or ``mon``.
        :param weekday_rule: see :attr:`weekday_rule`.
        :param keep_time: whether a weekday leaves the time alone.
        """
        self.named = True
        if unit in WEEKDAYS:
            if not keep_time:
                self.clear_time()
            self.has_weekday, self.weekday, self.weekday_rule = True, WEEKDAYS[unit], weekday_rule
            self.days += 7 * (amount - 1 if amount > 0 else amount)
        elif unit in ("weekday", "weekdays"):
            if not keep_time:
                self.clear_time()
            self.working_days, self.weekday_of = amount, ""
        else:
            kind, factor = UNITS[unit]
            setattr(self, kind, getattr(self, kind) + amount * factor)
            if "seconds" in kind:
                self.is_clock = True

    def reverse(self) -> None:
        """Count backwards what is to be added: ``ago``."""
        self.years, self.months = -self.years, -self.months
        self.days, self.seconds = -self.days, -self.seconds
        self.weekday = -self.weekday or -7
        if self.working_days is not None:
            self.working_days = -self.working_days

    # Computing

    def moment(self, zone: ZoneInfo, now: int) -> Moment:
        """Return the time that is meant, with what no token said from the base time ``now``."""
        base = datetime.datetime.fromtimestamp(now, zone)
        is_day = self.has_date or self.time is not None
        if self.time is None:
            self.time = 0 if self.has_date else base.hour * 3600 + base.minute * 60 + base.second
        year = base.year if self.year is None else self.year
        month = base.month if self.month is None else self.month
        day = base.day if self.day is None else self.day
        exists = self._exists(year, month, day)
        return Moment(
            self._unix_seconds(self._add_all(year, month, day, self.time), zone),
            (year, month, day) if self.has_date else None,
            exists,
            self.named,
            is_day and not self.is_clock,
        )

    def _exists(self, year: int, month: int, day: int) -> bool:
        """Return whether the day that the text names is one of the calendar."""
        if self.week is not None:
            year, week = self.week
            return week <= weeks_of(year)
        if self.day_of_year is not None:
            return self.day_of_year <= days_to(year + 1, 1, 1) - days_to(year, 1, 1)
        if not (self.has_date and self.names_day):
            return True
        return 1 <= month <= 12 and 1 <= day <= month_length(year, month)

    def _add_all(self, year: int, month: int, day: int, time: int) -> int:
        """Return the seconds from 1970 to what the clock shows once everything is added.

        Hours are added to what the clock shows too, whether it is changed in between or not.

        :param time: of the day, in seconds; may be more than a day has.
        """
        if self.weekday_of:
            month += self.months + (self.weekday_of == "last")
            self.months, day = 0, 1
        carry, time = divmod(time, DAY)
        days = days_to(*self._day_of(year, month, day)) + carry
        if self.has_weekday:
            days += self._to_weekday(days)
        year, month, day = date_after(days)
        year, month, day = year + self.years, month + self.months, day + self.days
        time += self.seconds + (self.microsecond + self.microseconds) // 1_000_000
        carry, time = divmod(time, DAY)
        days = days_to(*self._day_of(year, month, day)) + carry
        if self.working_days is not None:
            days = add_working_days(days, self.working_days)
        return days * DAY + time

    def _unix_seconds(self, local: int, zone: ZoneInfo) -> int:
        """:param local: seconds from 1970 to what the clock shows."""
        if isinstance(self.zone, int):
            return local - self.zone
        # Python's calendar ends with the year 9999. The clock is changed alike in all later cycles.
        cycles = max(0, (local - _LAST) // CYCLE + 1)
        within = max(local - cycles * CYCLE, _FIRST)
        clock = (_START + datetime.timedelta(seconds=within)).replace(tzinfo=self.zone or zone)
        seconds = seconds_of(clock, named=self.zone is not None)
        return seconds + local - within

    def _day_of(self, year: int, month: int, day: int) -> tuple[int, int, int]:
        if self.day_of == "first":
            return year, month, 1
        if self.day_of == "last":
            return year, month + 1, 0
        return year, month, day

    def _to_weekday(self, days: int) -> int:
        """Return the days from a day to the weekday that is asked for."""
        today = weekday_of(days)
        wanted = self.weekday
        if self.weekday_rule == 2:
            if today == 0 and wanted != 0:
                wanted -= 7
            elif wanted == 0 and today != 0:
                wanted = 7
            return wanted - today
        if wanted < 0:
            return -(7 - (-wanted - today))
        ahead = wanted - today
        backwards = self.days < 0
        if (backwards and ahead < 0) or (not backwards and ahead <= -self.weekday_rule):
            ahead += 7
        return ahead
