"""The types of values in JSON answers: Kimai 1's strings by default, true ones on request."""

from __future__ import annotations

from typing import Any

import pytest

from support.town import Town
from support.wire import call, post_json

#: What is no database value and therefore keeps its type.
COMPUTED = {"servertime": int, "wage_decimal": float}
NEVER_NULL = ("timeEntryID", "start", "end")


def reading_calls(town: Town) -> list[tuple[Any, ...]]:
    return [
        ("authenticate", "alice", "correct horse"),
        ("getUsers", town.key),
        ("getCustomers", town.key),
        ("getProjects", town.key, True),
        ("getTasks", town.key),
        ("getTasks", town.key, 1),
        ("getTimesheet", town.key),
        ("getTimesheetRecord", town.key, town.entry),
        ("getExpenses", town.key),
        ("getExpenseRecord", town.key, town.expense),
    ]


def test_every_database_value_is_a_string_or_null(town: Town) -> None:
    for made in reading_calls(town):
        answer = call(town.server, *made)
        assert answer["success"] is True
        assert type(answer["total"]) is int
        assert answer["items"], made
        for item in answer["items"]:
            _check_strings(item)


def _check_strings(item: dict[str, Any]) -> None:
    for name, value in item.items():
        if name == "tasks":
            for task in value:
                _check_strings(task)
        elif name in COMPUTED:
            assert type(value) is COMPUTED[name], name
        else:
            assert value is None or type(value) is str, (name, value)


def test_the_values_of_a_time_entry(town: Town) -> None:
    (row,) = call(town.server, "getTimesheet", town.key)["items"]
    assert row == {
        "timeEntryID": str(town.entry), "start": "1772436610", "end": "1772442010",
        "duration": "5400", "formattedDuration": "1:30", "wage_decimal": 128.25, "wage": "128.25",
        "budget": None, "approved": None, "rate": "85.50", "projectID": "1", "activityID": "1",
        "userID": "2", "customerName": "Acme", "customerID": "1", "activityName": "Coding",
        "projectName": "Shop", "projectComment": "About shop", "location": "",
        "trackingNumber": None, "statusID": "1", "status": "open", "billable": None,
        "description": "a <b> & \"c\" 'd'\ttab", "comment": None, "cleared": "0",
        "commentType": "0", "userAlias": "Alice", "userName": "alice",
    }  # fmt: skip
    assert list(row)[:6] == [
        "timeEntryID", "start", "end", "duration", "formattedDuration", "wage_decimal"
    ]  # fmt: skip


def test_the_same_values_with_their_true_types(town: Town) -> None:
    (row,) = call(town.server, "getTimesheet", town.key, query="?types=native")["items"]
    assert row["timeEntryID"] == town.entry
    assert type(row["start"]) is type(row["duration"]) is int
    assert row["rate"] == 85.5
    assert row["cleared"] is False
    assert row["wage"] == "128.25"
    (project, *_) = call(town.server, "getProjects", town.key, query="?types=native")["items"]
    assert project["visible"] is True


@pytest.mark.parametrize("query", ["?types=kimai", "?types=", "?_=123", "?x=native"])
def test_other_queries_do_not_change_the_types(town: Town, query: str) -> None:
    made = ("getTimesheet", town.key)
    assert call(town.server, *made, query=query) == call(town.server, *made)


def test_the_running_entry_has_no_null_where_clients_expect_numbers(town: Town) -> None:
    key = town.world.key("oscar")
    assert call(town.server, "startRecord", key, 7, 1)["success"]
    (active,) = call(town.server, "getActiveRecording", key)["items"]
    assert active["end"] == "0"
    assert active["duration"] == "0"
    assert type(active["servertime"]) is int
    (row,) = call(town.server, "getTimesheet", key)["items"]
    assert [row[name] for name in ("duration", "formattedDuration", "wage_decimal", "wage")] == (
        [None] * 4
    )
    for record in (active, row):
        assert all(type(record[name]) is str for name in NEVER_NULL)
    assert call(town.server, "stopRecord", key)["items"] == []
    assert call(town.server, "getActiveRecording", key) == {
        "success": False,
        "error": {"msg": "No active recording."},
    }


def test_awkward_text_survives(town: Town) -> None:
    (expense,) = call(town.server, "getExpenses", town.key)["items"]
    assert expense["designation"] == "Bell \x07 ☕"


def test_an_answer_is_utf_8(town: Town) -> None:
    request = {"method": "getExpenses", "params": [town.key], "id": 1}
    assert "☕".encode() in post_json(town.server, request).body
