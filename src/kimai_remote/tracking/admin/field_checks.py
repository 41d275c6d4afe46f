"""Checking the fields of an object against the columns that are to hold them."""

from __future__ import annotations

import unicodedata
import zoneinfo
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Numeric, SmallInteger, Text

from ...errors import Refused
from ..validation import money, number, text
from .entities import EntityType

#: Most of what a flag's column holds in a Kimai 1 database.
_MOST = 127


def checked(entity_type: EntityType, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The values to store for fields as somebody wrote them.

    :param fields: by column: text, for money too (``""`` for none); flags as bool or int.
    :raises Refused: the field that is wrong, and why.
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
        return number({name: int(value)}, name, 0, _MOST)
    if isinstance(column.type, Text):
        return readable(name, value, lines=True)
    return line(name, value, column.type.length)


def line(name: str, value: str, longest: int) -> str:
    """One line of text, without spaces around it.

    :raises Refused: it doesn't fit, or has control characters.
    """
    return text({name: readable(name, value.strip())}, name, longest)[name]


def named(name: str, value: str, longest: int) -> str:
    """A name: one line of text that isn't empty.

    :raises Refused: it is no name.
    """
    if not value.strip():
        raise Refused(f"The {name} must not be empty.")
    return line(name, value, longest)


#: They let a name look like another one.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def readable(name: str, value: str, *, lines: bool = False) -> str:
    """A text without characters that can't be seen or stored.

    :param lines: whether line feeds and tabs are allowed.
    :raises Refused: it has some, or is too long for any column.
    """
    for character in value:
        category = unicodedata.category(character)
        if category == "Cs":
            raise Refused(f"{name} isn't valid UTF-8.")
        if category in ("Cc", "Zl", "Zp") and not (lines and character in "\n\r\t"):
            raise Refused(f"{name} contains the control character U+{ord(character):04X}.")
        if character in _TURNING:
            raise Refused(
                f"{name} contains U+{ord(character):04X}, which turns the direction of a text."
            )
    return text({name: value}, name)[name]


def amount(name: str, value: str, *, empty: bool = False) -> Decimal | None:
    """An amount of money, to the cent.

    :param empty: whether ``""`` is allowed and means that there is none.
    :raises Refused: not an amount, below zero, or more than the column holds.
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
        raise Refused(f"mail must be an address such as anna@example.com, not {value[:60]!r}.")
    return value


_SPECIAL: dict[str, Callable[[str], str]] = {
    "country": _country,
    "mail": _mail,
    "timezone": timezone,
}
