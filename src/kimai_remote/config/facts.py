"""What is known of a setting besides its value: the one place where its meaning is written."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Facts:
    """What people are told of a setting, and what its values may be."""

    #: A phrase, for tables and for the help of the option.
    meaning: str
    #: What a number counts, such as ``seconds``.
    unit: str = ""
    #: How an empty text, or 0, is to be understood.
    empty: str = ""
    #: ``serve`` has an option of this name too.
    option: bool = False
    #: Never shown.
    secret: bool = False
    #: The name of a file or directory; a relative one in the configuration file begins there.
    path: bool = False
    #: The values that there are.
    choices: tuple[str, ...] = ()
    #: The smallest and the largest number.
    least: int | None = None
    most: int | None = None


def setting(default: Any, meaning: str, **facts: Any) -> Any:
    """A field of a dataclass with its :class:`Facts`."""
    known = Facts(meaning, **facts)
    return field(default=default, repr=not known.secret, metadata={"facts": known})


def facts_of(setting: dataclasses.Field[Any]) -> Facts:
    found: Facts = setting.metadata["facts"]
    return found
