"""The SMD: complete, and derived from the one Spyne service."""

from __future__ import annotations

from typing import Any

import pytest

from kimai_remote import __version__
from kimai_remote.api.service import RemoteApi
from support.live_server import LiveServer
from support.openrpc_document import DOCUMENTS
from support.raw_http import get


@pytest.fixture(scope="module")
def smd(live_server: LiveServer) -> dict[str, Any]:
    return get(live_server.server, "/core/json.php").json


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


def test_smd_and_openrpc_agree(smd: dict[str, Any]) -> None:
    for name, method in DOCUMENTS[True].methods.items():
        parameters = smd["services"][name]["parameters"]
        assert [p["name"] for p in method["params"]] == [p["name"] for p in parameters]
        assert [not p["required"] for p in method["params"]] == [p["optional"] for p in parameters]


def test_the_smd_for_dojo_lists_its_methods(live_server: LiveServer, smd: dict[str, Any]) -> None:
    """As dojo/rpc/JsonService reads it: Kimai's clients find a method by its name."""
    found = get(live_server.server, "/core/json.php?smd=dojo").json
    url = live_server.server.json
    assert found == smd | {"methods": list(smd["methods"].values()), "serviceUrl": url}


@pytest.mark.parametrize(
    ("query", "in_target"),
    [
        ("?smd=dojo&types=native", "?types=native"),
        ("?types=native&smd=dojo&_=1", "?types=native&_=1"),
    ],
)
def test_calls_of_dojo_go_to_the_url_with_the_rest_of_the_query(
    live_server: LiveServer, query: str, in_target: str
) -> None:
    found = get(live_server.server, f"/core/json.php{query}").json
    assert found["serviceUrl"] == found["target"] == f"{live_server.server.json}{in_target}"
