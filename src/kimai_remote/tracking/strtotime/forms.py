"""The forms that tokens of a date have, and what a token of each form says."""

from __future__ import annotations

import re
from collections.abc import Callable

from . import words
from .calendar import days_to, first_monday
from .meaning import Meaning
from .words import DIRECTIONS, MONTHS, ORDINALS, ROMAN, UNITS, WEEKDAYS

_Rule = Callable[[Meaning, "re.Match[str]"], None]


def _two_digit_year(text: str | None) -> int | None:
    if text is None:
        return None
    year = int(text)
    if len(text) >= 4 or year >= 100:
        return year
    return year + (2000 if year < 70 else 1900)


def _microseconds(fraction: str | None) -> int:
    return int((fraction or "")[:6].ljust(6, "0"))


def _time_of(match: re.Match[str]) -> tuple[int, int, int, int]:
    """Return hour, minute, second and microsecond; what the form doesn't have is 0."""
    groups = match.groupdict()
    hour, minute, second = (int(groups.get(name) or 0) for name in ("hour", "minute", "second"))
    return hour, minute, second, _microseconds(groups.get("fraction"))


def _yesterday(meaning: Meaning, match: re.Match[str]) -> None:
    meaning.clear_time()
    meaning.days = -1


def _now(meaning: Meaning, match: re.Match[str]) -> None:
    meaning.named = True


def _noon(meaning: Meaning, match: re.Match[str]) -> None:
    meaning.clear_time()
    meaning.set_time(12, 0)


def _today(meaning: Meaning, match: re.Match[str]) -> None:
    meaning.clear_time()
    meaning.is_clock = match[0].lower() == "midnight"


def _tomorrow(meaning: Meaning, match: re.Match[str]) -> None:
    meaning.clear_time()
    meaning.days = 1


def _unix(meaning: Meaning, match: re.Match[str]) -> None:
    if match["fraction"] == "":
        raise ValueError("no fraction after the point")
    meaning.has_date = False
    meaning.clear_time()
    meaning.year = meaning.month = meaning.day = 0
    if not meaning.is_first_zone():
        return
    meaning.year, meaning.month, meaning.day = 1970, 1, 1
    meaning.zone = 0
    meaning.seconds += int(match["unix"])
    fraction = _microseconds(match["fraction"])
    meaning.microseconds += -fraction if match["unix"].startswith("-") else fraction
    meaning.is_clock = True


def _day_of(meaning: Meaning, match: re.Match[str]) -> None:
    meaning.day_of = match["end"].lower()
    meaning.named = True


def _around(meaning: Meaning, match: re.Match[str]) -> None:
    hour, minute = int(match["hour"]), 15
    if match["side"].lower() == "front":
        hour, minute = hour - 1, 45
    if match["half"]:
        hour = _add_half(match, hour)
    meaning.clear_time()
    meaning.set_time(hour, minute)


def _add_half(match: re.Match[str], hour: int) -> int:
    if match["half"] in "aA":
        return hour - 12 if hour == 12 else hour
    return hour if hour == 12 else hour + 12


def _weekday_of(meaning: Meaning, match: re.Match[str]) -> None:
    word = match["which"].lower()
    amount = _amount(word)
    rule = 1 if amount > 0 or word == "this" else 0
    meaning.add(amount, match["unit"].lower(), weekday_rule=rule, keep_time=False)
    meaning.weekday_of, meaning.working_days = ("first" if amount > 0 else "last"), None


def _amount(word: str) -> int:
    return ORDINALS[word] if word in ORDINALS else DIRECTIONS[word]


def _time_12(meaning: Meaning, match: re.Match[str]) -> None:
    hour, *rest = _time_of(match)
    meaning.set_time(_add_half(match, hour), *rest)


def _time_24(meaning: Meaning, match: re.Match[str]) -> None:
    meaning.set_time(*_time_of(match))


def _four_digits(meaning: Meaning, match: re.Match[str]) -> None:
    """A time, or the year after a time."""
    digits = match["digits"]
    if meaning.times == 0:
        meaning.time = int(digits[:2]) * 3600 + int(digits[2:]) * 60
        meaning.is_clock = True
        meaning.named = meaning.named or not match[0].isdigit()
    elif meaning.times == 1:
        meaning.year = int(digits)
    else:
        raise ValueError("two times")
    meaning.times += 1


def _date(meaning: Meaning, match: re.Match[str]) -> None:
    groups = match.groupdict()
    month, day = groups.get("month"), groups.get("day")
    meaning.set_date(
        _two_digit_year(groups.get("year")),
        None if month is None else _month(month),
        None if day is None else int(day.rstrip("stndrh")),
    )


def _date_of_this_year(meaning: Meaning, match: re.Match[str]) -> None:
    _date(meaning, match)
    meaning.year = None


def _month(text: str) -> int:
    return int(text) if text.isdigit() else MONTHS[text.lower()]


def _month_of_year(meaning: Meaning, match: re.Match[str]) -> None:
    meaning.set_date(_two_digit_year(match["year"]), _month(match["month"]), 1)


def _date_and_time(meaning: Meaning, match: re.Match[str]) -> None:
    meaning.set_time(*_time_of(match))
    _date(meaning, match)
    _zone_of(meaning, match)


def _date_and_digits(meaning: Meaning, match: re.Match[str]) -> None:
    digits = match["digits"]
    meaning.set_time(int(digits[:2]), int(digits[2:4]), int(digits[4:]))
    _date(meaning, match)


def _short_24(meaning: Meaning, match: re.Match[str]) -> None:
    if match["point"] == ".":
        raise ValueError("strtotime takes the seconds for a zone")
    _date(meaning, match)
    meaning.set_time(*_time_of(match))
    _zone_of(meaning, match)


def _short_12(meaning: Meaning, match: re.Match[str]) -> None:
    _date(meaning, match)
    _time_12(meaning, match)


def _zone_of(meaning: Meaning, match: re.Match[str]) -> None:
    """Take the zone of a form that has one in it; one that follows replaces it."""
    zone = match.groupdict().get("zone")
    if zone:
        meaning.zone = words.zone(zone)


def _day_of_year(meaning: Meaning, match: re.Match[str]) -> None:
    meaning.day_of_year = int(match["day"])
    meaning.set_date(int(match["year"]), 1, meaning.day_of_year)


def _week(meaning: Meaning, match: re.Match[str]) -> None:
    year, week = int(match["year"]), int(match["week"])
    meaning.set_date(year, 1, 1)
    meaning.week = year, week
    weekday = 1 if match["weekday"] is None else int(match["weekday"])
    meaning.days = first_monday(year) + (week - 1) * 7 + weekday - 1 - days_to(year, 1, 1)


def _year(meaning: Meaning, match: re.Match[str]) -> None:
    meaning.year = int(match[0])


def _ago(meaning: Meaning, match: re.Match[str]) -> None:
    meaning.reverse()


def _weekday_name(meaning: Meaning, match: re.Match[str]) -> None:
    meaning.clear_time()
    meaning.has_weekday = True
    meaning.weekday = WEEKDAYS.get(match[0].lower(), 1)  # "weekday" is taken for Monday
    if meaning.weekday_rule != 2:
        meaning.weekday_rule = 1


def _relative_week(meaning: Meaning, match: re.Match[str]) -> None:
    meaning.named = True
    meaning.days += 7 * _amount(match["which"].lower())
    meaning.weekday_rule = 2
    if not meaning.has_weekday:
        meaning.has_weekday, meaning.weekday = True, 1


def _relative_text(meaning: Meaning, match: re.Match[str]) -> None:
    word = match["which"].lower()
    rule = 1 if word == "this" else 0
    meaning.add(_amount(word), match["unit"].lower(), weekday_rule=rule, keep_time=False)


def _relative(meaning: Meaning, match: re.Match[str]) -> None:
    amount = int(match["amount"])
    if match["signs"].count("-") % 2:
        amount = -amount
    meaning.add(amount, match["unit"].lower(), weekday_rule=1, keep_time=True)


def _zone(meaning: Meaning, match: re.Match[str]) -> None:
    if meaning.is_first_zone():
        meaning.zone = words.zone(match[0])


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
_FRACTION = r"(?P<fraction>\d+)"
_SECOND_2 = r"(?P<second>60|[0-5]\d)"
_HALF = r"(?P<half>[AaPp])\.?[Mm]\.?[\0\t ]"
_MONTH = r"(?P<month>1[0-2]|0?\d)"
_MONTH_2 = r"(?P<month>1[0-2]|0\d)"
_DAY = r"(?P<day>(?:3[01]|[0-2]?\d)(?:st|nd|rd|th)?)"
_DAY_2 = r"(?P<day>3[01]|[0-2]\d)"
_YEAR = r"(?P<year>\d{1,4})"
_YEAR_2 = r"(?P<year>\d{2})"
_YEAR_4 = r"(?P<year>\d{4})"
_MONTH_WORDS = [name for name in MONTHS if name.upper() not in ROMAN]
_MONTH_SHORT = _any(*(name for name in _MONTH_WORDS if len(name) == 3), "sept")
_MONTH_TEXT = rf"(?P<month>{_any(*_MONTH_WORDS)}|{'|'.join(sorted(ROMAN, key=len, reverse=True))})"
_GAP = r"[ .\t-]*"
_AFTER_DAY = r"[,.stndrh\t ]+"
_OFFSET = (
    r"(?:GMT)?[+-](?:(?:2[0-4]|[01]\d):[0-5]\d:(?:60|[0-5]\d)|(?:2[0-4]|[01]\d)[0-5]\d(?:60|[0-5]\d)"
    r"|(?:2[0-4]|[01]?\d)(?::?[0-5]?\d)?)"
)
_ZONE_ID = r"[A-Z][a-z]+(?:[_/-][A-Za-z]+)+"
_ZONE_WORD = r"\(?[A-Za-z]{1,6}\)?"
_WHICH = f"(?P<which>{_any(*ORDINALS, *DIRECTIONS)})"
_UNITS = {*UNITS, *WEEKDAYS, "weekday", "weekdays"}
_DATE_BEFORE_TIME = rf"{_MONTH_TEXT}{_GAP}{_DAY}{_AFTER_DAY}"
_T = "(?i:t)?"


#: Characters between tokens.
BETWEEN = " \t\n.,\u00a0\u202f"


def kind_of(character: str) -> str:
    """Return ``9`` for a digit, ``a`` for a letter and ``+`` for anything else."""
    if not character.isascii():
        return "+"
    return "9" if character.isdigit() else "a" if character.isalpha() else "+"


#: Kinds of characters that a form may start with, its pattern, its rule. Where several forms are
#: equally long, the first counts.
_FORMS: tuple[tuple[str, str, _Rule], ...] = (
    ("a", "(?i:yesterday)", _yesterday),
    ("a", "(?i:now)", _now),
    ("a", "(?i:noon)", _noon),
    ("a", "(?i:midnight|today)", _today),
    ("a", "(?i:tomorrow)", _tomorrow),
    ("+", r"@(?P<unix>-?\d{1,19})(?:\.(?P<fraction>\d{0,6}))?", _unix),
    ("a", "(?P<end>(?i:first|last))(?i: day of)", _day_of),
    ("a", rf"(?P<side>(?i:back|front))(?i: of ){_HOUR}(?:(?:{_SPACE})?{_HALF})?", _around),
    ("a", rf"{_WHICH}{_BLANK}(?P<unit>{_any(*WEEKDAYS)}){_BLANK}(?i:of)", _weekday_of),
    # Times
    ("9", rf"{_HOUR_12}(?:[:.]{_MINUTE_2})?(?:{_SPACE})?{_HALF}", _time_12),
    ("9", rf"{_HOUR_12}[:.]{_MINUTE}[:.]{_SECOND_2}(?:{_SPACE})?{_HALF}", _time_12),
    ("9", rf"{_HOUR_12}:{_MINUTE_2}:{_SECOND_2}[:.]{_FRACTION}{_HALF}", _time_12),
    ("a", rf"(?i:t){_HOUR}", _time_24),
    ("9a", rf"{_T}{_HOUR}[:.]{_MINUTE}(?:[:.]{_SECOND}(?:\.{_FRACTION})?)?", _time_24),
    ("9a", rf"{_T}(?P<digits>(?:2[0-4]|[01]\d)[0-5]\d)", _four_digits),
    ("9a", rf"{_T}{_HOUR_2}{_MINUTE_2}{_SECOND_2}", _time_24),
    # Dates
    ("9", rf"{_MONTH}/{_DAY}(?:/{_YEAR})?", _date),
    ("9+", rf"(?P<year>[+-]?\d{{4}})-{_MONTH_2}-{_DAY_2}", _date),
    ("9", rf"{_YEAR_4}/{_MONTH_2}/{_DAY_2}/?", _date),
    ("9", rf"{_YEAR_4}/{_MONTH}/{_DAY}", _date),
    ("9", rf"{_YEAR_2}-{_MONTH_2}-{_DAY_2}", _date),
    ("+", rf"(?P<year>[+-]\d{{5,19}})-{_MONTH_2}-{_DAY_2}", _date),
    ("9", rf"{_YEAR_4}-{_MONTH}", _month_of_year),
    ("9", rf"{_YEAR}-{_MONTH}-{_DAY}", _date),
    ("9", rf"{_DAY}{_GAP}{_MONTH_TEXT}{_GAP}{_YEAR}", _date),
    ("9", rf"{_DAY}[.\t-]{_MONTH}[.-]{_YEAR_4}", _date),
    ("9", rf"{_DAY}[.\t]{_MONTH}\.{_YEAR_2}", _date),
    ("a", rf"{_MONTH_TEXT}{_GAP}{_YEAR_4}", _month_of_year),
    ("9", rf"{_YEAR_4}{_GAP}{_MONTH_TEXT}", _month_of_year),
    ("a", rf"{_MONTH_TEXT}{_GAP}{_DAY}{_AFTER_DAY}{_YEAR}", _date),
    ("a", rf"{_MONTH_TEXT}{_GAP}{_DAY}(?:{_AFTER_DAY}|\0)", _date_of_this_year),
    ("9", rf"{_DAY}{_GAP}{_MONTH_TEXT}", _date),
    ("9", rf"{_YEAR_4}{_MONTH_2}{_DAY_2}", _date),
    # Dates with times, and dates of other kinds
    ("9", rf"{_YEAR_4}{_MONTH_2}{_DAY_2}T{_HOUR}:{_MINUTE_2}:{_SECOND_2}", _date_and_time),
    (
        "9",
        rf"{_YEAR_4}{_MONTH_2}{_DAY_2}(?i:t)"
        r"(?P<digits>(?:2[0-4]|[01]?\d)[0-5]\d(?:60|[0-5]\d))",
        _date_and_digits,
    ),
    (
        "9",
        rf"{_YEAR_4}-{_MONTH_2}-{_DAY_2}T{_HOUR_2}:{_MINUTE_2}:{_SECOND_2}\.{_FRACTION}"
        rf"(?P<zone>{_OFFSET})?",
        _date_and_time,
    ),
    ("9", rf"{_YEAR_4}-{_MONTH}-{_DAY}T{_HOUR}:{_MINUTE}:{_SECOND}", _date_and_time),
    ("9", rf"{_YEAR_4}:{_MONTH_2}:{_DAY_2} {_HOUR_2}:{_MINUTE_2}:{_SECOND_2}", _date_and_time),
    ("9", rf"{_YEAR_4}[.-]?(?P<day>36[0-6]|3[0-5]\d|[0-2]\d\d)(?<!000)", _day_of_year),
    ("9", rf"{_YEAR_4}-?W(?P<week>5[0-3]|[1-4]\d|0[1-9])(?:-?(?P<weekday>[0-7]))?", _week),
    ("a", rf"(?P<month>{_MONTH_SHORT})-{_DAY_2}-{_YEAR}", _date),
    ("9", rf"{_YEAR}-(?P<month>{_MONTH_SHORT})-{_DAY_2}", _date),
    (
        "9",
        rf"{_DAY}/(?P<month>{_MONTH_SHORT})/{_YEAR_4}:{_HOUR_2}:{_MINUTE_2}:{_SECOND_2}"
        rf"{_SPACE}(?P<zone>{_OFFSET})",
        _date_and_time,
    ),
    ("9", r"\d{4}", _year),
    # Relative dates, and zones
    ("a", "(?i:ago)", _ago),
    ("a", _any(*WEEKDAYS, "weekday", "weekdays"), _weekday_name),
    ("a", rf"(?P<which>{_any(*DIRECTIONS)}){_SPACE}(?i:week)", _relative_week),
    ("a", rf"{_WHICH}{_SPACE}(?P<unit>{_any(*(_UNITS - {'week'}))})", _relative_text),
    ("a", f"(?P<month>{_any(*_MONTH_WORDS)})", _date),
    ("a+", _OFFSET, _zone),
    ("a+", _ZONE_WORD, _zone),
    ("a", _ZONE_ID, _zone),
    ("a", rf"{_DATE_BEFORE_TIME}{_HOUR_12}[:.]{_MINUTE_2}(?:{_SPACE})?{_HALF}", _short_12),
    (
        "a",
        rf"{_DATE_BEFORE_TIME}{_HOUR_12}[:.]{_MINUTE}[:.]{_SECOND_2}(?:{_SPACE})?{_HALF}",
        _short_12,
    ),
    (
        "a",
        rf"{_DATE_BEFORE_TIME}{_T}{_HOUR}[:.]{_MINUTE}(?:(?P<point>[:.]){_SECOND})?",
        _short_24,
    ),
    (
        "a",
        rf"{_DATE_BEFORE_TIME}{_T}{_HOUR}[:.]{_MINUTE}(?P<point>[:.]){_SECOND_2}"
        rf"(?P<zone>(?:{_SPACE})?(?:{_OFFSET}|{_ZONE_ID}|{_ZONE_WORD}))",
        _short_24,
    ),
    (
        "9+",
        rf"(?P<signs>[+-]*)[ \t]*(?P<amount>\d{{1,13}})(?:{_SPACE})?(?P<unit>{_any(*_UNITS)})",
        _relative,
    ),
)

#: The patterns and rules of the forms that may start with a character of each kind.
FORMS: dict[str, list[tuple[re.Pattern[str], _Rule]]] = {
    kind: [
        (re.compile(pattern, re.ASCII), rule) for kinds, pattern, rule in _FORMS if kind in kinds
    ]
    for kind in "9a+"
}
