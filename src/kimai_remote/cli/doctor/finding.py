"""Results of checks."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Level(enum.StrEnum):
    """Severity of a finding."""

    RIGHT = "right"
    #: It works, but not always or not well.
    WARNING = "warning"
    #: The service can't work or isn't safe.
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of one check.

    :param about: subject, in a word or two.
    :param text: what the check found.
    :param advice: what to do; empty if all is right.
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
