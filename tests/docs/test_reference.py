"""The API reference says what the service says."""

from __future__ import annotations

import json
import re

from docs import reference
from kimai_remote.api import records
from kimai_remote.api.fields import Item
from kimai_remote.api.service import RemoteApi


def test_the_page_is_up_to_date() -> None:
    assert reference.PAGE.read_text(encoding="utf-8") == reference.page(), (
        f"run {reference.COMMAND}"
    )


def test_every_method_and_record_is_there() -> None:
    headings = set(re.findall(r"^### (\w+)$", reference.page(), re.M))
    found = {
        kind.__name__
        for kind in vars(records).values()
        if isinstance(kind, type) and issubclass(kind, Item) and kind is not Item
    }
    assert headings == set(RemoteApi.public_methods) | found


def test_examples_are_answers_of_the_service() -> None:
    examples = reference._examples(list(RemoteApi.public_methods))
    started = json.loads(examples["startRecord"][1])["result"]["items"][0]["timeEntryID"]
    stopped = json.loads(examples["stopRecord"][0])["params"]["entryId"]
    assert int(started) == stopped
    sheet = json.loads(examples["getTimesheet"][1])["result"]
    assert [row["formattedDuration"] for row in sheet["items"]] == ["1:31", "1:30"]
    assert "password" not in json.dumps(examples["getUsers"])
