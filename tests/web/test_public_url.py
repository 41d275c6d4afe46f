"""The URL of the service in its contracts is the one that the client can use."""

from __future__ import annotations

import re

import pytest

from support.live_server import LiveServer
from support.raw_http import get, post_json, request

DOCUMENT, RPC = "/core/soap.php?wsdl", "/core/soap.php?wsdl&style=rpc"
FORWARDED = {
    "X-Forwarded-Host": "time.example.org",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Prefix": "/kimai",
    "X-Forwarded-For": "192.0.2.1",
}
PUBLIC = "https://time.example.org/kimai/core"


def location(
    live_server: LiveServer, target: str = DOCUMENT, headers: dict[str, str] | None = None
) -> str:
    response = get(live_server.server, target, headers)
    assert response.status == 200
    (url,) = re.findall(r'address location="([^"]*)"', response.text)
    return url


def target(
    live_server: LiveServer, path: str = "/core/json.php", headers: dict[str, str] | None = None
) -> str:
    return get(live_server.server, path, headers).json["target"]


def test_over_plain_http(live_server: LiveServer) -> None:
    assert location(live_server) == location(live_server, RPC) == live_server.server.soap
    assert target(live_server) == live_server.server.json


def test_by_the_name_that_the_client_uses(live_server: LiveServer) -> None:
    for host in (
        "kimai.test",
        "kimai.test:8080",
        "[::1]:8080",
        "localhost",
        "my_container",
        "[fe80::1%eth0]",
    ):
        assert location(live_server, headers={"Host": host}) == f"http://{host}/core/soap.php"
        assert target(live_server, headers={"Host": host}) == f"http://{host}/core/json.php"


def test_without_the_default_port(proxied_server: LiveServer) -> None:
    headers = {"Host": "kimai.test:80"}
    assert location(proxied_server, headers=headers) == "http://kimai.test/core/soap.php"
    headers = {"Host": "kimai.test:443", "X-Forwarded-Proto": "https"}
    assert location(proxied_server, headers=headers) == "https://kimai.test/core/soap.php"


@pytest.mark.parametrize("folder", ["/kimai", "/a/b/c", "/time%20sheet", "/%C3%BC", "/a%3Fb%23c"])
def test_below_a_folder(live_server: LiveServer, folder: str) -> None:
    wanted = f"{live_server.server.url}{folder}/core"
    assert location(live_server, folder + DOCUMENT) == f"{wanted}/soap.php"
    assert location(live_server, folder + RPC) == f"{wanted}/soap.php"
    assert target(live_server, f"{folder}/core/json.php") == f"{wanted}/json.php"


@pytest.mark.parametrize("name", FORWARDED)
def test_headers_of_a_proxy_are_not_believed_by_default(live_server: LiveServer, name: str) -> None:
    assert location(live_server, headers=FORWARDED) == live_server.server.soap
    assert target(live_server, headers={name: FORWARDED[name]}) == live_server.server.json


def test_behind_a_trusted_proxy(proxied_server: LiveServer) -> None:
    assert location(proxied_server, headers=FORWARDED) == f"{PUBLIC}/soap.php"
    assert location(proxied_server, RPC, FORWARDED) == f"{PUBLIC}/soap.php"
    assert target(proxied_server, headers=FORWARDED) == f"{PUBLIC}/json.php"
    assert location(proxied_server) == proxied_server.server.soap


@pytest.mark.parametrize("prefix", ["/kimai/", "//kimai//", "kimai", "kimai/"])
def test_a_prefix_with_other_slashes(proxied_server: LiveServer, prefix: str) -> None:
    headers = FORWARDED | {"X-Forwarded-Prefix": prefix}
    assert location(proxied_server, headers=headers) == f"{PUBLIC}/soap.php"
    assert target(proxied_server, "//core/json.php", headers) == f"{PUBLIC}/json.php"


def test_only_the_nearest_proxy_is_believed(proxied_server: LiveServer) -> None:
    headers = FORWARDED | {
        "X-Forwarded-Host": "evil.test, time.example.org",
        "X-Forwarded-Proto": "gopher, https",
    }
    assert location(proxied_server, headers=headers) == f"{PUBLIC}/soap.php"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Proto": "javascript"},
        {"X-Forwarded-Proto": '"><x'},
        {"X-Forwarded-Host": 'evil"><script>'},
        {"X-Forwarded-Host": "a b"},
    ],
)
def test_nonsense_from_a_proxy_is_ignored(
    proxied_server: LiveServer, headers: dict[str, str]
) -> None:
    url = location(proxied_server, headers=headers)
    assert re.fullmatch(r"http://(127\.0\.0\.1:\d+|localhost)/core/soap\.php", url)


def test_the_configured_public_url_takes_precedence(public_server: LiveServer) -> None:
    for headers in ({}, {"Host": "evil.test"}, FORWARDED):
        assert location(public_server, headers=headers) == f"{PUBLIC}/soap.php"
        assert location(public_server, RPC, headers) == f"{PUBLIC}/soap.php"
        assert target(public_server, headers=headers) == f"{PUBLIC}/json.php"
    assert location(public_server, "/kimai" + DOCUMENT) == f"{PUBLIC}/soap.php"
    openrpc = get(public_server.server, "/core/json.php?openrpc").json
    assert openrpc["servers"][0]["url"] == f"{PUBLIC}/json.php"


def test_a_client_does_not_affect_the_url_for_others(live_server: LiveServer) -> None:
    evil = {"Host": "evil.test"}
    assert "evil.test" in location(live_server, headers=evil)
    for path in (DOCUMENT, RPC, "/core/json.php", "/core/json.php?openrpc", "/", "/core/soap.php"):
        get(live_server.server, path, evil)
        assert b"evil.test" not in get(live_server.server, path).body


@pytest.mark.parametrize(
    "host",
    [
        'a"b',
        "a<b>",
        "a/b",
        "a b",
        "user@evil.test",
        "a\\b",
        "evil.test:99999999",
        "ü.test",
        "a&b",
        "a'b",
        "[::1",
        "a?b",
        "a#b",
        "",
    ],
)
def test_a_host_that_is_none_is_refused(live_server: LiveServer, host: str) -> None:
    for path in (DOCUMENT, RPC):
        assert get(live_server.server, path, {"Host": host}).status == 400


# The contract as a document ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "query", ["?wsdl", "?WSDL", "?Wsdl", "?x=1&wsdl", "?wsdl=1", "?wsdl&style=document", "?wsdl="]
)
def test_all_ways_to_ask_for_it(live_server: LiveServer, query: str) -> None:
    response = get(live_server.server, f"/core/soap.php{query}")
    assert response.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert response.body == get(live_server.server, DOCUMENT).body


@pytest.mark.parametrize("path", [DOCUMENT, RPC, "/core/json.php", "/core/json.php?openrpc"])
def test_it_has_an_etag(live_server: LiveServer, path: str) -> None:
    first = get(live_server.server, path)
    etag = first.headers["ETag"]
    again = get(live_server.server, path, {"If-None-Match": etag})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == etag
    assert get(live_server.server, path, {"If-None-Match": '"other"'}).body == first.body
    assert (
        get(live_server.server, path, {"If-None-Match": etag, "Host": "other.test"}).status == 200
    )
    assert "Host" in first.headers["Vary"]


def test_calls_below_a_folder(live_server: LiveServer) -> None:
    body = b'{"method":"getVersion","id":1}'
    response = request(live_server.server, "POST", "/kimai/core/json.php", body)
    assert response.json == post_json(live_server.server, body).json


def test_of_a_path_with_doubled_slashes(live_server: LiveServer) -> None:
    url = live_server.server.url
    assert target(live_server, "//kimai//core//json.php") == f"{url}/kimai/core/json.php"
    assert location(live_server, "/core//soap.php?wsdl") == f"{url}/core/soap.php"
