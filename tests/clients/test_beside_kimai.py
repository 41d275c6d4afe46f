"""A Kimai 1 database that this service and Kimai's PHP code use at the same time."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from clients import tools
from kimai_remote.storage.migrations import runner
from kimai_remote.storage.transactions import Database
from support import kimai1
from support.raw_http import call
from support.server import Server, serving
from support.world import SECRET

pytestmark = pytest.mark.clients

ANNA = 2
PROJECT, ACTIVITY = 1, 1
#: A text that fits Kimai's columns, which have three bytes per character.
TEXT = "Ärger über „Größe“ · שלום €"


@dataclass
class Beside:
    """The service over JSON-RPC, and steps in PHP."""

    server: Server
    kimai: Database
    php: str

    def api(self, method: str, *parameters: Any) -> Any:
        return call(self.server, method, *parameters)

    def step(self, name: str, *parameters: Any) -> Any:
        """Run a step in PHP; return its result."""
        url = self.kimai.url
        server = [url.host or "", str(url.port or 3306), url.username or "", url.password or ""]
        result = tools.report(
            [
                self.php,
                tools.HERE / "php" / "kimai_beside.php",
                *server,
                url.database or "",
                self.kimai.prefix,
                kimai1.SALT,
            ],
            stdin=json.dumps([[name, list(parameters)]]),
        )
        return result[0]


@pytest.fixture
def beside(tmp_path: Path) -> Iterator[Beside]:
    php = tools.need_php("mysqli")
    with kimai1.database(tmp_path) as kimai:
        runner.upgrade(kimai)
        environ = {
            "KIMAI_REMOTE_DATABASE_URL": kimai.url.render_as_string(hide_password=False),
            "KIMAI_REMOTE_TABLE_PREFIX": kimai.prefix,
            "KIMAI_REMOTE_PASSWORD_SALT": kimai1.SALT,
            "KIMAI_REMOTE_SHARED_WITH_KIMAI": "yes",
            "KIMAI_REMOTE_SECRET": SECRET.decode(),
        }
        with serving(tmp_path, environ=environ) as server:
            yield Beside(server, kimai, php)


def test_logins_of_both(beside: Beside) -> None:
    first = beside.api("authenticate", "anna", kimai1.PASSWORD)
    assert first["success"]
    assert beside.step("login", "anna", kimai1.PASSWORD)  # still in the form that PHP checks
    beside.step("change_password", "anna", "another")
    assert not beside.api("authenticate", "anna", kimai1.PASSWORD)["success"]
    assert beside.api("authenticate", "anna", "another") == first
    beside.step("give_key", "anna", "key-of-php")
    assert beside.api("getUsers", "key-of-php")["success"]
    assert beside.api("authenticate", "anna", "another")["items"] == [{"apiKey": "key-of-php"}]
    beside.step("trash_user", "anna")
    for key in ("key-of-php", first["items"][0]["apiKey"]):
        assert not beside.api("getUsers", key)["success"]
    assert not beside.api("authenticate", "anna", "another")["success"]


def test_php_stops_a_recording_of_the_api(beside: Beside) -> None:
    entry_id = int(
        beside.api("startRecord", kimai1.KEY, PROJECT, ACTIVITY)["items"][0]["timeEntryID"]
    )
    result = beside.step("running", ANNA)
    assert [entry["timeEntryID"] for entry in result] == [entry_id]
    assert (result[0]["projectName"], result[0]["status"]) == ("Wartung", "open")
    assert result[0]["rate"] == "85.50"
    beside.step("describe", entry_id, TEXT)
    active = beside.api("getActiveRecording", kimai1.KEY)["items"][0]
    assert (int(active["timeEntryID"]), active["description"]) == (entry_id, TEXT)
    start = result[0]["start"]
    beside.step("stop", entry_id, start + 600)
    assert beside.api("getActiveRecording", kimai1.KEY)["error"]["msg"] == "No active recording."
    row = beside.api("getTimesheet", kimai1.KEY, 0, 0, -1, 0, 1)["items"][0]
    assert (row["timeEntryID"], row["formattedDuration"]) == (str(entry_id), "0:10")
    assert row["wage"] == "14.25"


def test_the_api_stops_a_recording_of_php(beside: Beside) -> None:
    start = int(time.time()) - 3600
    entry_id = beside.step("start", ANNA, PROJECT, ACTIVITY, start)
    active = beside.api("getActiveRecording", kimai1.KEY)["items"][0]
    assert (int(active["timeEntryID"]), int(active["start"])) == (entry_id, start)
    other = int(beside.api("startRecord", kimai1.KEY, 0, 0)["items"][0]["timeEntryID"])
    stopped = beside.step("entry", entry_id)
    assert stopped["end"] >= start + 3600
    assert stopped["duration"] == stopped["end"] - stopped["start"]
    assert [entry["timeEntryID"] for entry in beside.step("running", ANNA)] == [other]
    update = {"timeEntryID": other, "description": TEXT, "comment": "gesehen"}
    assert beside.api("updateActiveRecording", kimai1.KEY, update)["success"]
    assert beside.step("entry", other)["description"] == TEXT


def test_lists_have_the_changes_of_php(beside: Beside) -> None:
    """Cached entry counts are disabled, because PHP changes entries without them."""

    def total() -> int:
        return int(beside.api("getTimesheet", kimai1.KEY, 0, 0, -1, 0, 1)["total"])

    before = total()
    entry_id = beside.step("start", ANNA, PROJECT, ACTIVITY, int(time.time()))
    assert total() == before + 1
    beside.step("remove", entry_id)
    assert total() == before
    assert beside.api("getTimesheetRecord", kimai1.KEY, entry_id)["error"]["msg"] == "Invalid ID"


def test_changed_options_of_kimai_apply_at_once(beside: Beside) -> None:
    record = {"projectId": PROJECT, "taskId": ACTIVITY, "start": 100_000, "end": 101_000}
    entry_id = beside.api("setTimesheetRecord", kimai1.KEY, record, False)["items"][0]["id"]
    beside.step("set_option", "editLimit", "3600")
    refused = beside.api("removeTimesheetRecord", kimai1.KEY, entry_id)
    assert "locked" in refused["error"]["msg"]
    beside.step("set_option", "editLimit", "-")
    assert beside.api("removeTimesheetRecord", kimai1.KEY, entry_id)["success"]
