"""Kimai's options, with defaults for missing and invalid ones."""

from __future__ import annotations

import pytest

from kimai_remote.storage.schema import DEFAULT_OPTIONS
from kimai_remote.tracking.context import Options
from kimai_remote.tracking.rounding import Rounding


def test_a_fresh_installation_has_the_defaults():
    fresh = Options(round_precision=1, rounding=Rounding.OUTWARD)
    assert Options.of(DEFAULT_OPTIONS) == fresh
    assert Options.of({}) == Options()


@pytest.mark.parametrize(
    ("option", "text", "field", "value"),
    [
        ("roundPrecision", "15", "round_precision", 15),
        ("roundPrecision", "0", "round_precision", 0),
        ("roundPrecision", " 5 ", "round_precision", 5),
        ("roundPrecision", "", "round_precision", 0),
        ("allowRoundDown", "1", "rounding", Rounding.OUTWARD),
        ("allowRoundDown", "0", "rounding", Rounding.UP),
        ("roundingMethod", "closest", "rounding", Rounding.CLOSEST),
        ("loginTries", "5", "login_tries", 5),
        ("loginTries", "many", "login_tries", 3),
        ("loginBanTime", "60", "login_ban_time", 60),
        ("loginBanTime", "", "login_ban_time", 900),
        ("defaultStatusID", "2", "default_status", 2),
        ("defaultStatusID", "open", "default_status", 1),
        ("editLimit", "3600", "edit_limit", 3600),
        ("editLimit", "0", "edit_limit", None),
        ("editLimit", "-", "edit_limit", None),
        ("editLimit", "", "edit_limit", None),
        ("durationWithSeconds", "1", "duration_with_seconds", True),
        ("durationWithSeconds", "0", "duration_with_seconds", False),
        ("durationWithSeconds", "yes", "duration_with_seconds", False),
    ],
)
def test_an_option(option, text, field, value):
    assert getattr(Options.of({option: text}), field) == value


def test_options_of_a_database(world):
    world.set_option("editLimit", 7200)
    world.set_option("roundingMethod", "ceil")
    options = world.database.run(Options.load, writes=False)
    assert options == Options(round_precision=1, edit_limit=7200, rounding=Rounding.UP)
