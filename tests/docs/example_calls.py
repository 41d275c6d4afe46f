"""An example of each method's call: for the API reference, OpenRPC, and collections of calls.

Their values are written once, with variables in place of what differs from one server to the
next. :func:`record` makes the calls in the known world of the tests.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from werkzeug.test import Client

from kimai_remote.api.service import RemoteApi
from kimai_remote.app import create_app
from kimai_remote.storage import schema
from kimai_remote.storage.transactions import Database
from support import world as worlds
from support.world import World


@dataclass(frozen=True)
class Variable:
    """A value that a server, user or earlier call decides."""

    name: str


_DAY, _NEXT_DAY = "2026-03-02", "2026-03-03"
_PROJECT, _TASK = Variable("projectId"), Variable("taskId")

#: The parameters by method, without the key, in the order in which the calls are made. Fields of
#: records are in the contract's order.
CALLS: dict[str, dict[str, Any]] = {
    "authenticate": {"username": Variable("user"), "password": Variable("password")},
    "getVersion": {},
    "getUsers": {},
    "getCustomers": {},
    "getProjects": {"includeTasks": True},
    "getTasks": {"projectId": _PROJECT},
    "startRecord": {"projectId": _PROJECT, "activityId": _TASK},
    "getActiveRecording": {},
    "updateActiveRecording": {"record": {"description": "The basket forgets"}},
    "stopRecord": {"entryId": Variable("recordingId")},
    "setTimesheetRecord": {
        "record": {
            "projectId": _PROJECT,
            "taskId": _TASK,
            "start": f"{_DAY} 07:00",
            "end": f"{_DAY} 08:30",
        },
    },
    "getTimesheet": {"from": _DAY, "to": _NEXT_DAY},
    "getTimesheetRecord": {"id": Variable("entryId")},
    "removeTimesheetRecord": {"id": Variable("entryId")},
    "setExpenseRecord": {
        "record": {
            "projectId": _PROJECT,
            "date": _DAY,
            "designation": "Train",
            "refundable": True,
            "value": "48.50",
        },
    },
    "getExpenses": {"limit": 1},
    "getExpenseRecord": {"id": Variable("expenseId")},
    "removeExpenseRecord": {"id": Variable("expenseId")},
}
#: The variable that a field of a call's first item becomes.
SAVED = {
    "authenticate": ("apiKey", "apiKey"),
    "startRecord": ("timeEntryID", "recordingId"),
    "setTimesheetRecord": ("id", "entryId"),
    "setExpenseRecord": ("id", "expenseId"),
}
#: Parameters that make a call fail, after the others; the key of others is wrong.
_FAILING: dict[str, dict[str, Any]] = {
    "authenticate": {"password": "wrong"},
    "getActiveRecording": {},
    "stopRecord": {"entryId": None},
    "getTimesheetRecord": {"id": 999},
    "setTimesheetRecord": {"record": {"projectId": _PROJECT, "taskId": _TASK, "start": "soon"}},
    "removeTimesheetRecord": {"id": 999},
    "setExpenseRecord": {"record": {"projectId": _PROJECT, "date": "soon"}},
    "getExpenseRecord": {"id": 999},
    "removeExpenseRecord": {"id": 999},
}


@dataclass(frozen=True)
class Recording:
    """A call and its response."""

    request: dict[str, Any]
    response: dict[str, Any]

    @property
    def is_failure(self) -> bool:
        result = self.response["result"]
        return isinstance(result, dict) and not result["success"]


def call_of(method: str) -> dict[str, Any]:
    """Return the parameters of a call by name, with its key.

    :raises LookupError: a method has no example.
    """
    if method not in CALLS:
        raise LookupError(f"{method}: put an example into {Path(__file__).name}")
    key = {"apiKey": Variable("apiKey")} if _takes_key(method) else {}
    return key | CALLS[method]


def filled(value: Any, fill: Callable[[Variable], Any]) -> Any:
    """Return parameters in which each variable is what ``fill`` returns for it."""
    if isinstance(value, dict):
        return {name: filled(inner, fill) for name, inner in value.items()}
    return fill(value) if isinstance(value, Variable) else value


def record(query: str = "") -> dict[str, Recording]:
    """Make the call of each method; return the recordings by method.

    :param query: of the URL, with its question mark.
    :raises LookupError: a method has no example, or it fails.
    """
    with _client(query) as (world, call):
        variables = _variables(world)
        recordings = {}
        for method in _in_order():
            recording = call(method, filled(call_of(method), lambda each: variables[each.name]))
            if recording.is_failure:
                raise LookupError(f"the example of {method} fails: {recording.response}")
            if method in SAVED:
                field, variable = SAVED[method]
                variables[variable] = recording.response["result"]["items"][0][field]
            recordings[method] = recording
            world.now += 1800
    return {method: recordings[method] for method in RemoteApi.public_methods}


def record_failures(query: str = "") -> dict[str, Recording]:
    """Make a call of each method that fails; return the recordings by method.

    :raises LookupError: a call succeeds.
    """
    with _client(query) as (world, call):
        variables = _variables(world)
        recordings = {}
        for method in RemoteApi.public_methods:
            params = call_of(method) | _FAILING.get(method, {"apiKey": "nobody's"})
            if method == "getVersion":  # has no envelope to fail in
                continue
            filled_in = filled(params, lambda each: variables.get(each.name, 999))
            recordings[method] = call(method, filled_in)
            if not recordings[method].is_failure:
                raise LookupError(f"the call of {method} doesn't fail")
    return recordings


def _in_order() -> list[str]:
    """Return all methods, in the order in which examples are called."""
    for method in RemoteApi.public_methods:
        call_of(method)  # raises if it has none
    return list(CALLS)


def _takes_key(method: str) -> bool:
    message = RemoteApi.public_methods[method].in_message
    return "apiKey" in message.get_flat_type_info(message)


def _variables(world: World) -> dict[str, Any]:
    return {
        "user": "alice",
        "password": worlds.PASSWORD,
        "apiKey": world.key("alice"),
        "projectId": world.shop,
        "taskId": world.design,
    }


@contextmanager
def _client(
    query: str,
) -> Iterator[tuple[World, Callable[[str, dict[str, Any]], Recording]]]:
    """The known world and a function that calls a method in it."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/world.sqlite3")
        schema.create(database)
        world = worlds.build(database)
        client = Client(create_app(world.service))

        def call(method: str, params: dict[str, Any]) -> Recording:
            request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            response = client.post(f"/core/json.php{query}", json=request)
            return Recording(request, json.loads(response.get_data()))

        yield world, call
        database.close()
