"""Conversion of JSON values to parameters, as tolerant as PHP: real clients rely on it."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from spyne.model import primitive
from spyne.model.complex import ComplexModelBase

from ..errors import InvalidParameter

#: Turns a JSON value into a Python value or None; the second argument names it in errors.
Reader = Callable[[Any, str], Any]

_WHOLE = re.compile(r"[+-]?\d{1,20}", re.ASCII)
_NUMBER = re.compile(
    r"[+-]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:e[+-]?\d{1,2})?", re.ASCII | re.I
)
_INT_RANGE = range(-(2**31), 2**31)


def reader_of(spyne_type: Any) -> Reader:
    """Return the reader for a Spyne type."""
    if issubclass(spyne_type, ComplexModelBase):
        return _record_reader(spyne_type)
    if issubclass(spyne_type, primitive.Boolean):
        return read_boolean
    if issubclass(spyne_type, primitive.Integer):
        return _or_null(read_integer) if hasattr(spyne_type.Attributes, "null") else read_integer
    if issubclass(spyne_type, primitive.Decimal):
        return read_decimal
    return read_text


def _or_null(reader: Reader) -> Reader:
    """Return a reader to which an empty text is null."""
    return lambda value, name: None if value == "" else reader(value, name)


def read_boolean(value: Any, name: str) -> bool | None:
    """PHP's truth: null stays null; ``""``, ``"0"``, 0, an empty list or object are false."""
    if value is None:
        return None
    return value not in ("", "0") and bool(value)


def read_integer(value: Any, name: str) -> int | None:
    """A whole number as number, text or boolean; null is None, ``""`` is 0."""
    if value is None:
        return None
    integer: int | None = None
    if isinstance(value, bool | int):
        integer = int(value)
    elif isinstance(value, Decimal) and -(2**32) < value < 2**32:  # abs() could overflow
        integer = int(value) if value == int(value) else None
    elif isinstance(value, str):
        text = value.strip()
        if text == "":
            return 0
        integer = int(text) if _WHOLE.fullmatch(text) else None
    if integer is None:
        raise InvalidParameter(f"{name} must be a whole number, not {_excerpt(value)}.")
    if integer not in _INT_RANGE:
        raise InvalidParameter(f"{name} is out of range: {_excerpt(value)}.")
    return integer


def read_decimal(value: Any, name: str) -> Decimal | None:
    """A number as number or text; ``""`` and null are None."""
    if value is None or value == "":
        return None
    text = str(int(value)) if isinstance(value, bool) else str(value).strip()
    if text == "":
        return None
    if isinstance(value, str | int | Decimal) and _NUMBER.fullmatch(text):
        try:
            return Decimal(text)
        except InvalidOperation:
            pass
    raise InvalidParameter(f"{name} must be a number, not {_excerpt(value)}.")


def read_text(value: Any, name: str) -> str | None:
    """A text; numbers are taken as they are written, false is ``""`` as in PHP."""
    if value is None or isinstance(value, str):
        return value
    if value is False:
        return ""
    if isinstance(value, int | Decimal) and value is not True:
        return str(value)
    raise InvalidParameter(f"{name} must be a text, not {_excerpt(value)}.")


@lru_cache(maxsize=64)
def _record_reader(spyne_type: Any) -> Reader:
    types = spyne_type.get_flat_type_info(spyne_type)
    members = {name: reader_of(member) for name, member in types.items()}
    # An empty number is none.
    may_be_empty = {
        name: issubclass(member, primitive.Decimal | primitive.Boolean)
        and not hasattr(member.Attributes, "not_empty")
        for name, member in types.items()
    }

    def read(value: Any, name: str) -> Any:
        if value in (None, {}, []):  # PHP writes an empty map as a list
            return None
        if not isinstance(value, dict):
            raise InvalidParameter(f"{name} must be an object, not {_excerpt(value)}.")
        record = spyne_type()
        for member, reader in members.items():
            content = value.get(member)
            if content is not None and not (may_be_empty[member] and content == ""):
                setattr(record, member, reader(content, f"{name}.{member}"))
        return record

    return read


def _excerpt(value: Any) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"
