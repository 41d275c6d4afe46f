"""SMD and OpenRPC: complete, valid, and derived from the one Spyne service."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from kimai_remote import __version__
from kimai_remote.api.service import RemoteApi
from support.live_server import LiveServer
from support.raw_http import call, get, post_json

OPENRPC = json.loads((Path(__file__).parent / "schemas" / "openrpc.json").read_text())


@pytest.fixture(scope="module")
def smd(live_server: LiveServer) -> dict[str, Any]:
    return get(live_server.server, "/core/json.php").json


@pytest.fixture(scope="module")
def openrpc(live_server: LiveServer) -> dict[str, Any]:
    return get(live_server.server, "/core/json.php?openrpc").json


def test_the_smd_describes_the_endpoint(live_server: LiveServer, smd: dict[str, Any]) -> None:
    assert {name: smd[name] for name in list(smd)[:4]} == {
        "transport": "POST",
        "envelope": "JSON-RPC-2.0",
        "contentType": "application/json",
        "SMDVersion": "2.0",
    }
    assert smd["target"] == live_server.server.json
    assert smd["services"] == smd["methods"]
    assert list(smd["services"]) == list(RemoteApi.public_methods)


def test_each_service_is_described(smd: dict[str, Any]) -> None:
    for name, service in smd["services"].items():
        assert service["envelope"] == "JSON-RPC-2.0"
        assert service["transport"] == "POST"
        assert service["name"] == name
        assert service["description"]
        for parameter in service["parameters"]:
            assert {"name", "type", "optional"} <= parameter.keys()
            assert ("default" in parameter) is parameter["optional"]
    assert __version__ in smd["description"]


#: Recorded from Kimai 1.3.5.
RETURNS = {
    "getVersion": "string",
    "getUsers": ["array", "boolean"],
    "getCustomers": ["array", "boolean"],
    "getProjects": ["array"] * 2 + ["boolean"] * 2,
    "getTasks": ["array"] * 3 + ["boolean"] * 3,
    "getTimesheet": ["array"] * 6,
    "getExpenses": ["array"] * 7,
}


def test_types_of_results_are_those_of_kimai(smd: dict[str, Any]) -> None:
    for name, service in smd["services"].items():
        assert service["returns"] == RETURNS.get(name, "array"), name


@pytest.mark.parametrize(
    ("method", "parameter", "kimai"),
    [
        ("startRecord", "projectId", "integer"),
        ("getTasks", "projectId", ["integer", "array"]),
        ("setTimesheetRecord", "record", "array"),
        ("setTimesheetRecord", "doUpdate", "boolean"),
        ("getExpenses", "refundable", "integer"),
    ],
)
def test_types_of_parameters_are_those_of_kimai(
    smd: dict[str, Any], method: str, parameter: str, kimai: str | list[str]
) -> None:
    types = {each["name"]: each["type"] for each in smd["services"][method]["parameters"]}
    assert types[parameter] == kimai


def test_parameters_are_positional_and_typed(smd: dict[str, Any]) -> None:
    described = [
        (parameter["name"], parameter["type"], parameter["optional"], parameter.get("default"))
        for parameter in smd["services"]["getTimesheet"]["parameters"]
    ]
    assert described == [
        ("apiKey", "string", False, None),
        ("from", "integer", True, 0),
        ("to", "integer", True, 0),
        ("cleared", "integer", True, -1),
        ("start", "integer", True, 0),
        ("limit", "integer", True, 0),
    ]
    (key, flag) = smd["services"]["getProjects"]["parameters"]
    assert key["description"] == "From authenticate."
    assert flag == {
        "name": "includeTasks",
        "type": "any",
        "optional": True,
        "default": False,
        "description": "Include the tasks of each project.",
    }


@pytest.mark.parametrize(
    ("query", "in_target"),
    [
        ("", ""),
        ("?", ""),
        ("?_=123", "?_=123"),
        ("?anything", "?anything"),
        ("?types=native", "?types=native"),
        ("?a=%20b&c=d/e", "?a=%20b&c=d/e"),
    ],
)
def test_any_other_query_gets_the_smd_of_its_own_url(
    live_server: LiveServer, smd: dict[str, Any], query: str, in_target: str
) -> None:
    """As in Kimai, calls go to the URL that the description came from."""
    found = get(live_server.server, f"/core/json.php{query}").json
    assert found == smd | {"target": f"{live_server.server.json}{in_target}"}


def test_discovery_by_call_and_by_url_are_the_same(
    live_server: LiveServer, openrpc: dict[str, Any]
) -> None:
    assert call(live_server.server, "rpc.discover") == openrpc


def test_the_discovery_call_is_a_call_like_others(live_server: LiveServer) -> None:
    assert post_json(live_server.server, {"jsonrpc": "2.0", "method": "rpc.discover"}).body == b""
    request = {"jsonrpc": "2.0", "method": "rpc.discover", "id": True}
    assert post_json(live_server.server, request).json["error"]["code"] == -32600
    batch = [{"method": "rpc.discover", "id": 1}, {"method": "rpc.other", "id": 2}]
    first, second = post_json(live_server.server, batch).json
    assert first["result"]["openrpc"]
    assert second["error"]["code"] == -32601


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
    return Draft7Validator(OPENRPC, registry=registry)


def test_openrpc_is_valid(openrpc: dict[str, Any]) -> None:
    assert [error.message for error in validator().iter_errors(openrpc)] == []


@pytest.mark.parametrize("missing", ["openrpc", "info", "methods"])
def test_the_meta_schema_finds_what_is_missing(openrpc: dict[str, Any], missing: str) -> None:
    broken = {name: value for name, value in openrpc.items() if name != missing}
    assert list(validator().iter_errors(broken))


def test_the_meta_schema_looks_into_methods(openrpc: dict[str, Any]) -> None:
    broken = json.loads(json.dumps(openrpc))
    broken["methods"][0]["params"][0]["schema"] = {"type": "no such type"}
    assert list(validator().iter_errors(broken))


def test_openrpc_is_complete(live_server: LiveServer, openrpc: dict[str, Any]) -> None:
    assert [method["name"] for method in openrpc["methods"]] == list(RemoteApi.public_methods)
    assert openrpc["servers"] == [{"name": "this server", "url": live_server.server.json}]
    assert all(method["description"] for method in openrpc["methods"])
    assert openrpc["info"]["version"] == __version__


def test_smd_and_openrpc_agree(smd: dict[str, Any], openrpc: dict[str, Any]) -> None:
    for method in openrpc["methods"]:
        parameters = smd["services"][method["name"]]["parameters"]
        assert [p["name"] for p in method["params"]] == [p["name"] for p in parameters]
        assert [not p["required"] for p in method["params"]] == [p["optional"] for p in parameters]


def test_results_match_their_schemas(live_server: LiveServer, openrpc: dict[str, Any]) -> None:
    key = live_server.key
    calls = [
        ("authenticate", "alice", "correct horse"),
        ("authenticate", "x", "y"),
        ("getVersion",),
        ("getUsers", key),
        ("getCustomers", key),
        ("getProjects", key, True),
        ("getTasks", key),
        ("getTasks", key, 1),
        ("getActiveRecording", key),
        ("getTimesheet", key),
        ("getTimesheetRecord", key, live_server.entry),
        ("getExpenses", key),
        ("getExpenseRecord", key, live_server.expense),
    ]
    results = {method["name"]: method["result"]["schema"] for method in openrpc["methods"]}
    for name, *params in calls:
        schema = results[name] | {"components": openrpc["components"]}
        if "$ref" in schema:  # draft 7 ignores what stands beside a reference
            schema = {"allOf": [results[name]], "components": openrpc["components"]}
        answer = call(live_server.server, name, *params, query="?types=native")
        assert [error.message for error in Draft7Validator(schema).iter_errors(answer)] == []
