"""Every link in the pages has a target."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.markdown import anchors, links, relative
from support.server import ROOT

PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_links_lead_somewhere(page: Path) -> None:
    assert not [link for link, *where in links(page) if not leads_somewhere(*where)]


def leads_somewhere(target: Path | None, anchor: str) -> bool:
    if target is None:  # another site
        return True
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not anchor or (target.suffix == ".md" and anchor in anchors(target))


def test_every_page_is_found_from_the_readme() -> None:
    seen, ahead = set[Path](), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page not in seen:
            seen.add(page)
            ahead += [
                target
                for _, target, _ in links(page)
                if target and target.suffix == ".md" and target.exists()
            ]
    assert set(PAGES) - {ROOT / "CHANGELOG.md"} <= seen


def test_the_test_sees_links(tmp_path: Path) -> None:
    """Links and headings are read correctly, so the tests above can fail."""
    page = tmp_path / "page.md"
    page.write_text(
        "# A `code` heading: here\n\n## Twice\n\n## Twice\n\n```sh\n# [no](link.md)\n```\n"
        "[one](a.md#x) [two](https://example.org/) [`three`](#twice-1)\n[long\nline](../b(c).md)\n"
    )
    found = [(link, target and target.name, anchor) for link, target, anchor in links(page)]
    assert found == [
        ("a.md#x", "a.md", "x"),
        ("https://example.org/", None, ""),
        ("#twice-1", "page.md", "twice-1"),
        ("../b(c).md", "b(c).md", ""),
    ]
    assert anchors(page) == {"a-code-heading-here", "twice", "twice-1"}
