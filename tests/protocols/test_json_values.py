"""The types of values in JSON: strings as in Kimai 1 by default, native types on request."""

from __future__ import annotations

from typing import Any

import pytest

from support.live_server import LiveServer
from support.raw_http import call, post_json

#: Fields that are no database values and therefore keep their types.
COMPUTED = {"servertime": int, "wage_decimal": float, "duration": int}
#: Methods whose total Kimai's database counted.
COUNTED = ("getTimesheet", "getExpenses")
NEVER_NULL = ("timeEntryID", "start", "end")


def reading_calls(live_server: LiveServer) -> list[tuple[Any, ...]]:
    return [
        ("authenticate", "alice", "correct horse"),
        ("getUsers", live_server.key),
        ("getCustomers", live_server.key),
        ("getProjects", live_server.key, True),
        ("getTasks", live_server.key),
        ("getTasks", live_server.key, 1),
        ("getTimesheet", live_server.key),
        ("getTimesheetRecord", live_server.key, live_server.entry),
        ("getExpenses", live_server.key),
        ("getExpenseRecord", live_server.key, live_server.expense),
    ]


def test_every_database_value_is_a_string_or_null(live_server: LiveServer) -> None:
    for made in reading_calls(live_server):
        answer = call(live_server.server, *made)
        assert answer["success"] is True
        assert type(answer["total"]) is (str if made[0] in COUNTED else int)
        assert answer["items"], made
        for item in answer["items"]:
            _check_strings(item, computed=COMPUTED if made[0] == "getTimesheet" else {})


@pytest.mark.parametrize("method", COUNTED)
def test_no_records_are_the_number_0(live_server: LiveServer, method: str) -> None:
    answer = call(live_server.server, method, live_server.key, 1, 2)
    assert answer == {"success": True, "items": [], "total": 0}
    assert call(live_server.server, method, live_server.key, 1, 2, query="?types=native") == answer


def test_new_ids_are_numbers(live_server: LiveServer) -> None:
    key = live_server.world.key("root")
    times = {"start": "2026-01-05 10:00", "end": "2026-01-05 11:00"}
    for method, *parameters in (
        ("startRecord", 1, 1),
        ("setTimesheetRecord", {"projectId": 1, "taskId": 1, **times}),
        ("setExpenseRecord", {"projectId": 1, "date": "2026-01-05"}),
    ):
        (item,) = call(live_server.server, method, key, *parameters)["items"]
        assert [type(value) for value in item.values()] == [int]
    assert call(live_server.server, "stopRecord", key)["success"]


@pytest.mark.parametrize(
    ("period", "types"),
    [
        ((0, 0), (str, str)),
        ((1772436609, 1772442011), (str, str)),
        # A time at the bound counts as cut.
        ((1772436610, 1772442010), (int, int)),
        ((1772436611, 0), (int, str)),
        ((0, 1772442009), (str, int)),
    ],
)
def test_times_that_are_cut_are_numbers(
    live_server: LiveServer, period: tuple[int, int], types: tuple[type, type]
) -> None:
    (row,) = call(live_server.server, "getTimesheet", live_server.key, *period)["items"]
    assert (type(row["start"]), type(row["end"])) == types
    assert row["duration"] == int(row["end"]) - int(row["start"])


def _check_strings(item: dict[str, Any], computed: dict[str, type]) -> None:
    for name, value in item.items():
        if name == "tasks":
            for task in value:
                _check_strings(task, {})
        elif name in computed:
            assert type(value) is computed[name], name
        else:
            assert value is None or type(value) is str, (name, value)


def test_the_values_of_a_time_entry(live_server: LiveServer) -> None:
    (row,) = call(live_server.server, "getTimesheet", live_server.key)["items"]
    assert row == {
        "timeEntryID": str(live_server.entry),
        "start": "1772436610",
        "end": "1772442010",
        "duration": 5400,
        "formattedDuration": "1:30",
        "wage_decimal": 128.25,
        "wage": "128.25",
        "budget": None,
        "approved": None,
        "rate": "85.50",
        "projectID": "1",
        "activityID": "1",
        "userID": "2",
        "customerName": "Acme",
        "customerID": "1",
        "activityName": "Coding",
        "projectName": "Shop",
        "projectComment": "About shop",
        "location": "",
        "trackingNumber": None,
        "statusID": "1",
        "status": "open",
        "billable": None,
        "description": "a <b> & \"c\" 'd'\ttab",
        "comment": None,
        "cleared": "0",
        "commentType": "0",
        "userAlias": "Alice",
        "userName": "alice",
    }
    assert list(row)[:6] == [
        "timeEntryID",
        "start",
        "end",
        "duration",
        "formattedDuration",
        "wage_decimal",
    ]


def test_the_same_values_with_their_true_types(live_server: LiveServer) -> None:
    (row,) = call(live_server.server, "getTimesheet", live_server.key, query="?types=native")[
        "items"
    ]
    assert row["timeEntryID"] == live_server.entry
    assert type(row["start"]) is type(row["duration"]) is int
    assert row["rate"] == 85.5
    assert row["cleared"] is False
    assert row["wage"] == "128.25"
    (project, *_) = call(live_server.server, "getProjects", live_server.key, query="?types=native")[
        "items"
    ]
    assert project["visible"] is True


@pytest.mark.parametrize("query", ["?types=kimai", "?types=", "?_=123", "?x=native"])
def test_other_queries_do_not_change_the_types(live_server: LiveServer, query: str) -> None:
    made = ("getTimesheet", live_server.key)
    assert call(live_server.server, *made, query=query) == call(live_server.server, *made)


def test_the_running_entry_has_no_null_where_clients_expect_numbers(
    live_server: LiveServer,
) -> None:
    key = live_server.world.key("oscar")
    assert call(live_server.server, "startRecord", key, 7, 1)["success"]
    (active,) = call(live_server.server, "getActiveRecording", key)["items"]
    assert active["end"] == "0"
    assert active["duration"] == "0"
    assert type(active["servertime"]) is int
    (row,) = call(live_server.server, "getTimesheet", key)["items"]
    assert [row[name] for name in ("duration", "formattedDuration", "wage_decimal", "wage")] == (
        [None] * 4
    )
    for record in (active, row):
        assert all(type(record[name]) is str for name in NEVER_NULL)
    assert call(live_server.server, "stopRecord", key)["items"] == []
    assert call(live_server.server, "getActiveRecording", key) == {
        "success": False,
        "error": {"msg": "No active recording."},
    }


def test_awkward_text_survives(live_server: LiveServer) -> None:
    (expense,) = call(live_server.server, "getExpenses", live_server.key)["items"]
    assert expense["designation"] == "Bell \x07 ☕"


def test_a_response_is_utf_8(live_server: LiveServer) -> None:
    request = {"method": "getExpenses", "params": [live_server.key], "id": 1}
    assert "☕".encode() in post_json(live_server.server, request).body
