"""The page of differences from Kimai 1 has those that are declared, and pages agree on ?wsdl."""

from __future__ import annotations

import json
import re

import pytest

from support.server import ROOT

PAGE = ROOT / "docs" / "explanation" / "differences.md"
#: The differences that the comparison with recordings of Kimai 1.3.5 accepts.
DECLARED = ROOT / "tests" / "kimai_release" / "deviations.json"

WSDL = (
    "On a database adopted from Kimai 1, served in place or imported, plain `?wsdl` is Kimai's "
    "contract (rpc/encoded), because the programs written for Kimai 1 load it"
)


def rows() -> list[list[str]]:
    """Cells of the tables whose first column names a difference."""
    found: list[list[str]] = []
    named = False
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line[:1] == "|" else []
        if not cells:
            named = False
        elif cells[0] == "difference":
            named = True
        elif named and not cells[0].startswith("---"):
            found.append(cells)
    return found


def test_each_difference_is_listed_once_with_what_both_do() -> None:
    names = [row[0] for row in rows()]
    assert len(names) == len(set(names)) > 40
    assert all(len(row) == 4 and row[2] for row in rows() if row[0] != "types")


@pytest.mark.skipif(not DECLARED.exists(), reason="there are no declared differences here")
def test_the_page_has_the_declared_differences() -> None:
    declared = json.loads(DECLARED.read_text(encoding="utf-8"))["deviations"]
    assert {row[0] for row in rows()} == {deviation["name"] for deviation in declared}


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "docs/how-to/kimai1.md",
        "docs/how-to/connect.md",
        "docs/how-to/clients/php.md",
        "docs/reference/protocols.md",
    ],
)
def test_pages_say_in_the_same_words_what_plain_wsdl_is(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text)  # links as their texts
    assert WSDL in " ".join(text.split())
