"""The generated pages are up to date and complete."""

from __future__ import annotations

import json
import re
from types import ModuleType

import pytest

from docs import api_page, commands_page, generate
from kimai_remote.api import records
from kimai_remote.api.fields import Item
from kimai_remote.api.service import RemoteApi


@pytest.mark.parametrize("page", generate.PAGES, ids=lambda page: page.PAGE.stem)
def test_the_page_is_up_to_date(page: ModuleType) -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.page(), "run: just docs"


def test_every_command_has_a_section() -> None:
    headings = set(re.findall(r"^## kimai-remote (.+)$", commands_page.page(), re.M))
    assert headings == commands_page.commands()
    assert {"serve", "doctor", "report", "user add", "kimai1 import"} <= headings


def test_every_method_and_record_is_there() -> None:
    headings = set(re.findall(r"^### (\w+)$", api_page.page(), re.M))
    found = {
        kind.__name__
        for kind in vars(records).values()
        if isinstance(kind, type) and issubclass(kind, Item) and kind is not Item
    }
    assert headings == set(RemoteApi.public_methods) | found


def test_examples_are_answers_of_the_service() -> None:
    examples = api_page._examples()
    started = json.loads(examples["startRecord"][1])["result"]["items"][0]["timeEntryID"]
    stopped = json.loads(examples["stopRecord"][0])["params"]["entryId"]
    assert int(started) == stopped
    sheet = json.loads(examples["getTimesheet"][1])["result"]
    assert [row["formattedDuration"] for row in sheet["items"]] == ["1:31", "1:30"]
    assert "password" not in json.dumps(examples["getUsers"])
