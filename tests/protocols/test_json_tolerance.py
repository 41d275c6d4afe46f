"""Requests outside the JSON-RPC specification that clients of Kimai 1 send."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kimai_remote.storage import models as m
from support.live_server import LiveServer
from support.raw_http import call, post_json

REFUSED = {"success": False, "error": {"msg": "Unknown user or no permissions."}}


@pytest.mark.parametrize(
    "identifier", ["1", "", "é☕", 1, 0, -7, 12345678901234567890123, 1.5, 1.0, None]
)
def test_the_id_comes_back_as_it_was_sent(live_server: LiveServer, identifier: object) -> None:
    sent = json.dumps(identifier)
    body = f'{{"jsonrpc":"2.0","method":"getVersion","id":{sent}}}'
    reply = post_json(live_server.server, body)
    assert json.dumps(reply.json["id"]) == sent
    assert "result" in reply.json


@pytest.mark.parametrize("identifier", ["true", "false", "[1]", "{}"])
def test_an_id_of_another_type_is_an_invalid_request(
    live_server: LiveServer, identifier: str
) -> None:
    body = f'{{"jsonrpc":"2.0","method":"getVersion","id":{identifier}}}'
    answer = post_json(live_server.server, body).json
    assert answer["error"]["code"] == -32600
    assert answer["id"] is None


def test_the_members_have_kimai_s_order(live_server: LiveServer) -> None:
    request = {"id": 1, "jsonrpc": "2.0", "method": "authenticate", "params": ["x", "y"]}
    assert post_json(live_server.server, request).text == (
        '{"result":{"success":false,"error":{"msg":"Unknown user or no permissions."}},'
        '"id":1,"jsonrpc":"2.0"}'
    )


def test_the_exchange_of_the_wiki_page(live_server: LiveServer) -> None:
    request = (
        '{"method":"authenticate","params":["alice","correct horse"],"id":"1","jsonrpc":"2.0"}'
    )
    assert post_json(live_server.server, request).text == (
        f'{{"result":{{"success":true,"items":[{{"apiKey":"{live_server.key}"}}],"total":1}},'
        '"id":"1","jsonrpc":"2.0"}'
    )


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ({"method": "getVersion", "id": 7}, {"result": ..., "id": 7}),
        ({"method": "getVersion"}, {"result": ..., "id": None}),
        ({"method": "nothing", "id": 7}, {"error": ..., "id": 7}),
        (
            {"method": "getVersion", "id": None, "jsonrpc": "2.0"},
            {"result": ..., "id": None, "jsonrpc": "2.0"},
        ),
        (
            {"method": "getVersion", "id": 0, "jsonrpc": "2.0"},
            {"result": ..., "id": 0, "jsonrpc": "2.0"},
        ),
        (
            {"method": "getVersion", "id": 1, "jsonrpc": "2.0", "params": None},
            {"result": ..., "id": 1, "jsonrpc": "2.0"},
        ),
    ],
)
def test_jsonrpc_may_be_missing_and_is_in_the_response(
    live_server: LiveServer, request_: dict[str, Any], answer: dict[str, Any]
) -> None:
    received = post_json(live_server.server, request_).json
    assert {
        name: ... if value is ... else received[name] for name, value in answer.items()
    } == answer
    assert list(received) == list(answer)


@pytest.mark.parametrize("version", ["2", "2.0", '"2"', '"2.0"'])
def test_version_2_may_be_a_number(live_server: LiveServer, version: str) -> None:
    body = f'{{"jsonrpc":{version},"method":"nothing","id":4}}'
    answer = post_json(live_server.server, body).json
    assert (answer["error"]["code"], answer["id"], answer["jsonrpc"]) == (-32601, 4, "2.0")
    notification = f'{{"jsonrpc":{version},"method":"getVersion"}}'
    assert post_json(live_server.server, notification).status == 204


@pytest.mark.parametrize(
    "version",
    [
        '"1.0"',
        '"3.0"',
        "null",
        '""',
        "1",
        "true",
        "[]",
        "[0,[2],0]",
        '{"a": 1}',
        '"x"',
        '"_2"',
        "1e400",
    ],
)
def test_any_other_version_is_served_like_none(live_server: LiveServer, version: str) -> None:
    body = f'{{"jsonrpc":{version},"method":"getVersion","id":4}}'
    answer = post_json(live_server.server, body).json
    assert list(answer) == ["result", "id"]
    answer = post_json(live_server.server, body.replace("getVersion", "nothing")).json
    assert list(answer) == ["error", "id"]
    body = f'{{"jsonrpc":{version},"method":"getVersion"}}'
    assert post_json(live_server.server, body).status == 200


def test_an_empty_body_is_no_version_either(live_server: LiveServer) -> None:
    error = {"code": -32700, "message": "Parse error", "data": None}
    assert post_json(live_server.server, "").json == {"error": error, "id": None}


@pytest.mark.parametrize("params", ['"x"', "1", "true"])
@pytest.mark.parametrize("method", ["getVersion", "rpc.discover"])
def test_params_of_another_type_are_an_invalid_request(
    live_server: LiveServer, method: str, params: str
) -> None:
    body = f'{{"jsonrpc":"2.0","method":"{method}","id":4,"params":{params}}}'
    assert post_json(live_server.server, body).json["error"]["code"] == -32600


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "application/json",
        "application/json; charset=UTF-8",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "nonsense;;",
    ],
)
def test_the_content_type_is_ignored(live_server: LiveServer, content_type: str | None) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    reply = post_json(live_server.server, {"method": "getVersion", "id": 1}, headers=headers)
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.json["result"].endswith("-1394")


def test_a_byte_order_mark_is_skipped(live_server: LiveServer) -> None:
    body = b"\xef\xbb\xbf" + b'{"method":"getVersion","id":1}'
    assert "result" in post_json(live_server.server, body).json


@pytest.mark.parametrize(
    "params",
    [
        ["KEY", "1", "surplus", {}],
        ["KEY", 1.0],
        ["KEY", True],
        ["KEY", " 1 "],
        {"apiKey": "KEY", "projectId": 1, "unknown": [1], "action": "x"},
        {"projectId": "1", "apiKey": "KEY"},
    ],
)
def test_parameters_are_read_generously(live_server: LiveServer, params: Any) -> None:
    text = json.dumps(params).replace("KEY", live_server.key)
    body = f'{{"jsonrpc":"2.0","method":"getTasks","params":{text},"id":1}}'
    assert post_json(live_server.server, body).json["result"] == call(
        live_server.server, "getTasks", live_server.key, 1
    )


@pytest.mark.parametrize("empty", ["", 0, "0", False])
def test_empty_values_are_project_0(live_server: LiveServer, empty: object) -> None:
    """It has the tasks that are of no project."""
    every = call(live_server.server, "getTasks", live_server.key)["items"]
    assert call(live_server.server, "getTasks", live_server.key, None)["items"] == every
    free = call(live_server.server, "getTasks", live_server.key, empty)["items"]
    assert [task["name"] for task in free] == ["Coding", "Meeting"]
    assert free[0]["budget"] is None
    assert "budget" not in every[0]


@pytest.mark.parametrize(
    ("preference", "hidden"), [(None, False), ("1", True), ("0", False), ("", False), ("x", True)]
)
def test_null_may_hide_cleared_entries(
    live_server: LiveServer, preference: str | None, hidden: bool
) -> None:
    world, server = live_server.world, live_server.server
    key = world.key("oscar")
    entries = [world.add_entry("oscar", cleared=cleared) for cleared in (0, 1)]
    expenses = [world.add_expense("oscar", cleared=cleared) for cleared in (0, 1)]
    if preference is not None:
        world.set_preference("oscar", "ui.hideClearedEntries", preference)
    try:
        for cleared in (None, ""):
            shown = "1" if hidden else "2"
            assert call(server, "getTimesheet", key, 0, 0, cleared)["total"] == shown
            assert call(server, "getExpenses", key, 0, 0, -1, cleared)["total"] == shown
        for parameters in ((), (0, 0, -1), (0, 0, "-1")):
            assert call(server, "getTimesheet", key, *parameters)["total"] == "2"
        assert call(server, "getExpenses", key)["total"] == "2"
    finally:
        world.execute(m.TimeEntry.__table__.delete().where(m.TimeEntry.timeEntryID.in_(entries)))
        world.execute(m.Expense.__table__.delete().where(m.Expense.expenseID.in_(expenses)))
        world.execute(m.Preference.__table__.delete().where(m.Preference.userID == world.oscar))


@pytest.mark.parametrize("refundable", [None, "", 0, "0"])
def test_null_is_refundable(live_server: LiveServer, refundable: object) -> None:
    answer = call(live_server.server, "getExpenses", live_server.key, 0, 0, refundable)
    assert answer == call(live_server.server, "getExpenses", live_server.key, 0, 0, 0)
    assert answer != call(live_server.server, "getExpenses", live_server.key, 0, 0, 1)


@pytest.mark.parametrize(
    ("flag", "truth"),
    [
        (True, True),
        (False, False),
        (1, True),
        (0, False),
        ("1", True),
        ("0", False),
        ("", False),
        (None, False),
        ("true", True),
        ("false", True),
        ("includeTasks", True),
        ([], False),
        ([0], True),
        ({}, False),
        (0.0, False),
        (0.5, True),
    ],
)
def test_flags_have_php_s_truth(live_server: LiveServer, flag: object, truth: bool) -> None:
    answer = call(live_server.server, "getProjects", live_server.key, flag)
    assert ("tasks" in answer["items"][0]) is truth


def test_missing_parameters_get_their_defaults(live_server: LiveServer) -> None:
    bare = call(live_server.server, "getTimesheet", live_server.key)
    assert bare["total"] == "1"
    assert call(live_server.server, "getTimesheet", live_server.key, 0, 0, -1, 0, 0) == bare
    assert call(live_server.server, "getTimesheet", live_server.key, None, "", "", None, "") == bare
    assert call(live_server.server, "getTimesheet") == REFUSED


@pytest.mark.parametrize("rate", [12.5, "12.5", " 12.50 ", "1.25e1", 12.50])
def test_decimals_as_numbers_or_strings(live_server: LiveServer, rate: object) -> None:
    key = live_server.world.key("root")
    record = {
        "projectId": "1",
        "taskId": 1,
        "start": "2026-01-05 10:00",
        "rate": rate,
        "end": "2026-01-05 11:00",
        "budget": "",
        "unknown": {"a": [1]},
    }
    made = call(live_server.server, "setTimesheetRecord", key, record)
    assert made["success"], made
    (entry,) = call(live_server.server, "getTimesheetRecord", key, made["items"][0]["id"])["items"]
    assert entry["rate"] == "12.50"
    assert call(live_server.server, "removeTimesheetRecord", key, entry["timeEntryID"])["success"]


@pytest.mark.parametrize(
    ("method", "params", "named"),
    [
        ("getTasks", ["KEY", "one"], "projectId"),
        ("getTasks", ["KEY", 1.5], "projectId"),
        ("getTasks", ["KEY", [1]], "projectId"),
        ("getTasks", ["KEY", 2**31], "projectId"),
        ("getTimesheet", ["KEY", {"a": 1}], "from"),
        ("setTimesheetRecord", ["KEY", "text"], "record"),
        ("setTimesheetRecord", ["KEY", [1]], "record"),
        ("setTimesheetRecord", ["KEY", {"rate": "a lot"}], "record.rate"),
        ("setTimesheetRecord", ["KEY", {"rate": "1e400"}], "record.rate"),
        ("setTimesheetRecord", ["KEY", {"rate": "NaN"}], "record.rate"),
        ("authenticate", [{}, []], "username"),
    ],
)
def test_what_cannot_be_read_is_named(
    live_server: LiveServer, method: str, params: list[Any], named: str
) -> None:
    request = {"jsonrpc": "2.0", "method": method, "params": params, "id": 1}
    error = post_json(live_server.server, request).json["error"]
    assert error["code"] == -32602
    assert error["message"].startswith(f"Invalid params: {named} ")


def test_a_batch_has_a_cap(legacy_server: LiveServer) -> None:
    request = {"method": "getVersion", "id": 1}
    assert len(post_json(legacy_server.server, [request] * 3).json) == 3
    error = post_json(legacy_server.server, [request] * 4).json["error"]
    assert error["message"] == "Invalid Request: more than 3 calls in a batch."
    assert (error["code"], error["data"]) == (-32600, None)


def test_a_notification_is_carried_out(live_server: LiveServer) -> None:
    key = live_server.world.key("root")
    notification = {"jsonrpc": "2.0", "method": "startRecord", "params": [key, 1, 1]}
    reply = post_json(live_server.server, notification)
    assert (reply.status, reply.body) == (204, b"")
    assert "Content-Length" not in reply.headers
    assert call(live_server.server, "stopRecord", key)["success"]


def test_a_failing_notification_has_no_response(live_server: LiveServer) -> None:
    notification = {"jsonrpc": "2.0", "method": "getTasks", "params": ["x", "one"]}
    assert post_json(live_server.server, notification).body == b""
