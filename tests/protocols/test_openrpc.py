"""OpenRPC: two documents, and each says exactly what its server sends."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7
from sqlalchemy import delete
from werkzeug.test import Client

from kimai_release.exchanges import RECORDINGS, contract_errors
from kimai_remote import __version__
from kimai_remote.api import service
from kimai_remote.api.service import RemoteApi
from kimai_remote.app import create_app
from kimai_remote.errors import HANDLING, Unavailable
from kimai_remote.storage import models as m
from support import world as worlds
from support.live_server import LiveServer
from support.openrpc_document import DOCUMENTS, OpenRpcDocument
from support.raw_http import call, get, post_json
from support.world import World

META_SCHEMA = json.loads((Path(__file__).parent / "schemas" / "openrpc.json").read_text())
QUERIES = {False: "", True: "?types=native"}


@pytest.fixture(params=[False, True], ids=["strings", "native"])
def native(request: pytest.FixtureRequest) -> bool:
    """Whether numbers and booleans are true ones."""
    return bool(request.param)


@pytest.fixture
def document(native: bool) -> OpenRpcDocument:
    return DOCUMENTS[native]


# The documents as such ---------------------------------------------------------------------------


def validator() -> Draft7Validator:
    """Validate against the meta-schema, which refers to JSON Schema draft 7."""
    draft7 = {
        **Draft7Validator.META_SCHEMA,
        "$id": "https://meta.json-schema.tools",
        "definitions": Draft7Validator.META_SCHEMA["definitions"]
        | {"JSONSchemaObject": {"properties": {"$ref": {"type": "string"}}}},
    }
    resource = Resource.from_contents(draft7, default_specification=DRAFT7)
    registry = Registry().with_resources(
        [
            ("https://meta.json-schema.tools", resource),
            ("https://meta.json-schema.tools/", resource),
        ]
    )
    return Draft7Validator(META_SCHEMA, registry=registry)


def test_each_document_is_valid(document: OpenRpcDocument) -> None:
    assert [error.message for error in validator().iter_errors(document.document)] == []


@pytest.mark.parametrize("missing", ["openrpc", "info", "methods"])
def test_the_meta_schema_finds_what_is_missing(missing: str) -> None:
    document = DOCUMENTS[False].document
    broken = {name: value for name, value in document.items() if name != missing}
    assert list(validator().iter_errors(broken))


def test_the_meta_schema_looks_into_methods() -> None:
    broken = json.loads(json.dumps(DOCUMENTS[False].document))
    broken["methods"][0]["params"][0]["schema"] = {"type": "no such type"}
    assert list(validator().iter_errors(broken))


def test_a_server_serves_the_document_of_each_form(live_server: LiveServer, native: bool) -> None:
    query = "?openrpc&types=native" if native else "?openrpc"
    found = get(live_server.server, f"/core/json.php{query}").json
    url = f"{live_server.server.json}{QUERIES[native]}"
    assert found["servers"] == [{"name": "this server", "url": url}]
    assert found == DOCUMENTS[native].document | {"servers": found["servers"]}
    assert call(live_server.server, "rpc.discover", query=QUERIES[native]) == found


def test_the_discovery_call_is_a_call_like_others(live_server: LiveServer) -> None:
    assert post_json(live_server.server, {"jsonrpc": "2.0", "method": "rpc.discover"}).body == b""
    request = {"jsonrpc": "2.0", "method": "rpc.discover", "id": True}
    assert post_json(live_server.server, request).json["error"]["code"] == -32600
    batch = [{"method": "rpc.discover", "id": 1}, {"method": "rpc.other", "id": 2}]
    first, second = post_json(live_server.server, batch).json
    assert first["result"]["openrpc"]
    assert second["error"]["code"] == -32601


def test_each_document_is_complete(document: OpenRpcDocument) -> None:
    assert list(document.methods) == list(RemoteApi.public_methods)
    info = document.document["info"]
    assert info["version"] == __version__
    assert info["title"] == "Kimai 1 Remote API"
    assert info["license"]["name"] == "MIT"
    assert document.document["externalDocs"]["url"]
    for method in document.methods.values():
        assert method["description"].startswith(method["summary"])
        assert not method["summary"].endswith(".")
        assert [tag["name"] for tag in method["tags"]]
        assert method["errors"]


def test_methods_that_belong_together_have_the_same_tag(document: OpenRpcDocument) -> None:
    tags: dict[str, list[str]] = {}
    for name, method in document.methods.items():
        for tag in method["tags"]:
            tags.setdefault(tag["name"], []).append(name)
    assert set(tags) == {"service", "recording", "catalog", "time sheet", "expenses"}
    assert all(len(names) > 1 for names in tags.values())


def test_the_documents_differ_in_values_alone() -> None:
    def skeleton(document: OpenRpcDocument) -> Any:
        return [
            (
                method["name"],
                method["errors"],
                [(param["name"], param["required"]) for param in method["params"]],
                [example["name"] for example in method["examples"]],
            )
            for method in document.methods.values()
        ]

    assert skeleton(DOCUMENTS[False]) == skeleton(DOCUMENTS[True])


@pytest.mark.parametrize(
    ("record", "member", "strings", "native_types"),
    [
        ("TimeEntry", "start", ("string", "unixtime"), ("integer", "unixtime")),
        ("TimeEntry", "rate", (["string", "null"], "decimal"), (["number", "null"], "decimal")),
        ("TimeEntry", "userID", ("string", None), ("integer", None)),
        ("TimeEntry", "cleared", ("string", None), ("boolean", None)),
        ("TimesheetRow", "start", (["string", "integer"], "unixtime"), ("integer", "unixtime")),
        ("TimesheetRow", "wage", (["string", "null"], "decimal"), (["string", "null"], "decimal")),
        ("ActiveRecording", "servertime", ("integer", "unixtime"), ("integer", "unixtime")),
        ("ExpenseInput", "value", None, (["number", "string", "null"], None)),
        ("ExpenseInput", "id", (["integer", "string", "null"], None), None),
        ("ExpenseInput", "date", None, (["string", "integer", "null"], None)),
    ],
)
def test_types_and_formats(record: str, member: str, strings: Any, native_types: Any) -> None:
    for native, expected in ((False, strings), (True, native_types)):
        schemas = DOCUMENTS[native].document["components"]["schemas"]
        schema = schemas[record]["properties"][member]
        assert expected in (None, (schema["type"], schema.get("format")))


# Errors ------------------------------------------------------------------------------------------


def test_the_errors_are_those_of_the_one_table(document: OpenRpcDocument) -> None:
    declared = [each["code"] for each in document.document["components"]["errors"].values()]
    assert len(declared) == len(set(declared))
    assert set(declared) == {handling.jsonrpc_code for handling in HANDLING.values()} - {0}


def test_errors_that_occur_are_declared(
    world: World, document: OpenRpcDocument, native: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(create_app(world.service))

    def sent(body: str) -> Any:
        return json.loads(client.post(f"/core/json.php{QUERIES[native]}", data=body).get_data())

    def code(body: str) -> int:
        error: dict[str, Any] = sent(body)["error"]
        declared = document.document["components"]["errors"].values()
        (message,) = [each["message"] for each in declared if each["code"] == error["code"]]
        assert error["message"].startswith(message)
        return int(error["code"])

    assert code("{") == -32700
    assert code('{"jsonrpc":"2.0","id":1,"method":"nothing"}') == -32601
    seen = {-32700, -32601}
    key = world.key("alice")
    requests = [
        {"jsonrpc": "2.0", "id": True, "method": "getUsers", "params": [key]},
        {"jsonrpc": "2.0", "id": 1, "method": "stopRecord", "params": [key, "first"]},
    ]
    broken = {"jsonrpc": "2.0", "id": 1, "method": "getUsers", "params": [key]}
    for error in (None, Unavailable(), ValueError("a defect")):
        if error is not None:

            def fail(_context: object, raised: Exception = error) -> None:
                raise raised

            monkeypatch.setattr(service.catalog, "users", fail)
            requests = [broken]
        for request in requests:
            response = sent(json.dumps(request))
            assert document.response_errors(str(request["method"]), response) == []
            seen.add(response["error"]["code"])
    assert seen == {each["code"] for each in document.document["components"]["errors"].values()}


# Examples ----------------------------------------------------------------------------------------


def test_each_example_is_valid(document: OpenRpcDocument) -> None:
    for name, method in document.methods.items():
        for example in method["examples"]:
            params = {param["name"]: param["value"] for param in example["params"]}
            assert document.params_errors(name, params) == []
            assert document.result_errors(name, example["result"]["value"]) == []


def test_examples_show_successes_and_failures(document: OpenRpcDocument) -> None:
    for name, method in document.methods.items():
        results = [example["result"]["value"] for example in method["examples"]]
        if name == "getVersion":
            assert results == ["1.3.5-1394"]
        else:
            assert [result["success"] for result in results] == [True, False]


def test_an_example_is_valid_in_the_form_of_its_document_only() -> None:
    for native in (False, True):
        method = DOCUMENTS[native].methods["getProjects"]
        result = method["examples"][0]["result"]["value"]
        assert DOCUMENTS[not native].result_errors("getProjects", result)


# Responses ---------------------------------------------------------------------------------------


@dataclass
class Checked:
    """Calls over JSON-RPC, whose responses are compared with a document."""

    world: World
    native: bool
    wrong: list[str] = field(default_factory=list)
    #: Whether a call of a method succeeded, or failed.
    seen: set[tuple[str, bool]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._client = Client(create_app(self.world.service))

    def call(self, method: str, *params: Any, **named: Any) -> Any:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": named or list(params)}
        url = f"/core/json.php{QUERIES[self.native]}"
        response = json.loads(self._client.post(url, json=request).get_data())
        document = DOCUMENTS[self.native]
        names = [param["name"] for param in document.methods[method]["params"]]
        sent = named or dict(zip(names, params, strict=False))
        for error in [
            *document.params_errors(method, sent),
            *document.response_errors(method, response),
        ]:
            self.wrong.append(f"{method}{params or named}: {error}")
        result = response["result"]
        self.seen.add((method, not isinstance(result, dict) or result["success"]))
        return result

    def first(self, method: str, *params: Any) -> Any:
        """Return the one value of the first item."""
        ((value,),) = [item.values() for item in self.call(method, *params)["items"]]
        return value


@pytest.fixture
def checked(world: World, native: bool) -> Checked:
    return Checked(world, native)


ALL_METHODS = set(RemoteApi.public_methods)


def read_everything(api: Checked, key: str) -> None:
    """Call every method that only reads lists, with and without what narrows them."""
    for method in ("getUsers", "getCustomers", "getProjects", "getTasks", "getActiveRecording"):
        api.call(method, key)
    api.call("getProjects", key, True)
    api.call("getTasks", key, api.world.shop)
    now = api.world.now
    for period in ((), (0, 0), (now - 5400, now - 4000), (now - 90_000, now), ("now", ""), (1, 2)):
        api.call("getTimesheet", key, *period)
        api.call("getExpenses", key, *period)
    api.call("getTimesheet", key, 0, 0, -1, 1, 1)
    api.call("getExpenses", key, 0, 0, -1, -1, 1, 1)


def read_records(api: Checked, key: str) -> None:
    """Read each listed time entry and expense whole."""
    for row in api.call("getTimesheet", key)["items"]:
        api.call("getTimesheetRecord", key, row["timeEntryID"])
    for row in api.call("getExpenses", key)["items"]:
        api.call("getExpenseRecord", key, row["expenseID"])


def test_each_method_as_documented(checked: Checked) -> None:
    """A day's work: everything is created, changed, read and removed."""
    world = checked.world
    checked.call("getVersion")
    checked.call("authenticate", "alice", "wrong")
    key = checked.first("authenticate", "alice", worlds.PASSWORD)
    read_everything(checked, key)
    recording = checked.first("startRecord", key, world.shop, world.coding)
    read_everything(checked, key)
    read_records(checked, key)
    checked.call("updateActiveRecording", key, {"description": "half\tdone", "comment": ""})
    world.now += 600
    read_everything(checked, key)
    checked.call("stopRecord", key, recording)
    checked.call("stopRecord", key)
    times = {"start": "2026-03-01 10:00", "end": world.now - 3600}
    new = {"projectId": world.shop, "taskId": world.design, **times}
    full = {
        "location": "Zürich",
        "trackingNumber": "T-1",
        "description": "all",
        "comment": "of it",
        "commentType": 2,
        "rate": "85.5",
        "fixedRate": 12.25,
        "flagCleared": False,
        "statusId": 2,
        "flagBillable": 50,
        "budget": "1000",
        "approved": None,
    }
    ids = [checked.first("setTimesheetRecord", key, record) for record in (new, new | full)]
    read_everything(checked, key)
    read_records(checked, key)
    checked.call("setTimesheetRecord", key, {"id": ids[0], "taskId": world.coding}, True)
    day = {"projectId": world.shop, "date": "2026-03-01"}
    more = {"designation": "Train", "refundable": True, "value": "1.5", "multiplier": 3}
    expenses = [checked.first("setExpenseRecord", key, record) for record in (day, day | more)]
    read_everything(checked, key)
    read_records(checked, key)
    checked.call("setExpenseRecord", key, {"id": expenses[0], "comment": "lost"}, True)
    for entry_id in ids:
        checked.call("removeTimesheetRecord", key, entry_id)
    for expense_id in expenses:
        checked.call("removeExpenseRecord", key, expense_id)
    assert checked.wrong == []
    assert {method for method, succeeded in checked.seen if succeeded} == ALL_METHODS


def test_failures_of_each_method(checked: Checked) -> None:
    key = checked.world.key("alice")
    for method in ALL_METHODS - {"getVersion"}:
        params = DOCUMENTS[checked.native].methods[method]["params"]
        checked.call(
            method,
            **{
                param["name"]: {} if "$ref" in param["schema"] else 1
                for param in params
                if param["required"] and param["schema"].get("type") != "string"
            }
            | {
                param["name"]: "nobody's"
                for param in params
                if param["required"] and param["schema"].get("type") == "string"
            },
        )
    for method in ("getTimesheetRecord", "removeTimesheetRecord", "getExpenseRecord"):
        checked.call(method, key, 999)
    checked.call("setTimesheetRecord", key, {"projectId": 1, "start": "soon"})
    checked.call("getTimesheet", key, "soon")
    assert checked.wrong == []
    assert {method for method, ok in checked.seen if not ok} == ALL_METHODS - {"getVersion"}


@pytest.mark.parametrize("user", ["alice", "ben", "oscar", "root"])
def test_lists_of_each_user(checked: Checked, user: str) -> None:
    checked.world.add_entry(user)
    checked.world.add_expense(user)
    read_everything(checked, checked.world.key(user))
    assert checked.wrong == []


def test_lists_without_records(checked: Checked) -> None:
    world = checked.world
    with world.database.begin() as connection:
        for table in (m.GroupProject, m.GroupActivity, m.GroupCustomer):
            connection.execute(delete(table))
    read_everything(checked, world.key("alice"))
    assert checked.wrong == []


#: Rows as years of Kimai, imports and repairs by hand leave them, by what is odd.
ODDITIES: dict[str, Callable[[World], Any]] = {
    "texts are empty": lambda world: world.add_entry(
        description="", comment="", location="", trackingNumber=""
    ),
    "ends before it starts": lambda world: world.add_entry(start=world.now, end=world.now - 100),
    "before 1970": lambda world: world.add_entry(start=-7200, end=-3600),
    "lasts for years": lambda world: world.add_entry(start=1, end=2_000_000_000),
    "has no length": lambda world: world.add_entry(start=world.now - 60, end=world.now - 60),
    "running for years": lambda world: world.add_entry(start=1, end=0),
    "running from tomorrow": lambda world: world.add_entry(start=world.now + 86_400, end=0),
    "stored duration is wrong": lambda world: world.add_entry(duration=-5),
    "flags are neither 0 nor 1": lambda world: world.add_entry(
        cleared=2, commentType=9, billable=-1
    ),
    "money is large": lambda world: world.add_entry(
        rate=Decimal("99999999.99"), fixedRate=Decimal("-99999999.99"), budget=Decimal(0)
    ),
    "money is small": lambda world: world.add_entry(
        end=world.now - 7199, rate=Decimal("0.01"), fixedRate=None, approved=Decimal("-0.01")
    ),
    "expense is odd": lambda world: world.add_expense(
        designation="", comment="", refundable=2, cleared=2, value=Decimal("-0.50"), timestamp=0
    ),
    "task is gone": lambda world: world.add_entry(activityID=999),
    "project is gone": lambda world: world.add_entry(projectID=999),
    "status is gone": lambda world: world.add_entry(statusID=99),
    "project of the expense is gone": lambda world: world.add_expense(projectID=999),
    "project is odd": lambda world: world.change(
        m.Project, world.shop, comment="", budget=None, filter=3, internal=2, trash=0
    ),
    "customer is odd": lambda world: world.change(m.Customer, world.acme, contact=""),
    "user has no alias": lambda world: world.change(m.User, world.alice, alias=None),
}


@pytest.mark.parametrize("oddity", ODDITIES)
def test_rows_that_old_databases_have(checked: Checked, oddity: str) -> None:
    world, key = checked.world, checked.world.key("alice")
    world.add_entry()
    added = ODDITIES[oddity](world)
    for seconds in ("1", "0"):
        world.set_option("durationWithSeconds", seconds)
        read_everything(checked, key)
    read_records(checked, key)
    if added is not None:  # where it is in no list
        method = "getExpenseRecord" if "expense" in oddity else "getTimesheetRecord"
        assert checked.call(method, key, added)["success"]
    checked.call("stopRecord", key)
    assert checked.wrong == []


def test_what_the_released_kimai_sent_is_as_documented() -> None:
    """All recorded responses of Kimai 1.3.5, but for those of which this service sends less."""
    wrong = {record["id"]: contract_errors(record, record["answer"]) for record in RECORDINGS}
    groups = {record["id"]: record["group"] for record in RECORDINGS}
    assert {groups[name] for name, errors in wrong.items() if errors} == {"getExpenseRecord"}
    assert len([name for name, errors in wrong.items() if errors]) < 10


def test_what_is_not_as_documented_is_found_in_recordings() -> None:
    (record,) = [each for each in RECORDINGS if each["id"] == "authenticate-001"]
    assert contract_errors(record, record["answer"]) == []
    for changed in (
        record["answer"].replace('"total":1', '"total":"1"'),
        record["answer"].replace('"apiKey"', '"key"'),
        '{"error":{"code":-32001,"message":"?","data":null},"id":"1","jsonrpc":"2.0"}',
    ):
        assert contract_errors(record, changed)
