"""Checking the fields of an object against the columns that are to hold them."""

from __future__ import annotations

import unicodedata
import zoneinfo
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Numeric, SmallInteger, Text

from ...errors import Refused
from ..validation import integer, money, text
from .entities import EntityType

#: Highest value of a flag's column in a Kimai 1 database.
_MAX_FLAG = 127


def checked(entity_type: EntityType, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values to store for unchecked fields.

    :param fields: by column; text, also for amounts (``""`` for none); flags as bool or int.
    :raises Refused: a field is invalid.
    """
    return {
        name: _checked(entity_type.columns[name], name, value) for name, value in fields.items()
    }


def _checked(column: Any, name: str, value: Any) -> Any:
    if name in _SPECIAL and value:
        value = _SPECIAL[name](value)
    if isinstance(column.type, Numeric):
        return amount(name, value, empty=column.nullable)
    if isinstance(column.type, SmallInteger):
        return integer({name: int(value)}, name, 0, _MAX_FLAG)
    if isinstance(column.type, Text):
        return readable(name, value, lines=True)
    return line(name, value, column.type.length)


def line(name: str, value: str, max_length: int) -> str:
    """Return one line of text, without surrounding spaces.

    :raises Refused: it is too long, or has control characters.
    """
    return text({name: readable(name, value.strip())}, name, max_length)[name]


def named(name: str, value: str, max_length: int) -> str:
    """Return a name: one line of text that isn't empty.

    :raises Refused: it is empty, too long, or has control characters.
    """
    if not value.strip():
        raise Refused(f"The {name} must not be empty.")
    return line(name, value, max_length)


#: Bidirectional controls, which can make a name look like another one.
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def readable(name: str, value: str, *, lines: bool = False) -> str:
    """Return a text after checking that it has no invisible characters.

    :param lines: whether line feeds and tabs are allowed.
    :raises Refused: it has such characters, or is too long for any column.
    """
    for character in value:
        category = unicodedata.category(character)
        if category == "Cs":
            raise Refused(f"{name} isn't valid UTF-8.")
        if category in ("Cc", "Zl", "Zp") and not (lines and character in "\n\r\t"):
            raise Refused(f"{name} contains the control character U+{ord(character):04X}.")
        if character in _BIDI_CONTROLS:
            raise Refused(
                f"{name} contains U+{ord(character):04X}, which changes the direction of text."
            )
    return text({name: value}, name)[name]


def amount(name: str, value: str, *, empty: bool = False) -> Decimal | None:
    """Return an amount with at most two decimals.

    :param empty: whether ``""`` is allowed; it means that there is none.
    :raises Refused: it is not an amount, is negative, or is larger than the column can store.
    """
    if empty and not value.strip():
        return None
    try:
        decimal = Decimal(value.strip())
    except InvalidOperation:
        decimal = Decimal("NaN")
    if not decimal.is_finite() or not value.isascii() or "_" in value:
        raise Refused(f"{name} must be an amount such as 1200 or 85.50, not {value[:40]!r}.")
    exact = money({name: decimal}, name)
    if exact != decimal:
        raise Refused(f"{name} has more than two decimals: {value[:40]}.")
    return exact


def timezone(value: str) -> str:
    """:raises Refused: not the name of a time zone."""
    from .entities import did_you_mean

    try:
        return zoneinfo.ZoneInfo(value).key
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        known = zoneinfo.available_timezones()
        raise Refused(
            f"timezone must be a name such as Europe/Berlin, not {value[:60]!r}."
            f"{did_you_mean(value, known)}"
        ) from None


def _country(value: str) -> str:
    if len(value) != 2 or not (value.isascii() and value.isalpha()):
        raise Refused(f"country must be two letters such as DE, not {value[:40]!r}.")
    return value.upper()


def _mail(value: str) -> str:
    before, _, behind = value.strip().rpartition("@")
    if not before or not behind or len(value.split()) != 1:
        raise Refused(
            f"mail must be an email address such as anna@example.com, not {value[:60]!r}."
        )
    return value


_SPECIAL: dict[str, Callable[[str], str]] = {
    "country": _country,
    "mail": _mail,
    "timezone": timezone,
}
