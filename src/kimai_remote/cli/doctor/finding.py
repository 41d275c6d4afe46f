"""What a check finds."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Level(enum.StrEnum):
    """How a finding is to be taken."""

    RIGHT = "right"
    #: It works, but may not always, or not as well as it could.
    WARNING = "warning"
    #: The service can't work, or isn't safe.
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    :param about: what it is, in a word or two.
    :param text: what was found.
    :param advice: what to do, unless it is right.
    """

    about: str
    level: Level
    text: str
    advice: str = ""


def right(about: str, text: str) -> Finding:
    return Finding(about, Level.RIGHT, text)


def warning(about: str, text: str, advice: str) -> Finding:
    return Finding(about, Level.WARNING, text, advice)


def wrong(about: str, text: str, advice: str = "") -> Finding:
    return Finding(about, Level.WRONG, text, advice)
