"""Names that count as one, compared with the names that MariaDB takes for one."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from kimai_remote.tracking.collation import loose_key
from support import databases

CHARACTERS = [chr(code) for code in range(1, 0x10000) if not 0xD800 <= code < 0xE000]
#: Bengali fractions, which it takes for the digits 2, 3 and 4.
KNOWN = set("\u09f5\u09f6\u09f7")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("anna", "an\u200bna"),
        ("anna", "a\u0001n\u0332na\u00ad \x7f"),
        ("anna", "\uff21\u24dd\u207fa"),
        ("J\u00f6rg Strau\u00df", "jo\u0308rgstrauss"),
        ("Strau\u00df", "STRAUS"),
        ("user1", "user\u0661"),
    ],
)
def test_names_that_are_the_same(one: str, other: str) -> None:
    assert loose_key(one) == loose_key(other)


def test_names_that_differ() -> None:
    names = ["anna", "anne", "hanna", "an-na", "an.na", "anna1", "", "\u0430nna", "\u65e5\u672c"]
    assert len({loose_key(name) for name in names}) == len(names)


@pytest.mark.slow
@pytest.mark.servers
@pytest.mark.parametrize("collation", ["utf8mb3_general_ci", "utf8mb3_unicode_ci"])
def test_what_mariadb_takes_for_the_same(collation: str, tmp_path: Path) -> None:
    """All characters that it ignores or takes for an ASCII one, but few."""
    equal = defaultdict(set)
    engine = create_engine(databases.url_of("mariadb", tmp_path))
    with engine.connect() as connection:
        for start in range(0, len(CHARACTERS), 2_000):
            query = " UNION ALL ".join(
                f"SELECT {ord(each)}, HEX(WEIGHT_STRING(_utf8mb3 0x{each.encode().hex()}"
                f" COLLATE {collation}))"
                for each in CHARACTERS[start : start + 2_000]
            )
            for code, weight in connection.execute(text(query)):
                equal[weight].add(chr(code))
    engine.dispose()
    for weight, characters in equal.items():
        usual = "" if not weight else next(filter(str.isascii, characters), None)
        if usual is not None:
            others = {
                each for each in characters if loose_key(f"x{each}") != loose_key(f"x{usual}")
            }
            assert others <= KNOWN
