"""What is written about the settings is what they are."""

from __future__ import annotations

import inspect

from kimai_remote.cli.main import serve
from kimai_remote.config import Settings
from kimai_remote.config.reference import page
from support.server import ROOT


def test_the_page_is_up_to_date() -> None:
    """Write it with: python -m kimai_remote.config.reference docs/configuration.md"""
    assert (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8") == page()


def test_every_setting_has_a_meaning_and_a_line() -> None:
    for name, facts in Settings.facts().items():
        assert facts.meaning.endswith("."), name
        assert f"\n| `{name}` | " in page()


def test_the_options_of_serve_are_those_of_the_settings() -> None:
    options = {name for name, facts in Settings.facts().items() if facts.option}
    assert set(inspect.signature(serve).parameters) - {"demo"} == options
