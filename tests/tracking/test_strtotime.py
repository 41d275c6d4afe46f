"""Dates as PHP's strtotime reads them: a table of its answers, and PHP itself where there is one.

``strtotime.json`` is what ``strtotime.php`` writes.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from clients import tools
from kimai_remote.errors import Refused
from kimai_remote.tracking import dates, strtotime

HERE = Path(__file__).parent
TABLE = json.loads((HERE / "strtotime.json").read_text(encoding="utf-8"))
ZONES = [ZoneInfo(name) for name in TABLE["zones"]]

#: What strtotime reads and the service refuses, by the reason.
REFUSED = {
    "It is no day of the calendar; strtotime takes it for another.": """
        2026-02-29 | 2026-02-29 12:00 | 2026-02-30 | 2026-02-31 | 2026-04-31 | 2026-00-10
        | 2026-11-00 | 2026-00-00 | 31.4.2026 | 30.2.2026 10:00 | 2/30/2026 | 30 Feb 2026 | Feb 30
        | 20260230 | 2026-366 | 2025-W53 | Wed Feb 30 2026 16:05:06 GMT+0100
    """,
    "It names a zone, or nothing at all; strtotime takes it for a time of today.": """
        a | x | Z | CET | UTC | EST | Europe/Berlin | +1 | -1 | +01:00 | GMT+1 | -1550217600 | . | ,
    """,
    "It names a year, or a date; strtotime takes it for a time of today.": """
        1999. | 2019. | 13.02.19 | 13.2.19 | 1.1.26
    """,
}
DELIBERATE = {text.strip() for texts in REFUSED.values() for text in texts.split("|")}
#: Digits that are neither 8 nor 14 are unix seconds; strtotime takes these for day 330.
UNIX_SECONDS = {"2026330"}


def answers(text: str) -> list[int | None]:
    """The service's unix seconds in each of the zones; None where it refuses the text."""
    result: list[int | None] = []
    for zone in ZONES:
        try:
            moment = dates.read(text, zone, now=TABLE["now"], field="from")
            assert moment is not None
            result.append(moment.seconds)
        except Refused:
            result.append(None)
    return result


@pytest.mark.parametrize("text", TABLE["answers"])
def test_the_table(text: str) -> None:
    php = TABLE["answers"][text]
    if text in DELIBERATE:
        assert None not in php
        assert answers(text) == [None] * 3
    elif text in UNIX_SECONDS:
        assert answers(text) == [int(text)] * 3
    else:
        assert answers(text) == php


def test_the_table_is_long_enough_and_has_what_is_listed() -> None:
    assert len(TABLE["answers"]) > 500
    assert set(TABLE["answers"]) > DELIBERATE | UNIX_SECONDS


# With PHP


def ask_php(table: dict[str, object]) -> str:
    """What ``strtotime.php`` writes."""
    php = tools.need("php", "apt-get install php-cli")
    return tools.run([php, "-n", HERE / "strtotime.php"], stdin=json.dumps(table))


@pytest.mark.clients
def test_the_table_is_what_php_says() -> None:
    assert json.loads(ask_php(TABLE))["answers"] == TABLE["answers"]


#: Unix seconds of the base times: an ordinary day, both sides of clock changes, a leap day.
BASES = (1795788000, 1774746000, 1792893000, 1709164800)
FUZZED_ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")


@pytest.mark.slow
@pytest.mark.clients
@pytest.mark.parametrize("base", BASES)
def test_texts_made_at_random_are_read_as_php_reads_them(base: int) -> None:
    seed = random.randrange(2**32)  # noqa: S311
    texts = {text for text in map(Texts(seed).text, range(6000)) if text.strip()}
    zones = [ZoneInfo(name) for name in FUZZED_ZONES]
    table = json.loads(
        ask_php({"now": base, "zones": FUZZED_ZONES, "answers": dict.fromkeys(texts)})
    )
    different = {}
    for text, php_answers in table["answers"].items():
        ours = [seconds(text, zone, base) for zone in zones]
        if ours != php_answers and not any(out_of_range(answer) for answer in php_answers):
            different[text] = (php_answers, ours)
    assert not different, f"seed {seed}"


def seconds(text: str, zone: ZoneInfo, now: int) -> int | None:
    try:
        return strtotime.read(text, zone, now).seconds
    except ValueError:
        return None


def out_of_range(answer: int | None) -> bool:
    """Whether a date is of a year with five digits, where PHP knows no clock changes."""
    return answer is not None and not -(10**11) < answer < 2 * 10**11


class Texts:
    """Texts in the forms of strtotime, and some that are nearly in them."""

    months = [
        "jan",
        "feb",
        "mar",
        "apr",
        "may",
        "jun",
        "jul",
        "aug",
        "sep",
        "sept",
        "oct",
        "nov",
        "dec",
        "january",
        "february",
        "march",
        "april",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "I",
        "II",
        "III",
        "IV",
        "V",
        "VI",
        "VII",
        "VIII",
        "IX",
        "X",
        "XI",
        "XII",
    ]
    weekdays = [
        "sun",
        "mon",
        "tue",
        "wed",
        "thu",
        "fri",
        "sat",
        "sunday",
        "monday",
        "friday",
        "mondays",
        "weekday",
        "weekdays",
    ]
    units = [
        "sec",
        "secs",
        "second",
        "seconds",
        "min",
        "mins",
        "minute",
        "minutes",
        "hour",
        "hours",
        "day",
        "days",
        "week",
        "weeks",
        "fortnight",
        "fortnights",
        "month",
        "months",
        "year",
        "years",
        "ms",
        "msec",
        "usec",
        "microseconds",
        "forthnight",
    ]
    which = [
        "first",
        "second",
        "third",
        "fourth",
        "fifth",
        "sixth",
        "seventh",
        "eighth",
        "eight",
        "ninth",
        "tenth",
        "eleventh",
        "twelfth",
        "next",
        "last",
        "previous",
        "this",
    ]
    zones = [
        "Z",
        "z",
        "UTC",
        "GMT",
        "CET",
        "cest",
        "EST",
        "EDT",
        "PST",
        "(CET)",
        "Europe/Berlin",
        "America/New_York",
        "Asia/Kolkata",
        "+01",
        "+1",
        "+01:00",
        "+0100",
        "-0530",
        "-5:30",
        "+130",
        "GMT+1",
        "GMT+0100",
        "GMT-03:00",
        "gmt+1",
        "UTC+1",
        "Japan",
        "Etc/GMT+5",
        "+013045",
        "+01:30:45",
        "A",
        "x",
        "America/Argentina/Buenos_Aires",
        "+14",
        "+24:59",
        "+25",
        "Europe/berlin",
        "Foo",
        "Foo/Bar",
        "GMT+0100_(CET)",
    ]
    changes = [
        "2026-03-29",
        "2026-10-25",
        "2026-03-08",
        "2026-11-01",
        "2026-04-05",
        "2026-10-04",
        "2024-02-29",
        "2025-12-31",
    ]
    halves = ["am", "pm", "AM", "PM", "a.m.", "p.m.", "a.m", "Pm"]

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311
        self.choice = self.random.choice

    def chance(self, part: float) -> bool:
        return self.random.random() < part

    def number(self, low: int, high: int) -> str:
        number = self.random.randint(low, high)
        return f"{number:02d}" if self.chance(0.6) else str(number)

    def case(self, text: str) -> str:
        return self.choice([text, text.upper(), text.lower(), text.capitalize()])

    def date(self) -> str:
        if self.chance(0.2):
            return self.choice(self.changes)
        year = self.choice([str(self.random.randint(1971, 2037)), self.number(0, 99), "2026"])
        month, day = self.number(1, 12), self.number(1, 31)
        name = self.choice(self.months)
        name = self.case(name) if len(name) > 2 and self.chance(0.5) else name
        gap = self.choice([" ", " ", "", "-", ".", "/", ", ", "\t"])
        suffix = self.choice(["", "", "st", "nd", "rd", "th"])
        week = f"{self.number(1, 53)}{self.choice(['', '1', '-7', '-8', '0'])}"
        return self.choice(
            [
                f"{year}-{month}-{day}",
                f"{day}.{month}.{year}",
                f"{month}/{day}/{year}",
                f"{day}-{month}-{year}",
                f"{year}/{month}/{day}",
                f"{year}{month}{day}",
                f"{year}-{month}",
                f"{month}/{day}",
                f"{day}.{month}.",
                f"{day}{suffix}{gap}{name}{gap}{year}",
                f"{name}{gap}{day}{suffix}{self.choice([', ', ' ', ',', '.', ''])}{year}",
                f"{name}{gap}{year}",
                f"{year}{gap}{name}",
                f"{day}{suffix}{gap}{name}",
                f"{name}{gap}{day}{suffix}",
                name,
                f"{year}{self.choice(['', '-'])}W{week}",
                f"{year}{self.choice(['', '-', '.'])}{self.random.randint(0, 370):03d}",
                f"{year}-{name}-{day}",
                f"{name}-{day}-{year}",
                f"{day}/{name}/{year}:{self.number(0, 24)}:{month}:{day} +0100",
                f"{year}:{month}:{day}",
                year,
            ]
        )

    def time(self) -> str:
        hour, minute, second = self.number(0, 25), self.number(0, 60), self.number(0, 61)
        point, blank = self.choice("::."), self.choice(["", " ", " ", "  "])
        half = self.choice(self.halves)
        fraction = self.choice(".:,") + str(self.random.randint(0, 10**9))
        return self.choice(["", "", "", "T", "t"]) + self.choice(
            [
                f"{hour}{point}{minute}",
                f"{hour}{point}{minute}{point}{second}",
                f"{hour}{point}{minute}{point}{second}{fraction}",
                f"{hour}{blank}{half}",
                f"{hour}{point}{minute}{blank}{half}",
                f"{hour}{point}{minute}{point}{second}{blank}{half}",
                f"{hour}{point}{minute}{point}{second}{fraction}{half}",
                f"{hour}{minute}",
                f"{hour}{minute}{second}",
                hour,
                f"{self.choice(['back', 'front'])} of {hour}{blank}{self.choice(['', half])}",
            ]
        )

    def relative(self) -> str:
        number = self.choice(["1", "2", "3", "7", "10", "15", "100", "0", "25", "5"])
        sign = self.choice(["+", "-", "", "+", "-", "--", "+-", "+ ", "- "])
        which, unit, weekday = (
            self.choice(words) for words in (self.which, self.units, self.weekdays)
        )
        week = self.choice(["next week", "last week", "this week", "previous week"])
        day_of = self.choice(["first day of", "last day of", "LAST day of"])
        when = self.choice(["", " next month", " last month", " january 2026", " -1 month", " feb"])
        return self.choice(
            [
                f"{sign}{number}{self.choice([' ', '', ' '])}{self.case(unit)}",
                f"{number} {unit} ago",
                f"{self.case(which)} {unit}",
                f"{which} {self.case(weekday)}",
                weekday,
                week,
                self.case(
                    self.choice(["now", "today", "yesterday", "tomorrow", "noon", "midnight"])
                ),
                f"{day_of}{when}",
                f"{which} {weekday} of{when}",
                f"{sign}{number} {weekday}",
                f"{weekday} {week}",
                f"{number} weekdays ago",
            ]
        )

    def stamp(self) -> str:
        fraction = self.choice(["", "", ".5", ".123456", ".1234567"])
        return f"@{self.choice(['', '-'])}{self.random.randint(0, 2 * 10**9)}{fraction}"

    def mutated(self, text: str) -> str:
        place = self.random.randrange(len(text) + 1)
        other = self.random.randrange(len(text) + 1)
        first, last = sorted((place, other))
        return self.choice(
            [
                text[:place] + self.choice("0123456789-+:./ T,amWzZ()@") + text[place:],
                text[:place] + text[place + 1 :],
                text[:first] + text[last:],
                text[:place] + text[place : place + 3] + text[place:],
            ]
        )

    def text(self, _: object = None) -> str:
        parts = [self.date()] if self.chance(0.75) else []
        for part, make in (
            (0.6, self.time),
            (0.3, lambda: self.choice(self.zones).replace("_(", " (")),
            (0.3, self.relative),
            (0.15, self.relative),
            (0.03, self.stamp),
        ):
            if self.chance(part) or (make == self.stamp and not parts):
                parts.append(make())
        if self.chance(0.2):
            self.random.shuffle(parts)
        if self.chance(0.15):
            parts.insert(0, self.choice(["Wed", "Wed,", "Fri,", "monday"]))
        text = parts[0]
        for part_text in parts[1:]:
            text += self.choice([" ", " ", " ", "T", "", ", ", "  ", "\u00a0", " \t"]) + part_text
        return self.mutated(text) if self.chance(0.12) else text
