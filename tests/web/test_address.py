"""The address of the service in its contracts: right for the client, and never anybody else's."""

from __future__ import annotations

import re

import pytest

from support.town import Town
from support.wire import get, post_json, request

DOCUMENT, RPC = "/core/soap.php?wsdl", "/core/soap.php?wsdl&style=rpc"
FORWARDED = {
    "X-Forwarded-Host": "time.example.org",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Prefix": "/kimai",
    "X-Forwarded-For": "192.0.2.1",
}
PUBLIC = "https://time.example.org/kimai/core"


def location(town: Town, target: str = DOCUMENT, headers: dict[str, str] | None = None) -> str:
    reply = get(town.server, target, headers)
    assert reply.status == 200
    (found,) = re.findall(r'address location="([^"]*)"', reply.text)
    return found


def target(town: Town, path: str = "/core/json.php", headers: dict[str, str] | None = None) -> str:
    return get(town.server, path, headers).json["target"]


def test_over_plain_http(town: Town) -> None:
    assert location(town) == location(town, RPC) == town.server.soap
    assert target(town) == town.server.json


def test_by_the_name_that_the_client_uses(town: Town) -> None:
    for host in ("kimai.test", "kimai.test:8080", "[::1]:8080", "localhost", "my_container"):
        assert location(town, headers={"Host": host}) == f"http://{host}/core/soap.php"
        assert target(town, headers={"Host": host}) == f"http://{host}/core/json.php"


def test_without_the_default_port(proxied_town: Town) -> None:
    headers = {"Host": "kimai.test:80"}
    assert location(proxied_town, headers=headers) == "http://kimai.test/core/soap.php"
    headers = {"Host": "kimai.test:443", "X-Forwarded-Proto": "https"}
    assert location(proxied_town, headers=headers) == "https://kimai.test/core/soap.php"


@pytest.mark.parametrize("folder", ["/kimai", "/a/b/c", "/time%20sheet", "/%C3%BC", "/a%3Fb%23c"])
def test_below_a_folder(town: Town, folder: str) -> None:
    wanted = f"{town.server.url}{folder}/core"
    assert location(town, folder + DOCUMENT) == f"{wanted}/soap.php"
    assert location(town, folder + RPC) == f"{wanted}/soap.php"
    assert target(town, f"{folder}/core/json.php") == f"{wanted}/json.php"


@pytest.mark.parametrize("name", FORWARDED)
def test_headers_of_a_proxy_are_not_believed_by_default(town: Town, name: str) -> None:
    assert location(town, headers=FORWARDED) == town.server.soap
    assert target(town, headers={name: FORWARDED[name]}) == town.server.json


def test_behind_a_trusted_proxy(proxied_town: Town) -> None:
    assert location(proxied_town, headers=FORWARDED) == f"{PUBLIC}/soap.php"
    assert location(proxied_town, RPC, FORWARDED) == f"{PUBLIC}/soap.php"
    assert target(proxied_town, headers=FORWARDED) == f"{PUBLIC}/json.php"
    assert location(proxied_town) == proxied_town.server.soap


def test_only_the_nearest_proxy_is_believed(proxied_town: Town) -> None:
    headers = FORWARDED | {
        "X-Forwarded-Host": "evil.test, time.example.org",
        "X-Forwarded-Proto": "gopher, https",
    }
    assert location(proxied_town, headers=headers) == f"{PUBLIC}/soap.php"


@pytest.mark.parametrize(
    "headers",
    [{"X-Forwarded-Proto": "javascript"}, {"X-Forwarded-Proto": '"><x'},
     {"X-Forwarded-Host": 'evil"><script>'}, {"X-Forwarded-Host": "a b"}],
)  # fmt: skip
def test_nonsense_from_a_proxy_is_ignored(proxied_town: Town, headers: dict[str, str]) -> None:
    found = location(proxied_town, headers=headers)
    assert re.fullmatch(r"http://(127\.0\.0\.1:\d+|localhost)/core/soap\.php", found)


def test_a_public_address_wins(public_town: Town) -> None:
    for headers in ({}, {"Host": "evil.test"}, FORWARDED):
        assert location(public_town, headers=headers) == f"{PUBLIC}/soap.php"
        assert location(public_town, RPC, headers) == f"{PUBLIC}/soap.php"
        assert target(public_town, headers=headers) == f"{PUBLIC}/json.php"
    assert location(public_town, "/kimai" + DOCUMENT) == f"{PUBLIC}/soap.php"
    openrpc = get(public_town.server, "/core/json.php?openrpc").json
    assert openrpc["servers"][0]["url"] == f"{PUBLIC}/json.php"


def test_nobody_leaves_an_address_to_others(town: Town) -> None:
    evil = {"Host": "evil.test"}
    assert "evil.test" in location(town, headers=evil)
    for path in (DOCUMENT, RPC, "/core/json.php", "/core/json.php?openrpc", "/", "/core/soap.php"):
        get(town.server, path, evil)
        assert b"evil.test" not in get(town.server, path).body


@pytest.mark.parametrize(
    "host",
    ['a"b', "a<b>", "a/b", "a b", "user@evil.test", "a\\b", "evil.test:99999999", "ü.test",
     "a&b", "a'b", "[::1", "a?b", "a#b", ""],
)  # fmt: skip
def test_a_host_that_is_none_is_ignored(town: Town, host: str) -> None:
    for path in (DOCUMENT, RPC):
        reply = get(town.server, path, {"Host": host})
        if reply.status == 400:  # the server itself may refuse it
            continue
        (found,) = re.findall(r'address location="([^"]*)"', reply.text)
        assert re.fullmatch(r"http://127\.0\.0\.1(:\d+)?/core/soap\.php", found)


# The contract as a document ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "query", ["?wsdl", "?WSDL", "?Wsdl", "?x=1&wsdl", "?wsdl=1", "?wsdl&style=document", "?wsdl="]
)
def test_all_ways_to_ask_for_it(town: Town, query: str) -> None:
    reply = get(town.server, f"/core/soap.php{query}")
    assert reply.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert reply.body == get(town.server, DOCUMENT).body


@pytest.mark.parametrize("path", [DOCUMENT, RPC, "/core/json.php", "/core/json.php?openrpc"])
def test_it_has_an_etag(town: Town, path: str) -> None:
    first = get(town.server, path)
    etag = first.headers["ETag"]
    again = get(town.server, path, {"If-None-Match": etag})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == etag
    assert get(town.server, path, {"If-None-Match": '"other"'}).body == first.body
    assert get(town.server, path, {"If-None-Match": etag, "Host": "other.test"}).status == 200
    assert "Host" in first.headers["Vary"]


def test_calls_below_a_folder(town: Town) -> None:
    body = b'{"method":"getVersion","id":1}'
    reply = request(town.server, "POST", "/kimai/core/json.php", body)
    assert reply.json == post_json(town.server, body).json
