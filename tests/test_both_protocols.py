"""One server process and two independent clients: zeep and jsonrpclib-pelix.

Each reads what the other has written. Scenarios with all methods are in ``tests/clients``.
"""

from __future__ import annotations

from typing import Any

import jsonrpclib
import pytest
import zeep

from support.server import Server


@pytest.fixture(scope="module")
def soap(demo_server: Server) -> Any:
    return zeep.Client(f"{demo_server.soap}?wsdl").service


@pytest.fixture(scope="module")
def json(demo_server: Server) -> Any:
    return jsonrpclib.ServerProxy(demo_server.json)


@pytest.fixture(scope="module")
def key(json: Any) -> str:
    return json.authenticate("clara", "demo-clara")["items"][0]["apiKey"]


def test_the_same_user_has_the_same_key(soap: Any, key: str) -> None:
    assert soap.authenticate("clara", "demo-clara")["items"]["ApiKey"][0]["apiKey"] == key


def test_a_recording_started_over_soap_is_stopped_over_json(soap: Any, json: Any, key: str) -> None:
    started = soap.startRecord(key, 1, 11)["items"]["StartedRecording"][0]["timeEntryID"]
    active = json.getActiveRecording(key)["items"][0]
    assert active["timeEntryID"] == str(started)
    assert active["projectName"] == "Online shop"
    assert json.stopRecord(key, started) == {"success": True, "items": [], "total": 0}
    assert soap.getActiveRecording(key)["error"]["msg"] == "No active recording."


def test_entries_written_over_one_protocol_are_read_over_the_other(
    soap: Any, json: Any, key: str
) -> None:
    record = {
        "projectId": 1,
        "taskId": 11,
        "start": "2020-05-04 8:00",
        "end": "2020-05-04 10:30",
        "description": "Über ☕ & <b>",
    }
    by_json = int(json.setTimesheetRecord(key, record, False)["items"][0]["id"])
    by_soap = soap.setTimesheetRecord(key, record)["items"]["SavedEntry"][0]["id"]
    seen_by_soap = soap.getTimesheetRecord(key, by_json)["items"]["TimeEntry"][0]
    seen_by_json = json.getTimesheetRecord(key, by_soap)["items"][0]
    assert seen_by_soap["description"] == seen_by_json["description"] == record["description"]
    assert seen_by_soap["duration"] == int(seen_by_json["duration"]) == 9000
    assert str(seen_by_soap["rate"]) == seen_by_json["rate"] == "95.00"
    assert json.removeTimesheetRecord(key, by_json)["success"]
    assert soap.removeTimesheetRecord(key, by_soap)["success"]
    assert soap.getTimesheetRecord(key, by_soap)["error"]["msg"] == "Invalid ID"


def test_lists_are_the_same_over_both(soap: Any, json: Any, key: str) -> None:
    def pairs(projects: Any) -> list[Any]:
        return [(int(project["projectID"]), project["name"]) for project in projects]

    over_soap = soap.getProjects(key)
    over_json = json.getProjects(key)
    assert pairs(over_soap["items"]["Project"]) == pairs(over_json["items"])
    assert over_soap["total"] == over_json["total"] > 5
