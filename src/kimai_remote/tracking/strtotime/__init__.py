"""Dates as PHP's ``strtotime`` reads them, since Kimai passed the texts of its clients to it.

A text is a row of tokens: at each place the longest of the forms below counts, and of several that
are as long the first. The forms are documented in PHP's manual ("Supported Date and Time Formats");
what the manual leaves open was asked of PHP 8.2, as the tests go on doing.

No library does it. Of the 529 texts in the table of the tests, three time zones each, the package
timelib, which wraps the parser of PHP 5, gives PHP's answer to 344 when it is told the time of the
zone, dateparser to 255, pendulum to 224 and python-dateutil to 219. So it is written here.
"""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from .calendar import seconds_of
from .meaning import Meaning, Moment

__all__ = ["Moment", "read", "seconds_of"]


def read(text: str, zone: ZoneInfo, now: int) -> Moment:
    """Return what strtotime reads in a text.

    :param text: at most some hundred characters: the time it takes grows with the length.
    :param zone: of texts that name no other.
    :param now: base of what is relative, and of a date where only a time is named; unix seconds.
    :raises ValueError: strtotime can't read it.
    """
    # Compiling all forms takes longer than a command of the administrator may.
    from .forms import BETWEEN, FORMS, kind_of

    meaning = Meaning()
    text = text.strip(" \t\n\r\v\f")
    if "\0" in text or not text:
        raise ValueError(text)
    text += "\0"  # some forms end at the end only
    place = 0
    while place < len(text) - 1:
        if text[place] in BETWEEN:
            place += 1
            continue
        longest: re.Match[str] | None = None
        for pattern, rule in FORMS[kind_of(text[place])]:
            match = pattern.match(text, place)
            if match and (longest is None or match.end() > longest.end()):
                longest, best = match, rule
        if longest is None:
            raise ValueError(text)
        best(meaning, longest)
        place = longest.end()
    return meaning.moment(zone, now)
