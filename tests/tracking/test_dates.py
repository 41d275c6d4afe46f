"""Reading dates: every format of the contract, changes to summer time, and invalid dates."""

from __future__ import annotations

import contextlib
import datetime
import time
from zoneinfo import ZoneInfo

import pytest

from kimai_remote.errors import Refused
from kimai_remote.tracking import context, dates

BERLIN = ZoneInfo("Europe/Berlin")


def utc(*parts):
    return int(datetime.datetime(*parts, tzinfo=datetime.UTC).timestamp())


NOW = utc(2026, 11, 27, 14)


def parse(value):
    return dates.parse(value, BERLIN, now=NOW)


@pytest.mark.parametrize(
    "value", [0, "0", "", None, "  ", " 0 ", "0000-00-00", "0000-00-00 00:00:00", "00.00.0000"]
)
def test_no_date(value):
    assert parse(value) is None


@pytest.mark.parametrize(
    ("text", "timestamp"),
    [
        # Naive ones are in the zone given: Berlin is an hour ahead of UTC in winter.
        ("2019-01-24", utc(2019, 1, 23, 23)),
        ("2019-01-24 08:00", utc(2019, 1, 24, 7)),
        ("2019-01-24 08:00:30", utc(2019, 1, 24, 7, 0, 30)),
        ("2019-01-24T08:00:30", utc(2019, 1, 24, 7, 0, 30)),
        (" 2019-01-24 08:00 ", utc(2019, 1, 24, 7)),
        ("27.11.2026 8:5", utc(2026, 11, 27, 7, 5)),
        ("11/27/2026 4:05:06 PM", utc(2026, 11, 27, 15, 5, 6)),
        ("2020-02-29", utc(2020, 2, 28, 23)),
        ("2019-07-24 08:00", utc(2019, 7, 24, 6)),
        # With an offset the zone doesn't matter.
        ("2019-01-24T08:00Z", utc(2019, 1, 24, 8)),
        ("2014-01-05 23:00:00 +0000", utc(2014, 1, 5, 23)),
        ("Thu, 24 Jan 2019 08:00:00 +0100", utc(2019, 1, 24, 7)),
        # Relative ones depend on the time of the call.
        ("now", NOW),
        ("yesterday", utc(2026, 11, 25, 23)),
        ("-1 hour", NOW - 3600),
        # Digits: 8 and 14 are a date, others unix seconds.
        ("20190124", utc(2019, 1, 23, 23)),
        (20190124, utc(2019, 1, 23, 23)),
        ("20190124080030", utc(2019, 1, 24, 7, 0, 30)),
        (20190124080030, utc(2019, 1, 24, 7, 0, 30)),
        ("20190124240000", utc(2019, 1, 24, 23)),
        ("1548316800", 1_548_316_800),
        ("@1548316800", 1_548_316_800),
        ("@2019", 2019),
        (1_548_316_800, 1_548_316_800),
        (1, 1),
        (dates.LATEST, dates.LATEST),
        ("2038-01-19T03:14:07Z", dates.LATEST),
    ],
)
def test_every_kind_of_date(text, timestamp):
    assert parse(text) == timestamp
    assert dates.parse_bound(text, BERLIN, now=NOW, field="from") == timestamp


@pytest.mark.parametrize(
    ("zone", "text", "timestamp"),
    [
        # The clock is put forward: a time that is skipped is read as if it hadn't been.
        ("Europe/Berlin", "2026-03-29 01:59:59", utc(2026, 3, 29, 0, 59, 59)),
        ("Europe/Berlin", "2026-03-29 02:30:00", utc(2026, 3, 29, 1, 30)),
        ("Europe/Berlin", "29.3.2026 2:59", utc(2026, 3, 29, 1, 59)),
        ("Europe/Berlin", "2026-03-29 03:00:00", utc(2026, 3, 29, 1)),
        ("America/New_York", "2026-03-08 02:30:00", utc(2026, 3, 8, 7, 30)),
        # It is put back: the second 2:30 counts in Berlin, the first 1:30 in New York, as in PHP.
        ("Europe/Berlin", "2026-10-25 01:59:59", utc(2026, 10, 24, 23, 59, 59)),
        ("Europe/Berlin", "2026-10-25 02:30:00", utc(2026, 10, 25, 1, 30)),
        ("Europe/Berlin", "25.10.2026 2:30", utc(2026, 10, 25, 1, 30)),
        ("Europe/Berlin", "2026-10-25 03:00:00", utc(2026, 10, 25, 2)),
        ("Europe/Berlin", "2026-10-25T02:30:00+02:00", utc(2026, 10, 25, 0, 30)),
        ("Europe/London", "2026-10-25 01:30:00", utc(2026, 10, 25, 1, 30)),
        ("America/New_York", "2026-11-01 01:30:00", utc(2026, 11, 1, 5, 30)),
    ],
)
def test_changes_to_and_from_summer_time(zone, text, timestamp):
    assert dates.parse(text, ZoneInfo(zone), now=NOW) == timestamp


@pytest.mark.parametrize(
    ("field", "zone", "timestamp"),
    [
        ("start", "Europe/Berlin", -3600),
        ("start", "Pacific/Kiritimati", 38_400),
        ("start", "America/New_York", 18_000),
        ("end", "America/New_York", 18_000),
        ("date", "America/New_York", 18_000),
    ],
)
def test_the_first_day_of_1970(field, zone, timestamp):
    assert dates.parse("1970-01-01", ZoneInfo(zone), now=NOW, field=field) == timestamp


@pytest.mark.parametrize(
    "value",
    [
        *("2019-02-29", "2019-13-01", "31.4.2019", "20190230", "2019-01-24 08:60", "2019-01-24 8"),
        *("24.1.19 8:00", "13.02.19", "13/02/2019", "soon", "Invalid Date", "a", "CET", "+01:00"),
        *("2019", 2019, "0900", "99999999", "20190124250000", "2019-01-24 08:00; DROP TABLE"),
        *(
            "\N{ARABIC-INDIC DIGIT ONE}",
            "\N{FULLWIDTH DIGIT ONE}234",
            "1e9",
            "1548316800.5",
            "0x10",
        ),
        *("@", "@@1", "-1", -1, "+5", True, 1_548_316_800_000, dates.LATEST + 1, 10**30, "a\0b"),
    ],
)
def test_what_is_no_date_is_an_error_that_names_the_value(value):
    for read in (dates.parse, dates.parse_bound):
        with pytest.raises(Refused) as raised:
            read(value, BERLIN, now=NOW, field="from")
        assert str(raised.value).startswith(f"Invalid from {str(value).strip()!r}: ")


@pytest.mark.parametrize(
    ("value", "bound"),
    [
        ("1969-12-31", -90_000),
        ("1970-01-01", -3600),
        ("0001-01-01T00:00:00", -(2**31)),
        ("1/1/0001 12:00:00 AM", -(2**31)),
        ("0000-00-00", -(2**31)),
        ("1970-01-01T00:00:00Z", None),  # the second 0 is no date, as 0 is
        ("2038-01-19T03:14:08Z", dates.LATEST),
        ("9999-12-31 23:59:59", dates.LATEST),
        ("12/31/9999 11:59:59 PM", dates.LATEST),
        ("+12345-01-01", dates.LATEST),
    ],
)
def test_a_date_that_cannot_be_stored_bounds_a_period_and_nothing_else(value, bound):
    assert dates.parse_bound(value, BERLIN, now=NOW, field="to") == bound
    if value != "0000-00-00":
        with pytest.raises(Refused, match=r"Invalid end .*: times after the first second"):
            dates.parse(value, BERLIN, now=NOW, field="end")


@pytest.mark.parametrize("text", ["9" * 1_000_000, "+1 day " * 20_000, "(" * 101, "x" * 10**6])
def test_a_huge_text_is_refused_at_once_and_not_repeated_in_full(text):
    with pytest.raises(Refused) as raised:
        parse(text)
    assert len(str(raised.value)) < 200


@pytest.mark.parametrize(
    "text",
    ["." * 99 + "x", "1 " * 50, "jan" + " " * 97, "+-" * 50, "1.1" * 33, "9" * 100, "t" * 100],
)
def test_the_longest_texts_take_no_time(text):
    begun = time.perf_counter()
    with contextlib.suppress(Refused):
        parse(text)
    assert time.perf_counter() - begun < 0.5


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("America/New_York", "America/New_York"),
        ("UTC", "UTC"),
        ("", "Europe/Berlin"),
        (None, "Europe/Berlin"),
        ("Nowhere/City", "Europe/Berlin"),
        ("../../etc/passwd", "Europe/Berlin"),
        ("/etc/localtime", "Europe/Berlin"),
        ("Europe", "Europe/Berlin"),
        ("Europe/Berlin\0", "Europe/Berlin"),
        ("x" * 5000, "Europe/Berlin"),
    ],
)
def test_the_users_time_zone_or_the_servers(name, expected):
    assert context.timezone(name, BERLIN).key == expected
