"""Fenced blocks, links and headings of Markdown pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from .server import ROOT

_FENCE = re.compile(r"^( *)```([\w-]+)?(?: ([^\n`]*))?\n(.*?)^\1```$", re.M | re.S)
_ANY_FENCE = re.compile(r"^ *```", re.M)
_HEADING = re.compile(r"^#{1,6} +(.+?)(?: +#+)?$", re.M)
_LINK = re.compile(r"(?<!\!)\[(?:[^][]|\[[^][]*\])*\]\(((?:[^()\s]|\([^()]*\))+)\)")
_SKIP = re.compile(r'skip="([^"]*)"')


@dataclass(frozen=True)
class Block:
    """A fenced block.

    :param line: the number of its first line of content.
    :param skip: why it can't be run; None where it can.
    :param prints: what the page says that it prints, an ellipsis standing for anything; None
        where no block of text follows.
    """

    page: Path
    line: int
    language: str
    code: str
    skip: str | None
    prints: str | None

    def __str__(self) -> str:
        return f"{relative(self.page)}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """Return the blocks of a page in order; a block of text is the output of the block before.

    :raises ValueError: a fence without an end, or an option that isn't known.
    """
    text = page.read_text(encoding="utf-8")
    fences = list(_FENCE.finditer(text))
    if len(_ANY_FENCE.findall(text)) != 2 * len(fences):
        raise ValueError(f"{relative(page)} has a fence without an end")
    result = []
    for index, fence in enumerate(fences):
        indent, language, options, code = fence.groups()
        if language == "text":
            continue
        skip = _SKIP.fullmatch(options or "")
        if options and not skip:
            raise ValueError(f"{relative(page)}: what does {options!r} mean?")
        if skip and not skip[1].strip():
            raise ValueError(f"{relative(page)} doesn't say why a block is skipped")
        after = fences[index + 1] if index + 1 < len(fences) else None
        prints = None
        if after and after[2] == "text" and not text[fence.end() : after.start()].strip():
            prints = _unindented(after[4], after[1])
        line = text.count("\n", 0, fence.start(4)) + 1
        reason = skip[1] if skip else None
        code = _unindented(code, indent)
        result.append(Block(page, line, language or "", code, reason, prints))
    return result


def matches(output: str, prints: str) -> bool:
    """Return whether an output starts with the text on a page, apart from trailing spaces."""
    expected, printed = (
        re.sub(r" +$", "", text.strip("\n"), flags=re.M) for text in (prints, output)
    )
    pattern = ".*".join(map(re.escape, expected.split("…")))
    return re.match(pattern, printed, re.S) is not None


def links(page: Path) -> Iterator[tuple[str, Path | None, str]]:
    """Each link of a page: as written, the file that it leads to (None for another site), and the
    part of it."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    for link in _LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            yield link, None, ""
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / unquote(path)).resolve() if path else page
        yield link, target, anchor


def anchors(page: Path) -> set[str]:
    """The names that GitHub gives to the headings of a page."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    names: set[str] = set()
    for heading in _HEADING.findall(text):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").replace("\\", "")
        base = re.sub(r"[^\w\- ]", "", plain.strip().lower()).replace(" ", "-")
        name, suffix = base, 0
        while name in names:
            suffix += 1
            name = f"{base}-{suffix}"
        names.add(name)
    return names


def relative(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _unindented(code: str, indent: str) -> str:
    return "".join(line.removeprefix(indent) for line in code.splitlines(keepends=True))
