"""Reading dates: every format of the contract, changes to summer time, and invalid dates."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

import pytest

from kimai_remote.errors import Refused
from kimai_remote.tracking import context, dates

BERLIN = ZoneInfo("Europe/Berlin")


def utc(*parts):
    return int(datetime.datetime(*parts, tzinfo=datetime.UTC).timestamp())


@pytest.mark.parametrize("value", [0, "0", "", None, "  ", " 0 "])
def test_no_date(value):
    assert dates.parse(value, BERLIN) is None


@pytest.mark.parametrize(
    ("text", "timestamp"),
    [
        # Naive ones are in the zone given: Berlin is an hour ahead of UTC in winter.
        ("2019-01-24", utc(2019, 1, 23, 23)),
        ("2019-01-24 08:00", utc(2019, 1, 24, 7)),
        ("2019-01-24 08:00:30", utc(2019, 1, 24, 7, 0, 30)),
        ("2019-01-24T08:00", utc(2019, 1, 24, 7)),
        ("2019-01-24T08:00:30", utc(2019, 1, 24, 7, 0, 30)),
        ("2019-1-4 8:05", utc(2019, 1, 4, 7, 5)),
        (" 2019-01-24 08:00 ", utc(2019, 1, 24, 7)),
        ("24.1.2019 8:00", utc(2019, 1, 24, 7)),
        ("24.01.2019 08:00:30", utc(2019, 1, 24, 7, 0, 30)),
        ("24.1.2019", utc(2019, 1, 23, 23)),
        ("2020-02-29", utc(2020, 2, 28, 23)),
        ("2019-07-24 08:00", utc(2019, 7, 24, 6)),
        # With an offset the zone doesn't matter.
        ("2019-01-24T08:00Z", utc(2019, 1, 24, 8)),
        ("2019-01-24T08:00:30Z", utc(2019, 1, 24, 8, 0, 30)),
        ("2019-01-24t08:00:30z", utc(2019, 1, 24, 8, 0, 30)),
        ("2019-01-24T08:00:30.123Z", utc(2019, 1, 24, 8, 0, 30)),
        ("2019-01-24T08:00+05:30", utc(2019, 1, 24, 2, 30)),
        ("2019-01-24T08:00:00-08:00", utc(2019, 1, 24, 16)),
        ("2014-01-05 23:00:00 +0000", utc(2014, 1, 5, 23)),
        ("2014-01-05 23:00:00 -0130", utc(2014, 1, 6, 0, 30)),
        # RFC 2822.
        ("Thu, 24 Jan 2019 08:00:00 +0100", utc(2019, 1, 24, 7)),
        ("24 Jan 2019 08:00 GMT", utc(2019, 1, 24, 8)),
        ("Thu, 24 Jan 2019 08:00:00 -0000", utc(2019, 1, 24, 8)),
        ("Thu, 24 Jan 2019 08:00:00 EST", utc(2019, 1, 24, 13)),
        ("Thu, 24 Jan 2019 08:00:00 +0000 (UTC)", utc(2019, 1, 24, 8)),
        # Unix seconds.
        ("1548316800", 1_548_316_800),
        ("@1548316800", 1_548_316_800),
        (1_548_316_800, 1_548_316_800),
        (1, 1),
        (dates.LATEST, dates.LATEST),
        ("2038-01-19T03:14:07Z", dates.LATEST),
    ],
)
def test_every_format(text, timestamp):
    assert dates.parse(text, BERLIN) == timestamp


@pytest.mark.parametrize(
    ("text", "timestamp"),
    [
        # The clock is put forward at 2:00 on 2026-03-29 ...
        ("2026-03-29 01:59:59", utc(2026, 3, 29, 0, 59, 59)),
        ("2026-03-29 02:00:00", utc(2026, 3, 29, 1)),
        ("2026-03-29 02:30:00", utc(2026, 3, 29, 1, 30)),
        ("29.3.2026 2:59", utc(2026, 3, 29, 1, 59)),
        ("2026-03-29 03:00:00", utc(2026, 3, 29, 1)),
        # ... and back at 3:00 on 2026-10-25: 2:30 happens twice, and the first one counts.
        ("2026-10-25 01:59:59", utc(2026, 10, 24, 23, 59, 59)),
        ("2026-10-25 02:30:00", utc(2026, 10, 25, 0, 30)),
        ("2026-10-25 03:00:00", utc(2026, 10, 25, 2)),
        ("2026-10-25T02:30:00+01:00", utc(2026, 10, 25, 1, 30)),
    ],
)
def test_changes_to_and_from_summer_time(text, timestamp):
    assert dates.parse(text, BERLIN) == timestamp


@pytest.mark.parametrize(
    "value",
    [
        "yesterday",
        "now",
        "+1 day",
        "0000-00-00",
        "0000-00-00 00:00:00",
        "2019-02-29",
        "2019-13-01",
        "31.4.2019",
        "2019-01-24 24:00",
        "2019-01-24 08:60",
        "2019-01-24 08:00:60",
        "2019-01-24 8",
        "2019-01-24T08:00+25:00",
        "2019-01-24T08:00+01:60",
        "2019-01-24T08:00Europe/Berlin",
        "01/24/2019",
        "24.1.19",
        "20190124T080000",
        "2019-01-24 08:00; DROP TABLE",
        "2019-01-24\n08:00\n;",
        "24 Jan 2019 08:00:00",
        "24 Jan 2019 08:00:00 CET",
        "24 Jän 2019 08:00:00 +0100",
        "24 Xyz 2019 08:00:00 +0100",
        "31 Feb 2019 08:00:00 +0100",
        "24 Jan 2019 08:00:00 +9999",
        "\N{ARABIC-INDIC DIGIT ONE}",
        "\N{FULLWIDTH DIGIT ONE}234",
        "1e9",
        "1548316800.5",
        "0x10",
        "00",
        "@",
        "@@1",
        "@0",
        "-1",
        -1,
        "+5",
        True,
        "1969-12-31",
        "1970-01-01T00:00:00Z",
        "0001-01-01",
        "9999-12-31 23:59:59",
        "9999-12-31T23:59:59-15:59",
        "2038-01-19T03:14:08Z",
        dates.LATEST + 1,
        10**30,
    ],
)
def test_anything_else_is_an_error_that_names_the_value(value):
    with pytest.raises(Refused) as raised:
        dates.parse(value, BERLIN, field="from")
    assert str(raised.value).startswith(f"Invalid from {str(value).strip()!r}: ")


def test_a_huge_text_is_not_repeated_in_full():
    with pytest.raises(Refused) as raised:
        dates.parse("9" * 1_000_000, BERLIN)
    assert len(str(raised.value)) < 200


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
