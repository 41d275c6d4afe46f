"""Bodies that no client should send: each gets a JSON-RPC error at once, and never an HTTP 500."""

from __future__ import annotations

import pytest

from support.live_server import LiveServer
from support.raw_http import post_json

PREFIX = b'{"jsonrpc":"2.0","method":"getVersion","id":'
PARSE, INVALID, PARAMS = -32700, -32600, -32602


def params(values: bytes, method: bytes = b"getTasks") -> bytes:
    return b'{"jsonrpc":"2.0","id":1,"method":"%s","params":%s}' % (method, values)


BODIES = {
    "nothing": (b"", PARSE),
    "spaces": (b" \r\n\t ", PARSE),
    "half a word": (b"nul", PARSE),
    "a NUL": (b"\0", PARSE),
    "UTF-16": ('{"method":"getVersion","id":1}'.encode("utf-16"), PARSE),
    "UTF-32": ('{"method":"getVersion","id":1}'.encode("utf-32"), PARSE),
    "invalid UTF-8": (PREFIX + b'"\xff"}', PARSE),
    "UTF-8 of a surrogate": (PREFIX + b'"\xed\xa0\x80"}', PARSE),
    "an overlong NUL": (PREFIX + b'"\xc0\x80"}', PARSE),
    "a lone surrogate": (PREFIX + b'"\\ud800"}', PARSE),
    "surrogates the wrong way round": (PREFIX + b'"\\udc00\\ud800"}', PARSE),
    "NaN": (PREFIX + b"NaN}", PARSE),
    "Infinity": (PREFIX + b"-Infinity}", PARSE),
    "a number of 5000 digits": (PREFIX + b"9" * 5000 + b"}", PARSE),
    "a leading zero": (PREFIX + b"01}", PARSE),
    "single quotes": (b"{'method':'getVersion'}", PARSE),
    "a trailing comma": (PREFIX + b"1,}", PARSE),
    "something behind the end": (PREFIX + b"1} x", PARSE),
    "a bare control character": (PREFIX + b'"\n"}', PARSE),
    "100,000 open brackets": (b"[" * 100_000, PARSE),
    "50,000 open objects": (b'{"a":' * 50_000, PARSE),
    "100,000 open objects": (b'{"a":' * 100_000, INVALID),
    "200,000 values": (params(b"[" + b"1," * 199_999 + b"1]"), INVALID),
    "200,000 texts without commas": (b"[" + b'""' * 200_000 + b"]", PARSE),
    "deep in a parameter": (params(b"[" * 50_000 + b"]" * 50_000), PARSE),
    "a number": (b"1", INVALID),
    "a text": (b'"getVersion"', INVALID),
    "null": (b"null", INVALID),
    "an empty object": (b"{}", INVALID),
    "an id of true": (PREFIX + b"true}", INVALID),
    "the method is null": (b'{"jsonrpc":"2.0","method":null,"id":1}', INVALID),
    "digits beyond any number": (params(b'["k","' + b"9" * 6000 + b'"]'), PARAMS),
    "1e400 for a whole number": (params(b'["k",1e400]'), PARAMS),
    "1e999999999 for a whole number": (params(b'["k",1e999999999]'), PARAMS),
    "1e-999999999 for a whole number": (params(b'["k",1e-999999999]'), PARAMS),
    "an Arabic digit": (params(b'["k","\xd9\xa1"]'), PARAMS),
    "a number beyond 32 bits": (params(b'["k",99999999999]'), PARAMS),
    "1e400 for money": (params(b'["k",{"rate":1e400}]', b"setTimesheetRecord"), PARAMS),
    "a list for money": (params(b'["k",{"rate":[]}]', b"setTimesheetRecord"), PARAMS),
    "a braced method": (b'{"jsonrpc":"2.0","method":"}getVersion","id":1}', -32601),
    "a qualified method": (
        b'{"jsonrpc":"2.0","method":"{urn:kimai-remote}getVersion","id":1}',
        -32601,
    ),
    "a method with a NUL": (b'{"jsonrpc":"2.0","method":"getVersion\\u0000","id":1}', -32601),
    "a private name": (b'{"jsonrpc":"2.0","method":"__init__","id":1}', -32601),
    "a long method": (b'{"jsonrpc":"2.0","method":"' + b"a" * 500_000 + b'","id":1}', -32601),
}


@pytest.mark.parametrize("name", BODIES)
def test_gets_an_error(live_server: LiveServer, name: str) -> None:
    body, code = BODIES[name]
    reply = post_json(live_server.server, body)
    assert reply.status == 200
    assert reply.json["error"]["code"] == code
    assert len(reply.body) < 300
    assert "Traceback" not in reply.text


ODD = {
    "a text of commas": (PREFIX + b'1,"x":"' + b',:[{\\"' * 300_000 + b'"}', 1),
    "90,000 values": (PREFIX + b'1,"x":[' + b"1," * 90_000 + b"1]}", 1),
    "the last of two ids counts": (PREFIX + b'1,"id":2}', 2),
    "1e400 as id": (PREFIX + b"1e400}", float("inf")),
    "1e999999999 as id": (PREFIX + b"1e999999999}", float("inf")),
    "minus zero": (PREFIX + b"-0}", 0),
    "an escaped NUL": (PREFIX + b'"\\u0000"}', "\0"),
    "an escaped key": (b'{"\\u006dethod":"getVersion","id":3}', 3),
    "an unknown member, nested": (PREFIX + b'5,"x":' + b"[" * 500 + b"]" * 500 + b"}", 5),
}


@pytest.mark.parametrize("name", ODD)
def test_is_odd_but_right(live_server: LiveServer, name: str) -> None:
    body, identifier = ODD[name]
    answer = post_json(live_server.server, body).json
    assert "result" in answer
    assert answer["id"] == identifier


def test_a_nul_in_a_text_is_refused(live_server: LiveServer) -> None:
    body = params(b'["al\\u0000ice","x"]', b"authenticate")
    result = post_json(live_server.server, body).json["result"]
    assert result == {"success": False, "error": {"msg": "username contains a NUL character."}}


def test_nothing_of_it_is_a_defect(live_server: LiveServer) -> None:
    """The server logs a traceback for each defect; bodies from outside cause none."""
    for body, _ in BODIES.values():
        post_json(live_server.server, body)
    assert "Traceback" not in live_server.server.output
