"""Comparison of names, the same on every database: that of Kimai's on MySQL."""

from __future__ import annotations

import unicodedata
from functools import lru_cache


@lru_cache(maxsize=10_000)
def collation_key(name: str) -> str:
    """Return a key that sorts and compares names as MySQL's ``utf8_general_ci`` does.

    Capitals and accents make no difference, nor do spaces at the end; ``ß`` is an ``s``. Unlike
    there, nor does it matter whether an accent is a character of its own.
    """
    name = name.rstrip(" ")
    if name.isascii():
        return name.upper()
    return "".join(map(_base, unicodedata.normalize("NFC", name)))


def _base(character: str) -> str:
    if character in "ßẞ":
        return "S"
    base = unicodedata.normalize("NFD", character)[0].upper()
    return base if len(base) == 1 else character
