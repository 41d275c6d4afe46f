"""Kimai's configuration table: the options that the rules of this package depend on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..storage.models import Configuration


@dataclass(frozen=True, slots=True)
class Options:
    """Options of the installation, with what Kimai assumes where one is missing or unusable."""

    #: Minutes to which times are rounded when a recording stops; 0 rounds nothing.
    round_precision: int = 1
    #: ``""`` (start down, end up), ``closest`` or ``ceil``.
    rounding_method: str = ""
    #: Failed logins before a ban, and the seconds it lasts.
    login_tries: int = 3
    login_ban_time: int = 900
    default_status: int = 1
    #: Seconds after its end in which an entry may be changed; None means for ever.
    edit_limit: int | None = None
    duration_with_seconds: bool = False

    @classmethod
    def load(cls, session: Session) -> Options:
        rows = session.execute(select(Configuration.option, Configuration.value))
        return cls.of(dict(rows.all()))

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Options:
        method = values.get("roundingMethod", "").strip().lower()
        return cls(
            round_precision=_number(values, "roundPrecision", 1),
            rounding_method=method if method in ("closest", "ceil") else "",
            login_tries=_number(values, "loginTries", 3),
            login_ban_time=_number(values, "loginBanTime", 900),
            default_status=_number(values, "defaultStatusID", 1),
            edit_limit=_number(values, "editLimit", 0) or None,
            duration_with_seconds=_number(values, "durationWithSeconds", 0) != 0,
        )


def _number(values: Mapping[str, str], option: str, default: int) -> int:
    text = values.get(option, "").strip()
    return int(text) if text.isascii() and text.isdigit() else default
