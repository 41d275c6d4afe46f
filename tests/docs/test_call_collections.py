"""The collections for Postman and Bruno are up to date and complete."""

from __future__ import annotations

import json
import re

from docs import call_collections
from docs.call_collections import BRUNO, POSTMAN, VARIABLES
from kimai_remote.api.service import RemoteApi


def test_the_files_are_up_to_date() -> None:
    for path, content in call_collections.files().items():
        assert path.read_text(encoding="utf-8") == content, "run: just docs"


def test_there_are_no_other_files() -> None:
    written = {path for path in call_collections.files() if path != POSTMAN}
    assert {path for path in BRUNO.rglob("*") if path.is_file()} == written


def test_every_method_is_there() -> None:
    items = json.loads(POSTMAN.read_text(encoding="utf-8"))["item"]
    assert sorted(item["name"] for item in items) == sorted(RemoteApi.public_methods)
    requests = {path.stem for path in BRUNO.glob("*.bru")} - {"collection"}
    assert requests == set(RemoteApi.public_methods)


def test_every_variable_is_declared_and_used() -> None:
    for path, content in call_collections.files().items():
        assert set(re.findall(r"\{\{(\w+)\}\}", content)) <= VARIABLES.keys(), path
    used = re.findall(r"\{\{(\w+)\}\}", POSTMAN.read_text(encoding="utf-8"))
    assert set(used) == VARIABLES.keys()


def test_requests_are_json_once_variables_are_filled_in() -> None:
    for item in json.loads(POSTMAN.read_text(encoding="utf-8"))["item"]:
        request = json.loads(re.sub(r"\{\{\w+\}\}", "1", item["request"]["body"]["raw"]))
        assert request["method"] == item["name"]
        assert all(isinstance(value, str | int | dict) for value in request["params"].values())
