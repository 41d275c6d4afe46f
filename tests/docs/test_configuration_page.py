"""What is written about the settings is what they are."""

from __future__ import annotations

from docs.configuration_page import page
from kimai_remote.cli.commands.serve import serve
from kimai_remote.config import Settings


def test_every_setting_has_a_meaning_and_a_line() -> None:
    for name, info in Settings.info().items():
        assert info.help.endswith("."), name
        assert f"\n| `{name}` | " in page()


def test_the_options_of_serve_are_those_of_the_settings() -> None:
    options = {name for name, info in Settings.info().items() if info.option}
    assert {parameter.name for parameter in serve.params} - {"demo"} == options
