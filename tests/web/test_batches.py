"""A batch occupies a thread, so its duration is limited."""

from __future__ import annotations

import json

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
