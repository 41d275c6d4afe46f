"""Kimai's options: reading and changing them, with what their values may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ...errors import NotFound, Refused
from ...storage import models as m
from ...storage.schema import DEFAULT_OPTIONS
from . import field_checks as checks
from .entities import STATUS, find, suggestion

_LARGEST = 2**31 - 1
_DAY = 24 * 60
#: Kept by the programs that make the tables.
_OF_THE_SCHEMA = ("revision", "version")


@dataclass(frozen=True, slots=True)
class Option:
    """An option that this service reads.

    :param default: what is assumed where the option isn't stored.
    :param check: returns the text to store.
    """

    meaning: str
    default: str
    check: Callable[[Session, str], str]


def _between(least: int, most: int, unit: str) -> Callable[[Session, str], str]:
    def check(_session: Session, text: str) -> str:
        digits = text.strip()
        # Longer ones are out of range, and int() refuses the longest.
        is_number = digits.isascii() and digits.isdigit() and len(digits) < 20
        if not is_number or not least <= int(digits) <= most:
            raise Refused(f"must be {unit} from {least} to {most}, not {text[:40]!r}.")
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
        hint = suggestion(text, methods)
        raise Refused(f"must be default, closest or ceil, not {text[:40]!r}.{hint}")
    return text


def _status(session: Session, text: str) -> str:
    return str(find(session, STATUS, text.strip()).statusID)


#: The options that this service reads, see :class:`kimai_remote.tracking.options.Options`.
KNOWN: dict[str, Option] = {
    "roundPrecision": Option(
        "Minutes to which times are rounded when a recording stops; 0 rounds nothing.",
        "1",
        _between(0, _DAY, "whole minutes"),
    ),
    "roundingMethod": Option(
        "default (start down, end up), closest or ceil.",
        "default",
        _method,
    ),
    "defaultStatusID": Option("Status of a new time entry, by number or name.", "1", _status),
    "editLimit": Option(
        "Seconds after its end in which an entry may be changed; - or 0 for ever.",
        "0",
        _edit_limit,
    ),
    "loginTries": Option(
        "Failed logins before a ban; 0 bans nobody.",
        "3",
        _between(0, 1000, "a whole number"),
    ),
    "loginBanTime": Option(
        "Seconds that a ban lasts.",
        "900",
        _between(0, _LARGEST, "whole seconds"),
    ),
    "durationWithSeconds": Option(
        "1 shows seconds in formattedDuration, 0 doesn't.",
        "0",
        _between(0, 1, "a number"),
    ),
}


def listing(session: Session) -> list[dict[str, Any]]:
    """All options, those first that this service reads.

    Fields: ``option, value, stored, read, meaning``.
    """
    stored = _stored(session)
    names = [*KNOWN, *sorted(set(stored) - set(KNOWN), key=str.lower)]
    return [_record(name, stored) for name in names]


def get(session: Session, name: str) -> dict[str, Any]:
    """One option.

    :raises NotFound: it is neither stored nor one that this service reads.
    """
    stored = _stored(session)
    if name not in stored and name not in KNOWN:
        raise NotFound(f"There is no option {name[:60]!r}.{suggestion(name, {*KNOWN, *stored})}")
    return _record(name, stored)


def change(session: Session, name: str, value: str, *, force: bool = False) -> dict[str, Any]:
    """Store an option.

    :param force: whether to store one that this service doesn't read.
    :returns: the option, with the value that was in force ``before``.
    :raises Refused: the value has no meaning, or the option isn't to be set.
    """
    _check_changeable(name)
    stored = _stored(session)
    if name in KNOWN:
        try:
            value = KNOWN[name].check(session, value)
        except Refused as error:
            text = str(error)
            raise Refused(f"{name} {text}" if text.startswith("must ") else text) from None
    elif force:
        name = checks.named("option", name, m.Configuration.option.type.length)
        value = checks.line("value", value, m.Configuration.value.type.length)
    elif name in stored or name in DEFAULT_OPTIONS:
        raise Refused(
            f"kimai-remote doesn't read the option {name!r}, only Kimai's PHP does. Set it all the "
            "same with --force."
        )
    else:
        raise Refused(
            f"There is no option {name[:60]!r}.{suggestion(name, {*KNOWN, *stored})} Set one that "
            "only Kimai's PHP reads with --force."
        )
    before = _record(name, stored)["value"]
    session.merge(m.Configuration(option=name, value=value))
    session.flush()
    return _record(name, _stored(session)) | {"before": before}


def unset(session: Session, name: str) -> dict[str, Any]:
    """Remove a stored option: what is assumed without it counts then.

    :raises NotFound: it isn't stored.
    """
    _check_changeable(name)
    stored = _stored(session)
    if name not in stored:
        raise NotFound(f"The option {name[:60]!r} isn't set.{suggestion(name, stored)}")
    session.delete(session.get(m.Configuration, name))
    session.flush()
    return _record(name, _stored(session)) | {"before": stored[name]}


def _check_changeable(name: str) -> None:
    if name in _OF_THE_SCHEMA:
        raise Refused(f"The option {name} says what the tables are like; it can't be chosen.")


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
