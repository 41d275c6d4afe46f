"""Tables as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """A table in Markdown: the first column is text, the others are numbers."""

    title: str
    headings: Sequence[str]
    lines: Sequence[Sequence[str]]

    def __str__(self) -> str:
        every = [self.headings, *self.lines]
        widths = [max(len(line[index]) for line in every) for index in range(len(self.headings))]
        rule = [
            "-" * width if not index else "-" * (width - 1) + ":"
            for index, width in enumerate(widths)
        ]
        return f"\n{self.title}\n\n" + "\n".join(
            "| "
            + " | ".join(
                cell.rjust(width) if index else cell.ljust(width)
                for index, (cell, width) in enumerate(zip(line, widths, strict=True))
            )
            + " |"
            for line in [self.headings, rule, *self.lines]
        )
