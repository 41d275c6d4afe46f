"""Dates as PHP's ``strtotime`` reads them, since Kimai passed the texts of its clients to it.

A text is a row of tokens: at each place the longest of the forms below counts, and of several that
are as long the first. The forms are documented in PHP's manual ("Supported Date and Time Formats");
what the manual leaves open was asked of PHP 8.2, as the tests go on doing.

No library does it. Of the 529 texts in the table of the tests, three time zones each, the package
timelib, which wraps the parser of PHP 5, gives PHP's answer to 344 when it is told the time of the
zone, dateparser to 255, pendulum to 224 and python-dateutil to 219. So it is written here.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

_DAY = 86_400
_EPOCH = datetime.date(1970, 1, 1).toordinal()
_START = datetime.datetime(1970, 1, 1)
_NO_OFFSET = datetime.timedelta()
#: Seconds of 400 years, after which dates and weekdays are the same again.
_CYCLE = 146_097 * _DAY
#: Seconds from 1970 to days at the two ends of Python's calendar.
_FIRST, _LAST = -62_000_000_000, 253_000_000_000


@dataclass(frozen=True, slots=True)
class Moment:
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


def read(text: str, zone: ZoneInfo, now: int) -> Moment:
    """Return what strtotime reads in a text.

    :param text: at most some hundred characters: the time it takes grows with the length.
    :param zone: of texts that name no other.
    :param now: base of what is relative, and of a date where only a time is named; unix seconds.
    :raises ValueError: strtotime can't read it.
    """
    parts = _Parts()
    text = text.strip(" \t\n\r\v\f")
    if "\0" in text or not text:
        raise ValueError(text)
    text += "\0"  # some forms end at the end only
    place = 0
    while place < len(text) - 1:
        longest: re.Match[str] | None = None
        for pattern, rule in _FORMS:
            match = pattern.match(text, place)
            if match and (longest is None or match.end() > longest.end()):
                longest, best = match, rule
        if longest is None:
            raise ValueError(text)
        best(parts, longest)
        place = longest.end()
    return parts.moment(zone, now)


def seconds_in(zone: ZoneInfo, local: datetime.datetime, *, named: bool = False) -> int:
    """Return the unix seconds of a time of the clock in a zone, as PHP does.

    A time that is skipped when the clock is put forward is read as if it hadn't been. Of one that
    comes twice when it is put back, the second is meant in zones that are then at or east of
    Greenwich, the first in those west of it and where the text names the zone.

    :param local: without a time zone.
    :param named: whether the text names the zone.
    """
    first = local.replace(tzinfo=zone, fold=0)
    second = local.replace(tzinfo=zone, fold=1)
    earlier, later = first.utcoffset() or _NO_OFFSET, second.utcoffset() or _NO_OFFSET
    second_is_meant = earlier > later >= _NO_OFFSET and not named
    passed = local - _START - (later if second_is_meant else earlier)
    return passed.days * _DAY + passed.seconds


class _Parts:
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
    #: Whether the day was named, and which one of the year it is where no month was.
    names_day = False
    day_of_year: int | None = None
    week: tuple[int, int] | None = None
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
        if unit in _WEEKDAYS:
            if not keep_time:
                self.clear_time()
            self.has_weekday, self.weekday, self.weekday_rule = True, _WEEKDAYS[unit], weekday_rule
            self.days += 7 * (amount - 1 if amount > 0 else amount)
        elif unit in ("weekday", "weekdays"):
            if not keep_time:
                self.clear_time()
            self.working_days, self.weekday_of = amount, ""
        else:
            kind, factor = _UNITS[unit]
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
        if self.week is not None:
            year, week = self.week
            return week <= _weeks(year)
        if self.day_of_year is not None:
            return self.day_of_year <= _days(year + 1, 1, 1) - _days(year, 1, 1)
        if not (self.has_date and self.names_day):
            return True
        return 1 <= month <= 12 and 1 <= day <= _days(year, month + 1, 1) - _days(year, month, 1)

    def _add_all(self, year: int, month: int, day: int, time: int) -> int:
        """Return the seconds from 1970 to what the clock shows once everything is added.

        Hours are added to what the clock shows too, whether it is changed in between or not.

        :param time: of the day, in seconds; may be more than a day has.
        """
        if self.weekday_of:
            month += self.months + (self.weekday_of == "last")
            self.months, day = 0, 1
        carry, time = divmod(time, _DAY)
        days = _days(*self._day_of(year, month, day)) + carry
        if self.has_weekday:
            days += self._to_weekday(days)
        year, month, day = _calendar(days)
        year, month, day = year + self.years, month + self.months, day + self.days
        time += self.seconds + (self.microsecond + self.microseconds) // 1_000_000
        carry, time = divmod(time, _DAY)
        days = _days(*self._day_of(year, month, day)) + carry
        if self.working_days is not None:
            days = _add_working_days(days, self.working_days)
        return days * _DAY + time

    def _unix_seconds(self, local: int, zone: ZoneInfo) -> int:
        """:param local: seconds from 1970 to what the clock shows."""
        if isinstance(self.zone, int):
            return local - self.zone
        # Python's calendar ends with the year 9999. The clock is changed alike in all later cycles.
        cycles = max(0, (local - _LAST) // _CYCLE + 1)
        within = max(local - cycles * _CYCLE, _FIRST)
        clock = _START + datetime.timedelta(seconds=within)
        seconds = seconds_in(self.zone or zone, clock, named=self.zone is not None)
        return seconds + local - within

    def _day_of(self, year: int, month: int, day: int) -> tuple[int, int, int]:
        if self.day_of == "first":
            return year, month, 1
        if self.day_of == "last":
            return year, month + 1, 0
        return year, month, day

    def _to_weekday(self, days: int) -> int:
        """Return the days from a day to the weekday that is asked for."""
        today = _weekday(days)
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


# Calendar


def _days(year: int, month: int, day: int) -> int:
    """Return the days from 1970 to a date. Any month and day will do: month 13 is January."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    cycles, within = divmod(year - 1, 400)  # Python's calendar has the years 1 to 9999
    start = datetime.date(within + 1, month, 1).toordinal() - _EPOCH
    return start + cycles * (_CYCLE // _DAY) + day - 1


def _calendar(days: int) -> tuple[int, int, int]:
    """Return the date that is so many days after 1970."""
    cycles, within = divmod(days + _EPOCH - 1, _CYCLE // _DAY)
    date = datetime.date.fromordinal(within + 1)
    return date.year + cycles * 400, date.month, date.day


def _weekday(days: int) -> int:
    """Return 0 for Sunday to 6 for Saturday."""
    return (days + 4) % 7


def _weeks(year: int) -> int:
    """Return the number of weeks of a year of ISO 8601."""
    return (_week_start(year + 1) - _week_start(year)) // 7


def _week_start(year: int) -> int:
    """Return the Monday of the first week of a year, in days since 1970."""
    fourth = _days(year, 1, 4)
    return fourth - (_weekday(fourth) - 1) % 7


def _add_working_days(days: int, count: int) -> int:
    """Return the day that is so many Mondays to Fridays later; no day is on a weekend then."""
    step = 1 if count >= 0 else -1
    weeks = max(0, abs(count) - 1) // 5
    days += step * weeks * 7
    left = abs(count) - weeks * 5
    if not count:
        left = 1 if _weekday(days) in (0, 6) else 0
    for _ in range(left):
        days += step
        while _weekday(days) in (0, 6):
            days += step
    return days


# Words

_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "sun sunday sundays",
            "mon monday mondays",
            "tue tuesday tuesdays",
            "wed wednesday wednesdays",
            "thu thursday thursdays",
            "fri friday fridays",
            "sat saturday saturdays",
        )
    )
    for name in names.split()
}
_UNITS = {
    name: (kind, factor)
    for names, kind, factor in (
        ("ms msec msecs millisecond milliseconds", "microseconds", 1000),
        ("µs usec usecs µsec µsecs microsecond microseconds", "microseconds", 1),
        ("sec secs second seconds", "seconds", 1),
        ("min mins minute minutes", "seconds", 60),
        ("hour hours", "seconds", 3600),
        ("day days", "days", 1),
        ("week weeks", "days", 7),
        ("fortnight fortnights forthnight forthnights", "days", 14),
        ("month months", "months", 1),
        ("year years", "years", 1),
    )
    for name in names.split()
}
_ORDINALS = {
    name: number
    for number, names in enumerate(
        (
            "first",
            "second",
            "third",
            "fourth",
            "fifth",
            "sixth",
            "seventh",
            "eighth eight",
            "ninth",
            "tenth",
            "eleventh",
            "twelfth",
        ),
        1,
    )
    for name in names.split()
}
_DIRECTIONS = {"next": 1, "last": -1, "previous": -1, "this": 0}
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january i",
            "feb february ii",
            "mar march iii",
            "apr april iv",
            "may v",
            "jun june vi",
            "jul july vii",
            "aug august viii",
            "sep sept september ix",
            "oct october x",
            "nov november xi",
            "dec december xii",
        ),
        1,
    )
    for name in names.split()
}
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
#: Abbreviations of zones that PHP knows, by their seconds east of Greenwich.
_ABBREVIATIONS = {
    name: offset
    for offset, names in (
        (-43200, "y"),
        (-39600, "sst x"),
        (-36000, "ahst bdt hst w"),
        (-34200, "hdt hpt hwt"),
        (-32400, "ahdt akst v yst"),
        (-28800, "akdt pst u ydt ypt ywt"),
        (-26248, "emt"),
        (-25200, "mst pdt ppt pwt t yddt"),
        (-21600, "cst mdt mpt mwt pddt s"),
        (-20173, "sjmt"),
        (-19776, "hmt"),
        (-18840, "qmt"),
        (-18000, "cdt cpt cwt est mddt r"),
        (-17340, "ppmt"),
        (-16800, "sdmt"),
        (-15408, "cmt"),
        (-14660, "ffmt"),
        (-14400, "ast cddt edt ept ewt q"),
        (-14309, "bmt"),
        (-13884, "smt"),
        (-13840, "amt"),
        (-13236, "pmt"),
        (-12600, "nst"),
        (-10800, "adt apt awt eddt p"),
        (-9052, "ndt"),
        (-9000, "npt nwt"),
        (-7200, "addt o"),
        (-5400, "nddt"),
        (-4056, "fmt"),
        (-3600, "n"),
        (-1521, "dmt"),
        (0, "gmt uct utc wet z"),
        (3600, "a bst cet met wat west"),
        (5040, "wmt"),
        (5736, "kmt"),
        (5794, "rmt"),
        (7200, "b bdst cat cest eet ist mest sast wast wemt"),
        (8440, "jmt"),
        (9017, "mmt"),
        (9394, "lst"),
        (10751, "tbmt"),
        (10800, "c cemt eat eest idt msk"),
        (12344, "tmt"),
        (14400, "d iddt msd"),
        (16279, "mdst"),
        (18000, "e pkt"),
        (21600, "f pkst"),
        (25025, "imt"),
        (25200, "g wib"),
        (25590, "plmt"),
        (28800, "awst h hkt wita"),
        (30600, "kst"),
        (32400, "awdt hkst i jst wit"),
        (34200, "acst cast"),
        (36000, "aest chst gst jdt k kdt"),
        (37800, "acdt"),
        (39600, "aedt gdt l"),
        (41400, "nzmt"),
        (43200, "m nzst"),
        (46800, "nzdt"),
    )
    for name in names.split()
}


def _zone(text: str) -> ZoneInfo | int:
    """Return the zone that a token names: ``+01:00``, ``GMT+1``, ``(CET)``, ``Europe/Berlin``.

    :raises ValueError: there is none of that name.
    """
    text = text.strip(" \t()")
    if text[:4] in ("GMT+", "GMT-"):
        text = text[3:]
    if text[0] in "+-":
        offset = _offset(text[1:])
        return -offset if text[0] == "-" else offset
    offset_by_name = _ABBREVIATIONS.get(text.lower())
    if offset_by_name is not None:
        return offset_by_name
    try:
        return ZoneInfo(_zone_names()[text.lower()])
    except (KeyError, ZoneInfoNotFoundError) as error:
        raise ValueError(text) from error


@cache
def _zone_names() -> dict[str, str]:
    """Names of the zones by their lower case."""
    return {name.lower(): name for name in available_timezones()}


def _offset(text: str) -> int:
    """Return the seconds of ``1``, ``01``, ``100``, ``0100``, ``1:00``, ``01:00:00``, …"""
    if ":" in text:
        numbers = [int(number) if number else 0 for number in text.split(":")]
    elif len(text) <= 2:
        numbers = [int(text)]
    elif len(text) <= 4:
        numbers = [int(text[:-2]), int(text[-2:])]
    else:
        numbers = [int(text[:2]), int(text[2:4]), int(text[4:])]
    hours, minutes, seconds = (*numbers, 0, 0)[:3]
    return hours * 3600 + minutes * 60 + seconds


# Rules: what a token does

_Rule = Callable[[_Parts, "re.Match[str]"], None]


def _two_digit_year(text: str | None) -> int | None:
    if text is None:
        return None
    year = int(text)
    if len(text) >= 4 or year >= 100:
        return year
    return year + (2000 if year < 70 else 1900)


def _microseconds(fraction: str | None) -> int:
    return int((fraction or "")[:6].ljust(6, "0"))


def _numbers(match: re.Match[str], *names: str) -> list[int]:
    groups = match.groupdict()
    return [int(groups.get(name) or 0) for name in names]


def _yesterday(parts: _Parts, match: re.Match[str]) -> None:
    parts.clear_time()
    parts.days = -1


def _now(parts: _Parts, match: re.Match[str]) -> None:
    parts.named = True


def _noon(parts: _Parts, match: re.Match[str]) -> None:
    parts.clear_time()
    parts.set_time(12, 0)


def _today(parts: _Parts, match: re.Match[str]) -> None:
    parts.clear_time()
    parts.is_clock = match[0].lower() == "midnight"


def _tomorrow(parts: _Parts, match: re.Match[str]) -> None:
    parts.clear_time()
    parts.days = 1


def _unix(parts: _Parts, match: re.Match[str]) -> None:
    if match["fraction"] == "":
        raise ValueError("no fraction after the point")
    parts.has_date = False
    parts.clear_time()
    parts.year = parts.month = parts.day = 0
    if not parts.is_first_zone():
        return
    parts.year, parts.month, parts.day = 1970, 1, 1
    parts.zone = 0
    parts.seconds += int(match["unix"])
    fraction = _microseconds(match["fraction"])
    parts.microseconds += -fraction if match["unix"].startswith("-") else fraction
    parts.is_clock = True


def _day_of(parts: _Parts, match: re.Match[str]) -> None:
    parts.day_of = match["end"].lower()
    parts.named = True


def _around(parts: _Parts, match: re.Match[str]) -> None:
    hour, minute = int(match["hour"]), 15
    if match["side"].lower() == "front":
        hour, minute = hour - 1, 45
    if match["half"]:
        hour = _add_half(match, hour)
    parts.clear_time()
    parts.set_time(hour, minute)


def _add_half(match: re.Match[str], hour: int) -> int:
    if match["half"] in "aA":
        return hour - 12 if hour == 12 else hour
    return hour if hour == 12 else hour + 12


def _weekday_of(parts: _Parts, match: re.Match[str]) -> None:
    word = match["which"].lower()
    amount = _amount(word)
    rule = 1 if amount > 0 or word == "this" else 0
    parts.add(amount, match["unit"].lower(), weekday_rule=rule, keep_time=False)
    parts.weekday_of, parts.working_days = ("first" if amount > 0 else "last"), None


def _amount(word: str) -> int:
    return _ORDINALS[word] if word in _ORDINALS else _DIRECTIONS[word]


def _time_12(parts: _Parts, match: re.Match[str]) -> None:
    hour, minute, second = _numbers(match, "hour", "minute", "second")
    fraction = _microseconds(match.groupdict().get("fraction"))
    parts.set_time(_add_half(match, hour), minute, second, fraction)


def _time_24(parts: _Parts, match: re.Match[str]) -> None:
    fraction = _microseconds(match.groupdict().get("fraction"))
    hour, minute, second = _numbers(match, "hour", "minute", "second")
    parts.set_time(hour, minute, second, fraction)


def _four_digits(parts: _Parts, match: re.Match[str]) -> None:
    """A time, or the year after a time."""
    digits = match["digits"]
    if parts.times == 0:
        parts.time = int(digits[:2]) * 3600 + int(digits[2:]) * 60
        parts.is_clock = True
        parts.named = parts.named or not match[0].isdigit()
    elif parts.times == 1:
        parts.year = int(digits)
    else:
        raise ValueError("two times")
    parts.times += 1


def _date(parts: _Parts, match: re.Match[str]) -> None:
    groups = match.groupdict()
    month, day = groups.get("month"), groups.get("day")
    parts.set_date(
        _two_digit_year(groups.get("year")),
        None if month is None else _month(month),
        None if day is None else int(day.rstrip("stndrh")),
    )


def _date_of_this_year(parts: _Parts, match: re.Match[str]) -> None:
    _date(parts, match)
    parts.year = None


def _month(text: str) -> int:
    return int(text) if text.isdigit() else _MONTHS[text.lower()]


def _month_of_year(parts: _Parts, match: re.Match[str]) -> None:
    parts.set_date(_two_digit_year(match["year"]), _month(match["month"]), 1)


def _date_and_time(parts: _Parts, match: re.Match[str]) -> None:
    parts.set_time(*_numbers(match, "hour", "minute", "second"))
    _date(parts, match)
    _zone_of(parts, match)


def _digits_t_digits(parts: _Parts, match: re.Match[str]) -> None:
    digits = match["digits"]
    parts.set_time(int(digits[:2]), int(digits[2:4]), int(digits[4:]))
    _date(parts, match)


def _short_date_and_time(parts: _Parts, match: re.Match[str]) -> None:
    if match["point"] == ".":
        raise ValueError("strtotime takes the seconds for a zone")
    _date(parts, match)
    parts.set_time(*_numbers(match, "hour", "minute", "second"))
    _zone_of(parts, match)


def _short_date_and_time_12(parts: _Parts, match: re.Match[str]) -> None:
    _date(parts, match)
    hour, minute, second = _numbers(match, "hour", "minute", "second")
    parts.set_time(_add_half(match, hour), minute, second)


def _zone_of(parts: _Parts, match: re.Match[str]) -> None:
    """Take the zone of a form that has one in it; one that follows replaces it."""
    zone = match.groupdict().get("zone")
    if zone:
        parts.zone = _zone(zone)


def _day_of_year(parts: _Parts, match: re.Match[str]) -> None:
    parts.day_of_year = int(match["day"])
    parts.set_date(int(match["year"]), 1, parts.day_of_year)


def _week(parts: _Parts, match: re.Match[str]) -> None:
    year, week = _numbers(match, "year", "week")
    parts.set_date(year, 1, 1)
    parts.week = year, week
    weekday = 1 if match["weekday"] is None else int(match["weekday"])
    parts.days = _week_start(year) + (week - 1) * 7 + weekday - 1 - _days(year, 1, 1)


def _year(parts: _Parts, match: re.Match[str]) -> None:
    parts.year = int(match[0])


def _ago(parts: _Parts, match: re.Match[str]) -> None:
    parts.reverse()


def _weekday_name(parts: _Parts, match: re.Match[str]) -> None:
    parts.clear_time()
    parts.has_weekday = True
    parts.weekday = _WEEKDAYS.get(match[0].lower(), 1)  # "weekday" is taken for Monday
    if parts.weekday_rule != 2:
        parts.weekday_rule = 1


def _relative_week(parts: _Parts, match: re.Match[str]) -> None:
    parts.named = True
    parts.days += 7 * _amount(match["which"].lower())
    parts.weekday_rule = 2
    if not parts.has_weekday:
        parts.has_weekday, parts.weekday = True, 1


def _relative_text(parts: _Parts, match: re.Match[str]) -> None:
    word = match["which"].lower()
    rule = 1 if word == "this" else 0
    parts.add(_amount(word), match["unit"].lower(), weekday_rule=rule, keep_time=False)


def _relative(parts: _Parts, match: re.Match[str]) -> None:
    amount = int(match["amount"])
    if match["signs"].count("-") % 2:
        amount = -amount
    parts.add(amount, match["unit"].lower(), weekday_rule=1, keep_time=True)


def _only_zone(parts: _Parts, match: re.Match[str]) -> None:
    if parts.is_first_zone():
        parts.zone = _zone(match[0])


def _nothing(parts: _Parts, match: re.Match[str]) -> None:
    pass


# Forms


def _any(*names: object) -> str:
    """Return the pattern of one of these words in any case, the longest first."""
    words = sorted({str(name) for name in names}, key=lambda word: (-len(word), word))
    return f"(?i:{'|'.join(words)})"


_BLANK = r"[ \t]+"
_SPACE = r"(?:[ \t]+|\u00a0+|\u202f+)"
_HOUR = r"(?P<hour>2[0-4]|[01]?\d)"
_HOUR_2 = r"(?P<hour>2[0-4]|[01]\d)"
_HOUR_12 = r"(?P<hour>1[0-2]|0?[1-9])"
_MINUTE = r"(?P<minute>[0-5]?\d)"
_MINUTE_2 = r"(?P<minute>[0-5]\d)"
_SECOND = r"(?P<second>60|[0-5]?\d)"
_SECOND_2 = r"(?P<second>60|[0-5]\d)"
_HALF = r"(?P<half>[AaPp])\.?[Mm]\.?[\0\t ]"
_MONTH = r"(?P<month>1[0-2]|0?\d)"
_MONTH_2 = r"(?P<month>1[0-2]|0\d)"
_DAY_1 = r"(?P<day>(?:3[01]|[0-2]?\d)(?:st|nd|rd|th)?)"
_DAY_2 = r"(?P<day>3[01]|[0-2]\d)"
_YEAR = r"(?P<year>\d{1,4})"
_YEAR_2 = r"(?P<year>\d{2})"
_YEAR_4 = r"(?P<year>\d{4})"
_MONTH_WORDS = [name for name in _MONTHS if name.upper() not in _ROMAN]
_MONTH_SHORT = _any(*(name for name in _MONTH_WORDS if len(name) == 3), "sept")
_MONTH_TEXT = rf"(?P<month>{_any(*_MONTH_WORDS)}|{'|'.join(sorted(_ROMAN, key=len, reverse=True))})"
_GAP = r"[ .\t-]*"
_AFTER_DAY = r"[,.stndrh\t ]+"
_OFFSET = (
    r"(?:GMT)?[+-](?:(?:2[0-4]|[01]\d):[0-5]\d:(?:60|[0-5]\d)|(?:2[0-4]|[01]\d)[0-5]\d(?:60|[0-5]\d)"
    r"|(?:2[0-4]|[01]?\d)(?::?[0-5]?\d)?)"
)
_ZONE_ID = r"[A-Z][a-z]+(?:[_/-][A-Za-z]+)+"
_ZONE_WORD = r"\(?[A-Za-z]{1,6}\)?"
_ANY_ZONE = rf"(?P<zone>(?:{_SPACE})?(?:{_OFFSET}|{_ZONE_ID}|{_ZONE_WORD}))"
_WEEKDAY_NAMES = _any(*_WEEKDAYS)
_UNIT_WORDS = [*_UNITS, *_WEEKDAYS, "weekday", "weekdays"]
_UNIT = f"(?P<unit>{_any(*_UNIT_WORDS)})"
_WHICH = f"(?P<which>{_any(*_ORDINALS, *_DIRECTIONS)})"
_NO_YEAR = rf"{_MONTH_TEXT}{_GAP}{_DAY_1}(?:{_AFTER_DAY}|\0)"
_NO_YEAR_BEFORE_TIME = rf"{_MONTH_TEXT}{_GAP}{_DAY_1}{_AFTER_DAY}"
_T = "(?i:t)?"

#: Forms in the order in which they count where several are equally long.
_FORMS: list[tuple[re.Pattern[str], _Rule]] = [
    (re.compile(pattern, re.ASCII), rule)
    for pattern, rule in (
        ("(?i:yesterday)", _yesterday),
        ("(?i:now)", _now),
        ("(?i:noon)", _noon),
        ("(?i:midnight|today)", _today),
        ("(?i:tomorrow)", _tomorrow),
        (r"@(?P<unix>-?\d{1,19})(?:\.(?P<fraction>\d{0,6}))?", _unix),
        ("(?P<end>(?i:first|last))(?i: day of)", _day_of),
        (rf"(?P<side>(?i:back|front))(?i: of ){_HOUR}(?:(?:{_SPACE})?{_HALF})?", _around),
        (rf"{_WHICH}{_BLANK}(?P<unit>{_WEEKDAY_NAMES}){_BLANK}(?i:of)", _weekday_of),
        (
            rf"{_HOUR_12}(?:[:.]{_MINUTE_2})?(?:{_SPACE})?{_HALF}",
            _time_12,
        ),
        (rf"{_HOUR_12}[:.]{_MINUTE}[:.]{_SECOND_2}(?:{_SPACE})?{_HALF}", _time_12),
        (rf"{_HOUR_12}:{_MINUTE_2}:{_SECOND_2}[:.](?P<fraction>\d+){_HALF}", _time_12),
        (rf"(?i:t){_HOUR}", _time_24),
        (rf"{_T}{_HOUR}[:.]{_MINUTE}(?:[:.]{_SECOND}(?:\.(?P<fraction>\d+))?)?", _time_24),
        (rf"{_T}(?P<digits>(?:2[0-4]|[01]\d)[0-5]\d)", _four_digits),
        (rf"{_T}{_HOUR_2}{_MINUTE_2}{_SECOND_2}", _time_24),
        (rf"{_MONTH}/{_DAY_1}(?:/{_YEAR})?", _date),
        (rf"(?P<year>[+-]?\d{{4}})-{_MONTH_2}-{_DAY_2}", _date),
        (rf"{_YEAR_4}/{_MONTH_2}/{_DAY_2}/?", _date),
        (rf"{_YEAR_4}/{_MONTH}/{_DAY_1}", _date),
        (rf"{_YEAR_2}-{_MONTH_2}-{_DAY_2}", _date),
        (rf"(?P<year>[+-]\d{{5,19}})-{_MONTH_2}-{_DAY_2}", _date),
        (rf"{_YEAR_4}-{_MONTH}", _month_of_year),
        (rf"{_YEAR}-{_MONTH}-{_DAY_1}", _date),
        (rf"{_DAY_1}{_GAP}{_MONTH_TEXT}{_GAP}{_YEAR}", _date),
        (rf"{_DAY_1}[.\t-]{_MONTH}[.-]{_YEAR_4}", _date),
        (rf"{_DAY_1}[.\t]{_MONTH}\.{_YEAR_2}", _date),
        (rf"{_MONTH_TEXT}{_GAP}{_YEAR_4}", _month_of_year),
        (rf"{_YEAR_4}{_GAP}{_MONTH_TEXT}", _month_of_year),
        (rf"{_MONTH_TEXT}{_GAP}{_DAY_1}{_AFTER_DAY}{_YEAR}", _date),
        (_NO_YEAR, _date_of_this_year),
        (rf"{_DAY_1}{_GAP}{_MONTH_TEXT}", _date),
        (rf"{_YEAR_4}{_MONTH_2}{_DAY_2}", _date),
        (rf"{_YEAR_4}{_MONTH_2}{_DAY_2}T{_HOUR}:{_MINUTE_2}:{_SECOND_2}", _date_and_time),
        (
            rf"{_YEAR_4}{_MONTH_2}{_DAY_2}(?i:t)"
            r"(?P<digits>(?:2[0-4]|[01]?\d)[0-5]\d(?:60|[0-5]\d))",
            _digits_t_digits,
        ),
        (
            rf"{_YEAR_4}-{_MONTH_2}-{_DAY_2}T{_HOUR_2}:{_MINUTE_2}:{_SECOND_2}\.\d+"
            rf"(?P<zone>{_OFFSET})?",
            _date_and_time,
        ),
        (rf"{_YEAR_4}-{_MONTH}-{_DAY_1}T{_HOUR}:{_MINUTE}:{_SECOND}", _date_and_time),
        (rf"{_YEAR_4}:{_MONTH_2}:{_DAY_2} {_HOUR_2}:{_MINUTE_2}:{_SECOND_2}", _date_and_time),
        (rf"{_YEAR_4}[.-]?(?P<day>36[0-6]|3[0-5]\d|[0-2]\d\d)(?<!000)", _day_of_year),
        (
            rf"{_YEAR_4}-?W(?P<week>5[0-3]|[1-4]\d|0[1-9])(?:-?(?P<weekday>[0-7]))?",
            _week,
        ),
        (rf"(?P<month>{_MONTH_SHORT})-{_DAY_2}-{_YEAR}", _date),
        (rf"{_YEAR}-(?P<month>{_MONTH_SHORT})-{_DAY_2}", _date),
        (
            rf"{_DAY_1}/(?P<month>{_MONTH_SHORT})/{_YEAR_4}:{_HOUR_2}:{_MINUTE_2}:{_SECOND_2}"
            rf"{_SPACE}(?P<zone>{_OFFSET})",
            _date_and_time,
        ),
        (r"\d{4}", _year),
        ("(?i:ago)", _ago),
        (_any(*_WEEKDAYS, "weekday", "weekdays"), _weekday_name),
        (rf"(?P<which>{_any(*_DIRECTIONS)}){_SPACE}(?i:week)", _relative_week),
        (
            rf"{_WHICH}{_SPACE}(?P<unit>{_any(*(u for u in _UNIT_WORDS if u != 'week'))})",
            _relative_text,
        ),
        (f"(?P<month>{_any(*_MONTH_WORDS)})", _date),
        (_OFFSET, _only_zone),
        (_ZONE_WORD, _only_zone),
        (_ZONE_ID, _only_zone),
        (
            rf"{_NO_YEAR_BEFORE_TIME}{_HOUR_12}[:.]{_MINUTE_2}(?:{_SPACE})?{_HALF}",
            _short_date_and_time_12,
        ),
        (
            rf"{_NO_YEAR_BEFORE_TIME}{_HOUR_12}[:.]{_MINUTE}[:.]{_SECOND_2}(?:{_SPACE})?{_HALF}",
            _short_date_and_time_12,
        ),
        (
            rf"{_NO_YEAR_BEFORE_TIME}{_T}{_HOUR}[:.]{_MINUTE}(?:(?P<point>[:.]){_SECOND})?",
            _short_date_and_time,
        ),
        (
            rf"{_NO_YEAR_BEFORE_TIME}{_T}{_HOUR}[:.]{_MINUTE}(?P<point>[:.]){_SECOND_2}{_ANY_ZONE}",
            _short_date_and_time,
        ),
        (
            rf"(?P<signs>[+-]*)[ \t]*(?P<amount>\d{{1,13}})(?:{_SPACE})?{_UNIT}",
            _relative,
        ),
        ("[ .,\t\u00a0\u202f\n]", _nothing),
    )
]
