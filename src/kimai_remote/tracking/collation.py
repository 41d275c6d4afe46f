"""Comparison of names, the same on every database: that of Kimai's on MySQL."""

from __future__ import annotations

import math
import re
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


#: Categories of characters that a collation may ignore, and others that one of them does.
_IGNORED_CATEGORIES = frozenset(
    {"Cc", "Cf", "Cn", "Co", "Cs", "Mn", "Mc", "Me", "Lm", "Zs", "Zl", "Zp"}
)
_IGNORED = frozenset("\u06de\u180a\u1cd3\u1cf2\u1cf3\ufe73")
_LATIN = re.compile(
    r"(?:COMBINING )?LATIN (?:SMALL|CAPITAL) LETTER (?:INSULAR )?([A-Z])(?: WITH .*)?"
)


def loose_key(name: str) -> str:
    """Return a key that is equal for names that a database may take for the same, whatever its
    collation, and for some that none does.

    ``utf8_unicode_ci`` ignores marks and control characters, and takes all forms of a letter or
    digit for one.
    """
    if not name.isascii():
        name = "".join(map(_loose, unicodedata.normalize("NFKD", name)))
    # One s or two may be a ß.
    return re.sub("S+", "S", re.sub(r"[\0- \x7f]+", "", name.upper()))


def _loose(character: str) -> str:
    if latin := _LATIN.fullmatch(unicodedata.name(character, "")):
        return latin[1]
    # The Tibetan digit for one half counts as a one, and so on.
    if 0 <= (number := math.ceil(unicodedata.numeric(character, -1))) <= 9:
        return str(number)
    if character in _IGNORED or unicodedata.category(character) in _IGNORED_CATEGORIES:
        return ""
    # As a capital it may have an accent again.
    return unicodedata.normalize("NFD", character.upper())[:1]
