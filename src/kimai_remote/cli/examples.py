"""Examples at the end of a command's help."""

from __future__ import annotations


def examples(*lines: str) -> str:
    """The text for ``epilog``; brackets are shown as they are."""
    shown = [line.replace("[", "\\[") for line in lines]
    return "\n".join(["Example:" if len(lines) == 1 else "Examples:", *shown])
