"""Blocks that aren't commands are valid in their language."""

from __future__ import annotations

import dataclasses
import json
import re
import tempfile
import textwrap
import tomllib
from pathlib import Path

import pytest
from lxml import etree

from kimai_remote import config
from support.markdown import Block, blocks, relative
from support.server import ROOT

DEPLOY = ROOT / "docs" / "deploy"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def _json(code: str) -> None:
    for value in code.strip().split("\n\n"):
        json.loads(value)


def _python(code: str) -> None:
    compile(textwrap.dedent(code), "example.py", "exec", dont_inherit=True)


def _shipped(code: str) -> None:
    """Part of a file in docs/deploy, which other tests run."""
    files = [path for path in DEPLOY.iterdir() if path.is_file()]
    assert any(_lines(code) in _lines(path.read_text()) for path in files), "in no shipped file"


def _lines(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().splitlines())


def _toml(code: str) -> None:
    """Settings, if a comment at the top names the configuration file."""
    values = tomllib.loads(code)
    if not re.match(r"#.*\bkimai-remote\.toml\b", code):
        return
    known = {field.name for field in dataclasses.fields(config.Settings)}
    assert set(values) <= known
    load = getattr(config, "load", None)  # what reads the file
    if load is not None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "kimai-remote.toml"
            file.write_text(code, encoding="utf-8")
            load({"KIMAI_REMOTE_CONFIG": str(file)})


#: Check of a block, by language; None if other tests run such blocks.
CHECKS = {
    "toml": _toml,
    "json": _json,
    "python": _python,
    "xml": etree.fromstring,
    "ini": _shipped,
    "nginx": _shipped,
    "caddy": _shipped,
    "dockerfile": _shipped,
    "yaml": _shipped,
    "sh": None,
    "sql": None,
    "php": None,
    "html": None,
    "javascript": None,
    "perl": None,
    "java": None,
    "csharp": None,
    "ruby": None,
    "typescript": None,
    "cpp": None,
}


@pytest.mark.parametrize(
    "block",
    [block for page in PAGES for block in blocks(page)],
    ids=lambda block: f"{block.page.stem}-{block.line}",
)
def test_block(block: Block) -> None:
    assert block.language in CHECKS, f"{block}: which language is this?"
    check = CHECKS[block.language]
    if check is not None:
        check(block.code)


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_pages_end_their_fences(page: Path) -> None:
    blocks(page)


def test_the_shipped_settings() -> None:
    _toml((DEPLOY / "kimai-remote.toml").read_text(encoding="utf-8"))
