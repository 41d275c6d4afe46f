"""The documentation site is built without warnings and loads nothing from other sites."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from lxml import html

from support import requirements
from support.server import ROOT

pytestmark = pytest.mark.slow

#: Attributes of elements that make a browser load something.
LOADED = "//script/@src | //link[@rel != 'canonical']/@href | //img/@src | //iframe/@src"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if find_spec("mkdocs") is None:
        requirements.missing("mkdocs isn't installed; get it with: pip install -e '.[docs]'")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True)
    return folder


def test_every_page_is_there(site: Path) -> None:
    sources = {path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")}
    assert {path for path in sources if not (site / path.with_suffix(".html")).exists()} == set()
    for name in ("changelog", "contributing", "security-policy"):
        assert (site / f"{name}.html").exists()


def test_nothing_is_loaded_from_other_sites(site: Path) -> None:
    for page in site.rglob("*.html"):
        loaded = html.document_fromstring(page.read_bytes()).xpath(LOADED)
        assert loaded
        assert not [url for url in loaded if re.match(r"(?:https?:)?//", url)], page
    for style in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(?:https?:)?//", style.read_text("utf-8")), style


def test_tabs_and_warnings(site: Path) -> None:
    """What the hook and the extension make of plain Markdown."""
    page = (site / "how-to/clients/python.html").read_text("utf-8")
    assert page.count('class="tabbed-block"') == 3
    warnings = (site / "reference/protocols.html").read_text("utf-8")
    assert 'class="admonition warning"' in warnings
    for path in site.rglob("*.html"):
        text = path.read_text("utf-8")
        assert "[!" not in re.sub(r"<code>.*?</code>", "", text, flags=re.S), path
        assert "/// tab" not in text, path


def test_search(site: Path) -> None:
    assert "Unknown user or no permissions." in (site / "search/search_index.json").read_text()


def test_lists(site: Path) -> None:
    """Lists are what they are on the host of the repository, where less indentation is enough."""
    for page in site.rglob("*.html"):
        tree = html.document_fromstring(page.read_bytes())
        assert not tree.xpath("//article//ol[count(li) = 1]"), page
        paragraphs = tree.xpath("//article//p")
        assert not [p for p in paragraphs if re.search(r"\n(?:-|\d\.) ", p.text_content())], page
