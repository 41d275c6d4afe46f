"""A batch occupies a thread, so its duration is limited."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from werkzeug.test import Client

from kimai_remote.app import create_app
from kimai_remote.protocols import jsonrpc
from support.world import World

CALL = {"jsonrpc": "2.0", "method": "getVersion"}


@pytest.mark.parametrize(("limit", "value"), [("BATCH_SECONDS", -1), ("BATCH_SIZE", 10)])
def test_calls_that_come_too_late_are_not_run(
    limit: str, value: int, file_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonrpc, limit, value)
    client = Client(create_app(file_world.service))
    batch = [CALL | {"id": 1}, CALL, CALL | {"id": 2}]
    answers = json.loads(client.post("/core/json.php", data=json.dumps(batch)).get_data())
    assert [answer["id"] for answer in answers] == [1, 2]
    assert answers[-1]["error"]["code"] == -32000
    assert answers[-1]["error"]["message"].startswith("Not run")


@pytest.mark.parametrize(
    "call",
    [
        {"method": "rpc.discover"},
        {"method": "authenticate", "params": ["nobody", "x"]},
    ],
    ids=lambda call: call["method"],
)
def test_few_calls_are_run_that_need_no_key_and_cost_much(
    file_world: World, call: dict[str, object]
) -> None:
    limit = jsonrpc.BATCH_COSTLY_CALLS
    batch = [call | {"id": n} for n in range(100)] + [CALL | {"id": 100}]
    file_world.settings = replace(file_world.settings, max_batch=101)
    client = Client(create_app(file_world.service))
    answers = json.loads(client.post("/core/json.php", data=json.dumps(batch)).get_data())
    assert [answer["id"] for answer in answers] == list(range(101))
    assert ["result" in answer for answer in answers] == [True] * limit + [False] * (
        100 - limit
    ) + [True]
    assert answers[-2]["error"] == {
        "code": -32000,
        "message": f"Not run: a batch may have {limit} logins or rpc.discover.",
        "data": None,
    }
