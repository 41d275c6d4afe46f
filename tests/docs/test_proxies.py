"""The proxy configurations that we ship, run for real in front of a real server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import insert

from docs.proxies import CLIENT, PROXIES, SITE, Proxy
from kimai_remote.storage import models as m
from support.live_server import started
from support.raw_http import envelope

pytestmark = pytest.mark.clients

#: What a client may try to pass for somebody else with.
SPOOFED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Host": "evil.example.com",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Port": "1234",
    "X-Forwarded-Prefix": "/evil",
    "X_Forwarded_For": "203.0.113.9",
    "Forwarded": "for=203.0.113.9;host=evil.example.com;proto=http",
    "X-Real-IP": "203.0.113.9",
    "X-Request-Id": "chosen-by-the-client",
}
#: Time entries of alice: enough for an answer of several megabytes.
MANY = 6000


@pytest.fixture(scope="module", params=PROXIES)
def proxy(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    directory = tmp_path_factory.mktemp(request.param)
    audit = directory / "audit.log"
    with (
        started(directory, trusted_proxies="1", audit_log=str(audit)) as live_server,
        PROXIES[request.param](directory, live_server, audit) as running,
    ):
        yield running


def call(proxy: Proxy, method: str, *params: Any, folder: str = "", **headers: str) -> Any:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    reply = proxy.request("POST", f"{folder}/core/json.php", body, headers)
    assert reply.status == 200
    return reply.json["result"]


def contract_url(proxy: Proxy, target: str, headers: dict[str, str] | None = None) -> str:
    reply = proxy.request("GET", target, headers=headers)
    assert reply.status == 200
    (url,) = re.findall(r'address location="([^"]*)"', reply.text)
    return url


@pytest.mark.parametrize("folder", ["", "/kimai"])
def test_contracts_have_the_public_address(proxy: Proxy, folder: str) -> None:
    wanted = f"{proxy.base}{folder}/core"
    assert contract_url(proxy, f"{folder}/core/soap.php?wsdl") == f"{wanted}/soap.php"
    assert contract_url(proxy, f"{folder}/core/soap.php?wsdl&style=rpc") == f"{wanted}/soap.php"
    assert proxy.request("GET", f"{folder}/core/json.php").json["target"] == f"{wanted}/json.php"
    start = proxy.request("GET", f"{folder}/")
    assert (start.status, start.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize("folder", ["", "/kimai"])
def test_calls_over_both_protocols(proxy: Proxy, folder: str) -> None:
    key = proxy.live_server.key
    assert call(proxy, "getUsers", key, folder=folder)["items"] == [
        {"userID": str(proxy.live_server.world.alice), "name": "alice"}
    ]
    document = f'<getUsers xmlns="urn:kimai-remote"><apiKey>{key}</apiKey></getUsers>'
    encoded = f"<x:getUsers xmlns:x='urn:x'><apiKey>{key}</apiKey></x:getUsers>"
    for body in (document, encoded):
        reply = proxy.request(
            "POST", f"{folder}/core/soap.php", envelope(body), {"Content-Type": "text/xml"}
        )
        assert (reply.status, "alice" in reply.text) == (200, True)
    broken = proxy.request("POST", f"{folder}/core/soap.php", b"<", {"Content-Type": "text/xml"})
    assert (broken.status, "faultcode" in broken.text) == (500, True)


def test_a_client_cannot_pass_for_another(proxy: Proxy) -> None:
    call(proxy, "authenticate", "alice", "wrong", **SPOOFED)
    (line,) = proxy.audit.read_text().splitlines()[-1:]
    event = json.loads(line.partition(" audit ")[2])
    assert (event["event"], event["from"]) == ("login refused", CLIENT)
    assert event["request"] != SPOOFED["X-Request-Id"]
    for name in SPOOFED:
        url = contract_url(proxy, "/core/soap.php?wsdl", {name: SPOOFED[name]})
        assert url == f"{proxy.base}/core/soap.php"
    assert contract_url(proxy, "/core/soap.php?wsdl", SPOOFED) == f"{proxy.base}/core/soap.php"


def test_one_number_for_a_request(proxy: Proxy) -> None:
    """The proxy's, which is longer than the server's own."""
    numbers = [
        proxy.request("GET", "/core/json.php").headers.get_all("X-Request-Id") for _ in range(2)
    ]
    (one,), (other,) = numbers
    assert len(one) >= 32
    assert one != other


def test_headers_for_browsers_arrive(proxy: Proxy) -> None:
    headers = proxy.request("OPTIONS", "/core/json.php").headers
    assert headers["Access-Control-Allow-Origin"] == "*"
    headers = proxy.request("GET", "/").headers
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "default-src" in headers["Content-Security-Policy"]


def test_a_long_answer(proxy: Proxy) -> None:
    world = proxy.live_server.world
    rows = [
        {
            "userID": world.alice,
            "projectID": world.shop,
            "activityID": world.coding,
            "start": world.now - 60 * place,
            "end": world.now - 60 * place + 50,
            "duration": 50,
            "statusID": 1,
            "description": f"entry {place} " + "long " * 40,
        }
        for place in range(1, MANY + 1)
    ]
    world.database.run(
        lambda session: session.execute(insert(m.TimeEntry), rows) and None, writes=True
    )
    answer = call(proxy, "getTimesheet", proxy.live_server.key, 0, 0, -1, 0, 10 * MANY)
    assert len(answer["items"]) == int(answer["total"]) >= MANY
    assert len(json.dumps(answer)) > 4_000_000


def test_a_request_that_is_too_long(proxy: Proxy) -> None:
    longer = b'{"method": "' + b"x" * (2 * 1024 * 1024) + b'"}'
    reply = proxy.request("POST", "/core/json.php", longer)
    assert (reply.status, reply.text) == (
        413,
        "Request Entity Too Large. A request may have 2097152 bytes here.\n",
    )
    assert reply.headers["Access-Control-Allow-Origin"] == "*"


def test_the_longest_request_that_is_allowed(proxy: Proxy) -> None:
    body = b'{"jsonrpc":"2.0","id":1,"method":"getVersion"}'.ljust(2 * 1024 * 1024)
    assert proxy.request("POST", "/core/json.php", body).json["id"] == 1


def test_what_is_not_for_everybody(proxy: Proxy) -> None:
    for target in ("/metrics", "/kimai/metrics", "/%6detrics", "/kimai/metric%73"):
        assert proxy.request("GET", target).status == 404


def test_the_name_that_the_client_uses(proxy: Proxy) -> None:
    assert contract_url(proxy, "/core/soap.php?wsdl").startswith(f"https://{SITE}:")
