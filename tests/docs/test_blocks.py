"""Blocks that are not commands are at least what they say they are."""

from __future__ import annotations

import json
import textwrap
import tomllib
from pathlib import Path

import pytest
from lxml import etree

from support.markdown import Block, blocks, relative
from support.server import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def _json(code: str) -> None:
    for value in code.strip().split("\n\n"):
        json.loads(value)


def _python(code: str) -> None:
    compile(textwrap.dedent(code), "example.py", "exec", dont_inherit=True)


def _shipped(code: str) -> None:
    """Part of a file in docs/deploy, so that nothing is kept twice and only one is tried."""
    shipped = [path.read_text() for path in (ROOT / "docs" / "deploy").iterdir()]
    lines = textwrap.dedent(code).strip()
    assert any(lines in textwrap.dedent(text) for text in shipped), "this is in no shipped file"


#: How blocks of each language are looked at. Of those that are None, other tests take care.
CHECKS = {
    "toml": tomllib.loads, "json": _json, "python": _python, "xml": etree.fromstring,
    "ini": _shipped, "nginx": _shipped, "caddy": _shipped, "dockerfile": _shipped,
    "yaml": _shipped,
    "sh": None, "sql": None, "php": None, "javascript": None, "perl": None, "java": None, "csharp": None,
}  # fmt: skip


@pytest.mark.parametrize(
    "block", [block for page in PAGES for block in blocks(page)],
    ids=lambda block: f"{block.page.stem}-{block.line}",
)  # fmt: skip
def test_block(block: Block) -> None:
    assert block.language in CHECKS, f"{block}: which language is this?"
    check = CHECKS[block.language]
    if check is not None:
        check(block.code)


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_pages_end_their_fences(page: Path) -> None:
    blocks(page)
