"""Words of dates, and the names of time zones."""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

WEEKDAYS = {
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
UNITS = {
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
ORDINALS = {
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
DIRECTIONS = {"next": 1, "last": -1, "previous": -1, "this": 0}
MONTHS = {
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
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
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


def zone(text: str) -> ZoneInfo | int:
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
