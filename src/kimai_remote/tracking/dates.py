"""Dates that clients write. All results are unix seconds."""

from __future__ import annotations

import datetime
import re
from zoneinfo import ZoneInfo

from ..errors import Refused
from . import strtotime
from .strtotime import Moment

#: Kimai keeps times in signed 32-bit columns.
LATEST = 2**31 - 1
_EARLIEST_OF_COLUMNS = -(2**31)
#: Earliest seconds of a field; of others it is 1. A time entry may start on 1 January 1970 in any
#: time zone; an end of 0 means that it is running.
_EARLIEST = {"start": -86_399}
#: Characters of the longest text that is read.
LONGEST = 100

#: The forms that nearly all clients use. It must be as fast as it can be.
_USUAL = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d))?)?"
    r"|(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d))?",
    re.ASCII,
)
#: What MySQL has for no date.
_ZERO_DATE = (0, 0, 0)
#: strtotime reads ``26.11.25`` as a date, but ``13.02.19`` as a time of today.
_DATE_OR_TIME = re.compile(r"\d{1,2}\.\d{1,2}\.\d{2}", re.ASCII)


def parse(value: object, zone: ZoneInfo, *, now: int, field: str = "date") -> int | None:
    """Return the unix seconds of a date that is to be stored; None if there is none.

    There is none in 0, ``""``, null and zero dates such as ``0000-00-00``.

    :param value: unix seconds as a number, digits or ``@seconds``; 8 or 14 digits, which are a date
        (and time) without separators; or any text that PHP's strtotime reads, in ``zone`` if it
        names no other.
    :param now: base of relative dates such as ``yesterday``; unix seconds.
    :param field: the parameter's name, for the error.
    :raises Refused: not a date, not one of the calendar, or one that the database can't hold; the
        text names the value.
    """
    moment = read(value, zone, now=now, field=field)
    if moment is None or moment.date == _ZERO_DATE:
        return None
    if not (_EARLIEST.get(field, 1) <= moment.seconds <= LATEST) or moment.seconds == 0:
        raise _out_of_range(field, value)
    return moment.seconds


def parse_bound(value: object, zone: ZoneInfo, *, now: int, field: str) -> int | None:
    """Return the unix seconds of the begin or end of a period, None if it is open.

    Clients ask for the years 1 or 9999 when they mean everything: for dates that the columns can't
    hold, ``0000-00-00`` among them, the earliest or latest time that they can is taken.

    :raises Refused: not a date, or not one of the calendar; the text names the value.
    """
    moment = read(value, zone, now=now, field=field)
    if moment is None or moment.seconds == 0:
        return None
    return min(max(_EARLIEST_OF_COLUMNS, moment.seconds), LATEST)


def read(value: object, zone: ZoneInfo, *, now: int, field: str) -> Moment | None:
    """Return the date of any year that a value means, None if there is none; see :func:`parse`.

    :raises Refused: not a date, or not one of the calendar; the text names the value.
    """
    text = "" if value is None else str(value).strip()
    if text in ("", "0"):
        return None
    if text.isascii() and text.isdecimal() and len(text) not in (8, 14):
        return _read_digits(text, field)
    usual = _USUAL.fullmatch(text)
    if usual:
        moment = _read_usual(usual, zone)
        if moment is not None:
            return moment
    try:
        if len(text) > LONGEST:
            raise ValueError(text)
        moment = strtotime.read(text, zone, now)
    except ValueError:
        raise _unreadable(field, text) from None
    if not moment.exists and moment.date != _ZERO_DATE:
        raise Refused(f"Invalid {field} {_excerpt(text)}: there is no such day.")
    # strtotime takes 13.02.19, a number and the name of a zone for a time of today.
    if not moment.named or (moment.date is None and _DATE_OR_TIME.fullmatch(text)):
        raise _unreadable(field, text)
    return moment


def _read_usual(match: re.Match[str], zone: ZoneInfo) -> Moment | None:
    """Return what one of the usual forms means, None where it takes a closer look."""
    parts = match.groups()
    year, month, day, *time = parts[:6] if parts[0] else parts[6:]
    hour, minute, second = (int(part or 0) for part in time)
    try:
        clock = datetime.datetime(
            int(year), int(month), int(day), hour, minute, second, tzinfo=zone
        )
        return Moment(strtotime.seconds_of(clock), is_day=time[0] is None)
    except (ValueError, OverflowError):  # 24:00 or a leap second, or no day of the calendar
        return None


def _read_digits(text: str, field: str) -> Moment:
    if len(text) == 4:
        raise _unreadable(field, text)  # strtotime takes a year for a time of today
    if len(text) > 10 or int(text) > LATEST:  # milliseconds, say
        raise _out_of_range(field, text)
    return Moment(int(text))


def _unreadable(field: str, text: str) -> Refused:
    return Refused(
        f"Invalid {field} {_excerpt(text)}: use unix seconds or a date such as 2019-01-24 08:00:00."
    )


def _out_of_range(field: str, value: object) -> Refused:
    return Refused(
        f"Invalid {field} {_excerpt(str(value))}:"
        " times after the first second of 1970 (UTC) and until 19 January 2038 can be stored,"
        " in seconds."
    )


def _excerpt(text: str) -> str:
    text = text.strip()
    return repr(text if len(text) <= 60 else text[:57] + "…")
