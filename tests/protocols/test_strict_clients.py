"""Clients of Kimai 1 that convert nothing: their requests, and decoders as strict as theirs.

* Jimai copies worklogs from Jira. It is written in Java and formats times without padding them.
* KimaiDesktop is written in C#. It sends dates in the culture of its machine and decodes with
  Newtonsoft.Json into classes.
* A client in Swift casts each value: ``duration as? Int`` is nil where the value is a string.

The times are those that PHP 8.2's strtotime gives in the time zone of Berlin.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest

from support.live_server import LiveServer, started
from support.raw_http import post_json

JSON = {"Content-Type": "application/json"}
#: 2026-11-27 16:05:06 in Berlin.
AFTERNOON = 1_795_791_906


@pytest.fixture(scope="module")
def berlin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with the time zone of the expected times."""
    with started(tmp_path_factory.mktemp("berlin"), timezone="Europe/Berlin") as running:
        yield running


@pytest.fixture
def key(berlin: LiveServer) -> Iterator[str]:
    """The API key of a user without entries; there are none afterwards."""
    key = berlin.world.key("root")
    yield key
    for method, remove, name in (
        ("getTimesheet", "removeTimesheetRecord", "timeEntryID"),
        ("getExpenses", "removeExpenseRecord", "expenseID"),
    ):
        for row in send(berlin, f'["{key}"]', method)["items"]:
            send(berlin, f'["{key}",{row[name]}]', remove)


def send(server: LiveServer, params: str, method: str) -> Any:
    body = f'{{"jsonrpc":"2.0","method":"{method}","params":{params},"id":"1"}}'
    response = post_json(server.server, body, headers=JSON).json
    assert (response["id"], response["jsonrpc"]) == ("1", "2.0")
    return response["result"]


def start_of(server: LiveServer, key: str, entry: Any) -> int:
    record = send(server, f'["{key}",{entry}]', "getTimesheetRecord")
    return int(record["items"][0]["start"])


# --- Jimai


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [
        ("27.11.2026 8:5", "27.11.2026 9:0", (1_795_763_100, 1_795_766_400)),
        ("27.11.2026 8:0", "27.11.2026 8:5", (1_795_762_800, 1_795_763_100)),
        ("1.1.2026 0:0", "1.1.2026 0:9", (1_767_222_000, 1_767_222_540)),
        ("9.3.2026 22:59", "9.3.2026 23:9", (1_773_093_540, 1_773_094_140)),
        # The hours that clocks skip and repeat.
        ("29.3.2026 1:5", "29.3.2026 2:5", (1_774_742_700, 1_774_746_300)),
        ("25.10.2026 1:5", "25.10.2026 2:5", (1_792_883_100, 1_792_890_300)),
    ],
)
def test_times_of_jimai(
    berlin: LiveServer, key: str, start: str, end: str, seconds: tuple[int, int]
) -> None:
    params = (
        f'["{key}",{{"projectId":1,"taskId":1,"start":"{start}","end":"{end}",'
        f'"description":"SHOP-12: Ärger mit der Kasse","commentType":0,"statusId":1}},false]'
    )
    result = send(berlin, params, "setTimesheetRecord")
    assert result["success"] is True, result
    record = send(berlin, f'["{key}",{result["items"][0]["id"]}]', "getTimesheetRecord")["items"][0]
    assert (int(record["start"]), int(record["end"])) == seconds
    assert int(record["duration"]) == seconds[1] - seconds[0]
    assert record["description"] == "SHOP-12: Ärger mit der Kasse"


def test_jimai_lists_a_day(berlin: LiveServer, key: str) -> None:
    for start, end in (
        ("26.11.2026 23:5", "26.11.2026 23:59"),
        ("27.11.2026 0:5", "27.11.2026 1:0"),
    ):
        record = json.dumps({"projectId": 1, "taskId": 1, "start": start, "end": end})
        assert send(berlin, f'["{key}",{record},false]', "setTimesheetRecord")["success"]
    result = send(berlin, f'["{key}","27.11.2026 0:0","27.11.2026 23:59",-1,0,0]', "getTimesheet")
    assert [row["start"] for row in result["items"]] == ["1795734300"]
    assert result["total"] == "1"


# --- KimaiDesktop

#: DateTime.ToString() of 2026-11-27 16:05:06, by cultures whose form PHP reads.
CULTURES = {
    "en-US": "11/27/2026 4:05:06 PM",
    "en-US since .NET 8": "11/27/2026 4:05:06\u202fPM",
    "de-DE, pl-PL, tr-TR": "27.11.2026 16:05:06",
    "nl-NL, da-DK before .NET 5": "27-11-2026 16:05:06",
    "ja-JP": "2026/11/27 16:05:06",
    "sv-SE, lt-LT": "2026-11-27 16:05:06",
    "en-CA": "2026-11-27 4:05:06 PM",
    "fi-FI, da-DK since .NET 5": "27.11.2026 16.05.06",
    "days first, twelve hours": "27-11-2026 4:05:06 PM",
    "hr-HR": "27.11.2026. 16:05:06",
    "invariant": "11/27/2026 16:05:06",
    "round trip (o)": "2026-11-27T16:05:06.0000000",
    "sortable (s)": "2026-11-27T16:05:06",
}
#: Forms that PHP doesn't read, so Kimai didn't either.
UNREADABLE = {
    "en-GB, fr-FR, es-ES, it-IT, pt-BR": "27/11/2026 16:05:06",
    "cs-CZ": "27. 11. 2026 16:05:06",
    "hu-HU": "2026. 11. 27. 16:05:06",
}


@pytest.mark.parametrize("culture", CULTURES)
def test_dates_of_net_cultures(berlin: LiveServer, key: str, culture: str) -> None:
    date = CULTURES[culture]
    record = json.dumps(
        {"projectId": "1", "taskId": "1", "start": date, "end": "2026-11-27 17:00:00"},
        ensure_ascii=False,
    )
    result = send(berlin, f'["{key}",{record},false]', "setTimesheetRecord")
    assert result["success"] is True, result
    assert start_of(berlin, key, result["items"][0]["id"]) == AFTERNOON
    # The window that the program asks for, in the same form: only what ends after "from" is in it.
    listed = send(berlin, f'["{key}",{json.dumps(date)},0,-1,0,0]', "getTimesheet")
    assert [int(row["start"]) for row in listed["items"]] == [AFTERNOON]
    assert send(berlin, f'["{key}",0,{json.dumps(date)},-1,0,0]', "getTimesheet")["items"] == []
    expense = json.dumps({"projectId": 1, "date": date, "designation": "Bahn", "value": "12.50"})
    assert send(berlin, f'["{key}",{expense},false]', "setExpenseRecord")["success"] is True
    expenses = send(berlin, f'["{key}"]', "getExpenses")["items"]
    assert [row["timestamp"] for row in expenses] == [str(AFTERNOON)]


@pytest.mark.parametrize("culture", UNREADABLE)
def test_dates_that_kimai_could_not_read_are_named(
    berlin: LiveServer, key: str, culture: str
) -> None:
    """Kimai ignored them without a word: a list was that of all times."""
    date = UNREADABLE[culture]
    result = send(berlin, f'["{key}","{date}",0,-1,0,0]', "getTimesheet")
    assert result["success"] is False
    assert date in result["error"]["msg"]


def test_midnight_of_twelve_hours(berlin: LiveServer, key: str) -> None:
    record = {"projectId": 1, "taskId": 1}
    record |= {"start": "11/27/2026 12:00:00 AM", "end": "11/27/2026 12:00:00 PM"}
    result = send(berlin, f'["{key}",{json.dumps(record)},false]', "setTimesheetRecord")
    row = send(berlin, f'["{key}"]', "getTimesheet")["items"][0]
    assert result["success"] is True
    assert (row["start"], row["end"]) == ("1795734000", "1795777200")
    window = '"11/27/2026 12:00:00 AM","11/28/2026 12:00:00 AM"'
    assert send(berlin, f'["{key}",{window},-1,0,0]', "getTimesheet")["total"] == "1"


def _newtonsoft(value: Any, target: type, nullable: bool) -> Any:
    """Convert a value for a member of a C# class as Newtonsoft.Json does.

    :raises ValueError: it throws, and the program shows nothing.
    """
    if value is None and nullable:
        return None
    convertible = {
        str: (str, int, float, bool),
        int: (str, int),
        Decimal: (str, int, float),
        bool: (bool,),
    }
    if type(value) not in convertible[target]:
        raise ValueError(f"{value!r} for {target.__name__}")
    try:
        return target(str(value)) if target is Decimal else target(value)
    except (ValueError, ArithmeticError) as error:
        raise ValueError(f"{value!r} for {target.__name__}") from error


#: The members of the classes: type, and whether null is allowed.
DESKTOP: dict[str, dict[str, tuple[type, bool]]] = {
    "getProjects": {
        "projectID": (int, False),
        "customerID": (int, False),
        "name": (str, False),
        "comment": (str, True),
        "visible": (int, False),
        "filter": (int, False),
        "trash": (int, False),
        "budget": (Decimal, True),
        "effort": (Decimal, True),
        "approved": (Decimal, True),
        "internal": (int, False),
        "customerName": (str, False),
        "customerVisible": (int, False),
    },
    "getTasks": {"activityID": (int, False), "name": (str, False), "visible": (int, False)},
    "getCustomers": {
        "customerID": (int, False),
        "name": (str, False),
        "contact": (str, True),
        "visible": (int, False),
    },
    "getUsers": {"userID": (int, False), "name": (str, False)},
    "getActiveRecording": {
        "timeEntryID": (int, False),
        "activityID": (int, False),
        "projectID": (int, False),
        "start": (int, False),
        "end": (int, False),
        "duration": (int, False),
        "description": (str, True),
        "servertime": (int, False),
        "customerID": (int, False),
        "customerName": (str, False),
        "projectName": (str, False),
        "activityName": (str, False),
    },
    "getTimesheet": {
        "timeEntryID": (int, False),
        "start": (int, False),
        "end": (int, False),
        "duration": (int, True),
        "formattedDuration": (str, True),
        "wage_decimal": (Decimal, True),
        "wage": (Decimal, True),
        "rate": (Decimal, False),
        "projectID": (int, False),
        "activityID": (int, False),
        "userID": (int, False),
        "statusID": (int, False),
        "billable": (int, True),
        "cleared": (int, False),
        "commentType": (int, False),
        "description": (str, True),
        "comment": (str, True),
        "location": (str, True),
        "trackingNumber": (str, True),
        "userAlias": (str, True),
    },
    "getExpenses": {
        "expenseID": (int, False),
        "timestamp": (int, False),
        "multiplier": (Decimal, False),
        "value": (Decimal, False),
        "designation": (str, False),
        "comment": (str, True),
        "refundable": (int, False),
        "cleared": (int, False),
    },
}


def test_kimai_desktop_decodes_each_list(berlin: LiveServer, key: str) -> None:
    """``RpcResponse<List<T>>`` with ``int Total``, filled by Newtonsoft.Json."""
    record = {
        "projectId": 1,
        "taskId": 1,
        "start": CULTURES["en-US"],
        "end": "11/27/2026 5:00:00 PM",
    }
    assert send(berlin, f'["{key}",{json.dumps(record)},false]', "setTimesheetRecord")["success"]
    expense = {"projectId": 1, "date": CULTURES["en-US"], "designation": "Bahn", "value": 12.5}
    assert send(berlin, f'["{key}",{json.dumps(expense)},false]', "setExpenseRecord")["success"]
    assert send(berlin, f'["{key}",1,1]', "startRecord")["success"]
    for method, members in DESKTOP.items():
        result = send(berlin, f'["{key}"]', method)
        assert result["success"] is True, result
        assert isinstance(result["items"], list)
        assert _newtonsoft(result["total"], int, False) == len(result["items"]) > 0
        for item in result["items"]:
            for name, (target, nullable) in members.items():
                try:
                    _newtonsoft(item[name], target, nullable)
                except ValueError as error:
                    pytest.fail(f"{method}: {name}: {error}")


# --- The client in Swift


def cast(value: Any, target: type) -> Any:
    """``value as! target``: a value of exactly this type."""
    assert type(value) is target, f"{value!r} is no {target.__name__}"
    return value


def optional(value: Any, target: type) -> Any:
    return None if value is None else cast(value, target)


def items_of(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    assert cast(result["success"], bool), result
    return [cast(item, dict) for item in cast(result["items"], list)]


def test_a_client_in_swift_through_a_day(berlin: LiveServer, key: str) -> None:
    (user,) = items_of(send(berlin, '["root","correct horse"]', "authenticate"))
    assert cast(user["apiKey"], str) == key
    version = cast(send(berlin, "[]", "getVersion"), str)
    assert version == "1.3.5-1394"

    idle = send(berlin, f'["{key}"]', "getActiveRecording")
    assert cast(idle["success"], bool) is False
    assert cast(idle["error"]["msg"], str) == "No active recording."

    project = next(iter(items_of(send(berlin, f'["{key}",false]', "getProjects"))))
    task = next(iter(items_of(send(berlin, f'["{key}","{project["projectID"]}"]', "getTasks"))))
    for name in ("projectID", "customerID", "name", "visible", "customerName", "customerVisible"):
        cast(project[name], str)
    for name in ("activityID", "name", "visible"):
        cast(task[name], str)

    params = json.dumps([key, project["projectID"], task["activityID"]])
    (begun,) = items_of(send(berlin, params, "startRecord"))
    entry = cast(begun["timeEntryID"], int)
    (active,) = items_of(send(berlin, f'["{key}"]', "getActiveRecording"))
    assert cast(active["timeEntryID"], str) == str(entry)
    assert cast(active["end"], str) == "0"
    for name in ("projectID", "activityID", "customerID", "start", "duration", "projectName"):
        cast(active[name], str)
    assert abs(cast(active["servertime"], int) - int(active["start"])) < 3600

    running = send(berlin, f'["{key}"]', "getTimesheet")
    (row,) = items_of(running)
    assert cast(running["total"], str) == "1"
    assert [row[name] for name in ("duration", "formattedDuration", "wage", "wage_decimal")] == [
        None
    ] * 4

    stopped = send(berlin, f'["{key}",{entry}]', "stopRecord")
    assert (items_of(stopped), cast(stopped["total"], int)) == ([], 0)
    again = send(berlin, f'["{key}",""]', "stopRecord")
    assert cast(again["error"]["msg"], str) == "No active recording."

    (row,) = items_of(send(berlin, f'["{key}"]', "getTimesheet"))
    assert cast(row["duration"], int) == int(cast(row["end"], str)) - int(cast(row["start"], str))
    assert cast(row["timeEntryID"], str) == str(entry)
    for name in ("formattedDuration", "wage", "rate", "projectID", "userID", "cleared", "status"):
        cast(row[name], str)
    assert type(row["wage_decimal"]) in (int, float)
    for name in ("description", "comment", "location", "trackingNumber", "budget", "billable"):
        optional(row[name], str)


def test_values_that_a_client_in_swift_creates(berlin: LiveServer, key: str) -> None:
    record = {"projectId": 1, "taskId": 1, "start": "2026-01-05 08:00", "end": "2026-01-05 10:00"}
    (created,) = items_of(
        send(berlin, f'["{key}",{json.dumps(record)},false]', "setTimesheetRecord")
    )
    entry = cast(created["id"], int)
    expense = {"projectId": 1, "date": "2026-01-05 12:00", "designation": "Bahn", "value": "3.10"}
    (created,) = items_of(
        send(berlin, f'["{key}",{json.dumps(expense)},false]', "setExpenseRecord")
    )
    bought = cast(created["id"], int)
    assert type(created["id"]) is int
    (row,) = items_of(send(berlin, f'["{key}",{entry}]', "getTimesheetRecord"))
    for name in ("timeEntryID", "start", "end", "duration", "rate", "fixedRate", "statusID"):
        cast(row[name], str)  # a whole record has texts, duration too
    listed = send(berlin, f'["{key}"]', "getExpenses")
    (row,) = items_of(listed)
    assert cast(listed["total"], str) == "1"
    assert cast(row["expenseID"], str) == str(bought)
    for name in ("timestamp", "multiplier", "value", "refundable", "cleared"):
        cast(row[name], str)


def test_times_cut_by_the_window_are_numbers(berlin: LiveServer, key: str) -> None:
    """Kimai computed these, so they were no texts of the database any more."""
    record = {"projectId": 1, "taskId": 1, "start": "2026-01-05 08:00", "end": "2026-01-05 10:00"}
    items_of(send(berlin, f'["{key}",{json.dumps(record)},false]', "setTimesheetRecord"))
    window = '"2026-01-05 09:00","2026-01-05 09:30"'
    (row,) = items_of(send(berlin, f'["{key}",{window}]', "getTimesheet"))
    assert cast(row["end"], int) - cast(row["start"], int) == cast(row["duration"], int) == 1800


def test_the_total_of_no_rows_is_a_number(berlin: LiveServer, key: str) -> None:
    for method in ("getTimesheet", "getExpenses"):
        empty = send(berlin, f'["{key}","2030-01-01"]', method)
        assert (items_of(empty), cast(empty["total"], int)) == ([], 0)
