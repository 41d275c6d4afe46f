"""Kimai's options: reading, checking and changing them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...errors import NotFound, Refused
from ...storage import models as m
from ...storage.schema import DEFAULT_OPTIONS
from . import field_checks as checks
from .entities import STATUS, did_you_mean, find_id

_LARGEST = 2**31 - 1
_DAY = 24 * 60
#: Written by the programs that create the tables.
_SCHEMA_OPTIONS = ("revision", "version")


class UnknownOption(NotFound):
    """Kimai has no such option, as far as this service knows."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"There is no option {name[:60]!r}.{did_you_mean(name, known)}")


class UnusedOption(Refused):
    """Only Kimai's PHP reads the option, or nothing does."""

    def __init__(self, name: str, known: Iterable[str], *, is_kimai: bool) -> None:
        if is_kimai:
            text = f"kimai-remote does not use the option {name!r}; only Kimai's PHP does."
        else:
            text = str(UnknownOption(name, known))
        super().__init__(text)
        self.is_kimai = is_kimai


@dataclass(frozen=True, slots=True)
class Option:
    """An option that this service uses.

    :param default: value if the option isn't stored; None if it has no effect then.
    :param check: returns the value to store; raises Refused.
    """

    meaning: str
    default: str | None
    check: Callable[[Session, str], str]


def _between(minimum: int, maximum: int, unit: str) -> Callable[[Session, str], str]:
    def check(_session: Session, text: str) -> str:
        digits = text.strip()
        # Longer ones are out of range, and int() refuses the longest.
        is_number = digits.isascii() and digits.isdigit() and len(digits) < 20
        if not is_number or not minimum <= int(digits) <= maximum:
            raise Refused(f"must be {unit} from {minimum} to {maximum}, not {text[:40]!r}.")
        return str(int(digits))

    return check


def _edit_limit(session: Session, text: str) -> str:
    if text.strip() == "-":
        return "-"
    try:
        return _between(0, _LARGEST, "whole seconds")(session, text)
    except Refused as error:
        raise Refused(
            f"must be '-' for no limit, or {str(error).removeprefix('must be ')}"
        ) from None


def _method(_session: Session, text: str) -> str:
    methods = ("default", "closest", "ceil")
    if text not in methods:
        hint = did_you_mean(text, methods)
        raise Refused(f"must be default, closest or ceil, not {text[:40]!r}.{hint}")
    return text


def _status(session: Session, text: str) -> str:
    return str(find_id(session, STATUS, text.strip()))


#: The options that this service uses, see :class:`kimai_remote.tracking.options.Options`.
KNOWN: dict[str, Option] = {
    "roundPrecision": Option(
        "Minutes that times are rounded to when a recording stops; 0: no rounding.",
        "0",
        _between(0, _DAY, "whole minutes"),
    ),
    "allowRoundDown": Option(
        "1: the start is rounded down; 0: both times up. Kimai before 1.3.5 rounds otherwise.",
        "0",
        _between(0, 1, "a number"),
    ),
    "roundingMethod": Option(
        "Instead of allowRoundDown: default (start down, end up), closest or ceil.",
        None,
        _method,
    ),
    "defaultStatusID": Option("Status of new time entries, by ID or name.", "1", _status),
    "editLimit": Option(
        "Seconds after its end during which an entry can be changed; - or 0: no limit.",
        "0",
        _edit_limit,
    ),
    "loginTries": Option(
        "Failed logins before a ban; 0: no bans.",
        "3",
        _between(0, 1000, "a whole number"),
    ),
    "loginBanTime": Option(
        "Seconds that a ban lasts.",
        "900",
        _between(0, _LARGEST, "whole seconds"),
    ),
    "durationWithSeconds": Option(
        "1: formattedDuration has seconds; 0: it has none.",
        "0",
        _between(0, 1, "a number"),
    ),
}


def listing(session: Session) -> list[dict[str, Any]]:
    """Return all options, first those that this service uses.

    Fields: ``option, value, stored, read, meaning``.
    """
    stored = _stored(session)
    names = [*KNOWN, *sorted(set(stored) - set(KNOWN), key=str.lower)]
    return [_record(name, stored) for name in names]


def get(session: Session, name: str) -> dict[str, Any]:
    """Return one option.

    :raises UnknownOption: it is neither stored nor one that this service uses.
    """
    stored = _stored(session)
    if name not in stored and name not in KNOWN:
        raise UnknownOption(name, {*KNOWN, *stored})
    return _record(name, stored)


def change(session: Session, name: str, value: str, *, force: bool = False) -> dict[str, Any]:
    """Store an option.

    :param force: store an option that this service doesn't use.
    :returns: the option, with its previous value as ``before``.
    :raises Refused: the value is invalid, or the option can't be set.
    :raises UnusedOption: this service doesn't use it, and ``force`` isn't set.
    """
    _check_changeable(name)
    stored = _stored(session)
    if name == "allowRoundDown" and "roundingMethod" in stored and not force:
        raise Refused("allowRoundDown has no effect while roundingMethod is set; unset that.")
    if name in KNOWN:
        try:
            value = KNOWN[name].check(session, value)
        except Refused as error:
            text = str(error)
            raise Refused(f"{name} {text}" if text.startswith("must ") else text) from None
    elif force:
        name = checks.named("option", name, m.Configuration.option.type.length)
        value = checks.line("value", value, m.Configuration.value.type.length)
    else:
        is_kimai = name in stored or name in DEFAULT_OPTIONS
        raise UnusedOption(name, {*KNOWN, *stored}, is_kimai=is_kimai)
    before = _record(name, stored)["value"]
    session.merge(m.Configuration(option=name, value=value))
    session.flush()
    return _record(name, _stored(session)) | {"before": before}


def unset(session: Session, name: str) -> dict[str, Any]:
    """Remove a stored option, so that its default applies.

    :raises NotFound: it isn't stored.
    """
    _check_changeable(name)
    stored = _stored(session)
    if name not in stored:
        raise NotFound(f"The option {name[:60]!r} isn't set.{did_you_mean(name, stored)}")
    session.delete(session.get(m.Configuration, name))
    session.flush()
    return _record(name, _stored(session)) | {"before": stored[name]}


def _check_changeable(name: str) -> None:
    if name in _SCHEMA_OPTIONS:
        raise Refused(f"The option {name} describes the tables and can't be changed.")


def _stored(session: Session) -> dict[str, str]:
    return dict(session.execute(select(m.Configuration.option, m.Configuration.value)).all())


def _record(name: str, stored: dict[str, str]) -> dict[str, Any]:
    known = KNOWN.get(name)
    return {
        "option": name,
        "value": stored.get(name, known.default if known else None),
        "stored": name in stored,
        "read": known is not None,
        "meaning": known.meaning if known else None,
    }
