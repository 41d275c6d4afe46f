"""Each example of section 7 of the JSON-RPC 2.0 specification, on methods that exist here.

The specification's ``subtract``, ``sum`` and ``update`` are ``getTasks`` of a project here, its
``get_data`` is ``getVersion``.
"""

from __future__ import annotations

import pytest

from support.live_server import LiveServer
from support.raw_http import call, post_json

#: Calls whose results are expected.
VERSION = ("getVersion",)
SHOP = ("getTasks", "KEY", 1)
PORTAL = ("getTasks", "KEY", 2)


def failure(code: int, message: str, identifier: object = None) -> dict[str, object]:
    # The member data may be left out or be null; clients of Kimai 1 expect it.
    error = {"code": code, "message": message, "data": None}
    return {"error": error, "id": identifier, "jsonrpc": "2.0"}


PARSE_ERROR = failure(-32700, "Parse error")
INVALID = failure(-32600, "Invalid Request")


def answer(result: object, identifier: object) -> dict[str, object]:
    return {"result": result, "id": identifier, "jsonrpc": "2.0"}


def not_found(identifier: object) -> dict[str, object]:
    return failure(-32601, "Method not found", identifier)


EXAMPLES = {
    "positional parameters": (
        '{"jsonrpc": "2.0", "method": "getTasks", "params": ["KEY", 1], "id": 1}',
        answer(SHOP, 1),
    ),
    "positional parameters, others": (
        '{"jsonrpc": "2.0", "method": "getTasks", "params": ["KEY", 2], "id": 2}',
        answer(PORTAL, 2),
    ),
    "named parameters": (
        '{"jsonrpc": "2.0", "method": "getTasks", "params": {"apiKey": "KEY", "projectId": 1},'
        ' "id": 3}',
        answer(SHOP, 3),
    ),
    "named parameters in another order": (
        '{"jsonrpc": "2.0", "method": "getTasks", "params": {"projectId": 1, "apiKey": "KEY"},'
        ' "id": 4}',
        answer(SHOP, 4),
    ),
    "a notification": (
        '{"jsonrpc": "2.0", "method": "getTasks", "params": ["KEY", 2]}',
        None,
    ),
    "a notification without parameters": ('{"jsonrpc": "2.0", "method": "getVersion"}', None),
    "a call of a method that does not exist": (
        '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}',
        not_found("1"),
    ),
    "invalid JSON": (
        '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]',
        PARSE_ERROR,
    ),
    "an invalid request object": ('{"jsonrpc": "2.0", "method": 1, "params": "bar"}', INVALID),
    "a batch of invalid JSON": (
        '[{"jsonrpc": "2.0", "method": "getTasks", "params": ["KEY", 1], "id": "1"},'
        '{"jsonrpc": "2.0", "method"]',
        PARSE_ERROR,
    ),
    "an empty array": ("[]", INVALID),
    "an invalid batch that is not empty": ("[1]", [INVALID]),
    "an invalid batch": ("[1,2,3]", [INVALID] * 3),
    "a batch": (
        '[{"jsonrpc": "2.0", "method": "getTasks", "params": ["KEY", 1], "id": "1"},'
        '{"jsonrpc": "2.0", "method": "getTasks", "params": ["KEY"]},'
        '{"jsonrpc": "2.0", "method": "getTasks", "params": ["KEY", 2], "id": "2"},'
        '{"foo": "boo"},'
        '{"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},'
        '{"jsonrpc": "2.0", "method": "getVersion", "id": "9"}]',
        [answer(SHOP, "1"), answer(PORTAL, "2"), INVALID, not_found("5"), answer(VERSION, "9")],
    ),
    "a batch of notifications": (
        '[{"jsonrpc": "2.0", "method": "getTasks", "params": ["KEY", 1]},'
        '{"jsonrpc": "2.0", "method": "getVersion"}]',
        None,
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_of_the_specification(live_server: LiveServer, name: str) -> None:
    request, expected = EXAMPLES[name]
    reply = post_json(live_server.server, request.replace("KEY", live_server.key))
    if expected is None:
        assert (reply.status, reply.body) == (204, b"")
    else:
        assert reply.status == 200
        assert reply.headers["Content-Type"] == "application/json"
        assert reply.json == _filled(expected, live_server)


def test_the_results_differ(live_server: LiveServer) -> None:
    """Otherwise the examples could not distinguish the responses."""
    shop, portal = (
        call(live_server.server, *_with_key(made, live_server)) for made in (SHOP, PORTAL)
    )
    assert shop["total"] == 3
    assert portal["total"] == 2


def _filled(expected: object, live_server: LiveServer) -> object:
    """The expected response, made from the result of each call alone."""
    if isinstance(expected, list):
        return [_filled(entry, live_server) for entry in expected]
    assert isinstance(expected, dict)
    if "result" in expected:
        return expected | {
            "result": call(live_server.server, *_with_key(expected["result"], live_server))
        }
    return expected


def _with_key(made: tuple[object, ...], live_server: LiveServer) -> list[object]:
    return [live_server.key if part == "KEY" else part for part in made]
