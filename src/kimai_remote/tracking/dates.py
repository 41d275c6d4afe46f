"""Parsing of dates in the forms that clients write. All results are unix seconds."""

from __future__ import annotations

import datetime
import email.utils
import re
from zoneinfo import ZoneInfo

from ..errors import Refused

#: Kimai keeps times in signed 32-bit columns.
LATEST = 2**31 - 1

_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?"
_OFFSET = r"(?P<offset>Z|[+-]\d{2}:?\d{2})"
_FORMATS = tuple(
    re.compile(pattern, re.ASCII | re.IGNORECASE)
    for pattern in (
        # 2019-01-24, 2019-01-24 08:00[:30][ +0000], 2019-01-24T08:00[:30][.5][Z|+01:00]
        rf"(?P<year>\d{{4}})-(?P<month>\d{{1,2}})-(?P<day>\d{{1,2}})"
        rf"(?:(?:T|\s+){_TIME}(?:\.\d+)?(?:\s*{_OFFSET})?)?",
        # 24.1.2019 8:00
        rf"(?P<day>\d{{1,2}})\.(?P<month>\d{{1,2}})\.(?P<year>\d{{4}})(?:\s+{_TIME})?",
    )
)
_RFC_2822 = re.compile(
    r"(?:[a-z]{3},\s*)?\d{1,2}\s+[a-z]{3}\s+\d{4}\s+\d{2}:\d{2}(?::\d{2})?"
    # No other letters: the library takes a zone that it doesn't know, such as CET, for UTC.
    r"\s+(?:[+-]\d{4}|UTC?|GMT|Z|[ECMP][SD]T)(?:\s*\(.*\))?",
    re.ASCII | re.IGNORECASE,
)


def parse(value: object, zone: ZoneInfo, *, field: str = "date") -> int | None:
    """Return the unix seconds of a date, or None for 0, ``""`` and null.

    A date without an offset is in ``zone``. A time that a change to summer time skips is read as
    if the clock had not been changed; one that happens twice is the first.

    :param value: unix seconds as a number or digits, ``@seconds``, ISO 8601, ``24.1.2019 8:00``
        or RFC 2822.
    :param field: the parameter's name, for the error.
    :raises Refused: not a date; the text names the value.
    """
    text = "" if value is None else str(value).strip()
    if text in ("", "0"):
        return None
    digits = text.removeprefix("@")
    if digits.isascii() and digits.isdigit():
        seconds = int(digits) if len(digits) <= 12 else LATEST + 1
    else:
        try:
            seconds = int(_read(text, zone).timestamp())
        except (ValueError, OverflowError):
            raise _invalid(field, text) from None
    if not 0 < seconds <= LATEST:
        raise _invalid(field, text)
    return seconds


def _read(text: str, zone: ZoneInfo) -> datetime.datetime:
    for pattern in _FORMATS:
        match = pattern.fullmatch(text)
        if match:
            part = match.groupdict(default="0")
            names = ("year", "month", "day", "hour", "minute", "second")
            numbers = [int(part[name]) for name in names]
            return datetime.datetime(*numbers, tzinfo=_offset(part.get("offset", "0"), zone))  # type: ignore[misc, arg-type]
    if _RFC_2822.fullmatch(text):
        date = email.utils.parsedate_to_datetime(text)
        return date if date.tzinfo else date.replace(tzinfo=datetime.UTC)
    raise ValueError(text)


def _offset(text: str, zone: ZoneInfo) -> datetime.tzinfo:
    if text == "0":
        return zone
    if text in "Zz":
        return datetime.UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 15 or minutes > 59:
        raise ValueError(text)
    delta = datetime.timedelta(hours=hours, minutes=minutes)
    return datetime.timezone(-delta if text[0] == "-" else delta)


def _invalid(field: str, text: str) -> Refused:
    shown = text if len(text) <= 60 else text[:57] + "…"
    return Refused(
        f"Invalid {field} {shown!r}: use unix seconds or a date such as 2019-01-24 08:00:00."
    )
