"""HTTP: methods, statuses, headers, and bodies however they come."""

from __future__ import annotations

import gzip
import time
import zlib

import pytest

from kimai_remote import __version__
from support.live_server import LiveServer
from support.raw_http import Connection, Response, envelope, get, post_json, post_soap, request

JSON, SOAP = "/core/json.php", "/core/soap.php"
CALL = b'{"jsonrpc":"2.0","method":"getVersion","id":1}'
VERSION = '<getVersion xmlns="urn:kimai-remote"/>'
ENDPOINTS = pytest.mark.parametrize("path", [JSON, SOAP])


def head(path: str = JSON, **headers: object) -> bytes:
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"POST {path} HTTP/1.1\r\nHost: kimai.test\r\n{lines}\r\n".encode()


def chunked(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (*pieces, b""))


# CORS --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked",
    [
        "content-type",
        "x-requested-with",
        "content-type,authorization, x-my_own",
        "content-encoding",
    ],
)
def test_preflight_requests(live_server: LiveServer, asked: str) -> None:
    headers = {
        "Origin": "https://app.example.org",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": asked,
    }
    response = request(live_server.server, "OPTIONS", JSON, headers=headers)
    assert (response.status, response.body) == (204, b"")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Access-Control-Allow-Credentials"] is None
    assert "POST" in response.headers["Access-Control-Allow-Methods"]
    allowed = response.headers["Access-Control-Allow-Headers"]
    assert allowed == f"Content-Type, X-Requested-With, {asked}"
    assert response.headers["Vary"] == "Access-Control-Request-Headers"
    assert response.headers["Allow"] == "GET, HEAD, POST, OPTIONS"


@pytest.mark.parametrize("asked", ["", "a;b", "<script>", "x" * 2000, "ä"])
def test_preflight_requests_for_no_headers(live_server: LiveServer, asked: str) -> None:
    headers = {"Access-Control-Request-Headers": asked.encode().decode("latin-1")}
    response = request(live_server.server, "OPTIONS", JSON, headers=headers)
    assert response.status == 204
    assert response.headers["Access-Control-Allow-Headers"] == "Content-Type, X-Requested-With"


def test_responses_may_be_read_by_any_site(proxied_server: LiveServer) -> None:
    server = proxied_server.server
    replies = {
        200: post_json(server, CALL),
        405: request(server, "DELETE", JSON),
        413: post_json(server, b" " * 3000),
    }
    for status, response in replies.items():
        assert response.status == status
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert response.headers["Access-Control-Allow-Credentials"] is None


@pytest.mark.parametrize("target", ["/", JSON, SOAP, f"{SOAP}?wsdl", "/nothing"])
def test_there_are_no_cookies(live_server: LiveServer, target: str) -> None:
    assert get(live_server.server, target).headers["Set-Cookie"] is None


@pytest.mark.parametrize("target", ["/", JSON, SOAP, f"{SOAP}?wsdl", "/health/live", "/nothing"])
def test_each_response_names_the_version_of_the_program(
    live_server: LiveServer, target: str
) -> None:
    assert get(live_server.server, target).headers["X-Kimai-Remote-Version"] == __version__


def test_pages_of_other_sites_can_read_the_version(live_server: LiveServer) -> None:
    response = request(live_server.server, "POST", JSON, CALL)
    assert response.headers["X-Kimai-Remote-Version"] == __version__
    exposed = response.headers["Access-Control-Expose-Headers"].split(", ")
    assert exposed == ["X-Kimai-Remote-Version", "X-Request-Id"]


# Methods and statuses ----------------------------------------------------------------------------


@ENDPOINTS
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE"])
def test_other_methods_are_not_allowed(live_server: LiveServer, path: str, method: str) -> None:
    response = request(live_server.server, method, path, b"")
    assert response.status == 405
    assert response.headers["Allow"] == "GET, HEAD, POST, OPTIONS"


@pytest.mark.parametrize("target", ["/", JSON, f"{JSON}?openrpc", SOAP, f"{SOAP}?wsdl"])
def test_head_is_get_without_the_body(live_server: LiveServer, target: str) -> None:
    full, short = get(live_server.server, target), request(live_server.server, "HEAD", target)
    assert short.status == full.status == 200
    assert short.body == b""
    for name in ("Content-Type", "Content-Length", "ETag"):
        assert short.headers[name] == full.headers[name]
    assert int(full.headers["Content-Length"]) == len(full.body)


@pytest.mark.parametrize(
    "path",
    [
        "/core/soap.php/",
        "/core/soap.php/x",
        "/core/json.php/..;",
        "/core/soap.phpx",
        "/core/",
        "/soap.php",
        "/core/SOAP.php",
        "/%00",
        "/%ff",
    ],
)
@pytest.mark.parametrize("query", ["", "?wsdl"])
def test_unknown_paths_near_the_endpoints(live_server: LiveServer, path: str, query: str) -> None:
    assert get(live_server.server, path + query).status == 404
    assert request(live_server.server, "POST", path + query, CALL).status == 404


@pytest.mark.parametrize(
    "path",
    ["/core/json.php", "/core/soap.php", "/kimai/core/json.php", "/a/b/core/soap.php"],
)
def test_doubled_slashes_in_the_path_of_an_endpoint(live_server: LiveServer, path: str) -> None:
    """Clients append Kimai's path to a folder that ends with a slash."""
    body = CALL if path.endswith("json.php") else envelope(VERSION)
    last = path.replace("/core/", "/core//")
    for doubled in (f"/{path}", f"//{path}", last, path.replace("/", "//")):
        assert request(live_server.server, "POST", doubled, body).status == 200
        assert get(live_server.server, doubled).status == 200


PAGES = ["/metrics", "/health/live", "/health/ready", "/", "/console/main.js"]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_one_path(live_server: LiveServer, page: str) -> None:
    server = live_server.server
    assert get(server, page).status == 200
    others = {
        f"/{page}",
        f"//{page}",
        f"/.{page}",
        f"/console/..{page}",
        f"/%2f{page.lstrip('/')}",
        f"/%2e{page}",
        f"/kimai{page}",
        f"{page}/",
        f"{page}/.",
        f"{page}%2f",
        f"{page}%00",
        f"{page}%20",
        f"{page};a=b",
        f"{page}%3fa=b",
        page[:1] + page[1:].replace("/", "//"),
        page[:1] + page[1:].replace("/", "/./"),
        page.upper(),
    } - {page}
    for path in sorted(others):
        response = get(server, path)
        assert (path, response.status) == (path, 404)
        assert response.text.startswith("Not Found. There are /core/soap.php?wsdl")


@pytest.mark.parametrize("page", ["/%6detrics", "/metric%73", "/%6D%65%74%72%69%63%73"])
def test_an_encoded_path_of_a_page(live_server: LiveServer, page: str) -> None:
    """A limit of Granian, which decodes the path and hands over no other form of it.

    For letters it is as RFC 3986 says (6.2.2.2). What protects the page counts for them too.
    """
    assert get(live_server.server, page).status == 200
    assert get(live_server.server, page, {"X-Forwarded-For": "192.0.2.1"}).status == 403
    assert get(live_server.server, "/health%2flive").status == 200


def test_a_style_that_does_not_exist(live_server: LiveServer) -> None:
    assert get(live_server.server, f"{SOAP}?wsdl&style=other").status == 404


def test_a_body_that_is_too_large(proxied_server: LiveServer) -> None:
    for response in (
        post_json(proxied_server.server, b" " * 2001),
        post_soap(proxied_server.server, b" " * 2001),
    ):
        assert response.status == 413
        assert response.headers["Content-Type"].startswith("text/plain")
    assert post_json(proxied_server.server, CALL + b" " * (2000 - len(CALL))).status == 200


def test_a_chunked_body_that_is_too_large(proxied_server: LiveServer) -> None:
    """The call itself would fit; the rest must not be cut off silently."""
    with Connection(proxied_server.server) as connection:
        connection.send(head(Transfer_Encoding="chunked") + chunked(CALL, b" " * 2000))
        assert connection.receive().status == 413


# Bodies ------------------------------------------------------------------------------------------


def is_version(response: Response) -> bool:
    return response.status == 200 and response.json["result"].endswith("-1394")


GZIP = gzip.compress(CALL)
DEFLATE = zlib.compress(CALL)
_SMALL_WINDOW = zlib.compressobj(wbits=9)
SMALL_WINDOW = _SMALL_WINDOW.compress(CALL) + _SMALL_WINDOW.flush()
#: Bodies and their Content-Encoding.
COMPRESSED = {
    "gzip": (GZIP, "gzip"),
    "its old name": (GZIP, "x-gzip"),
    "capitals": (GZIP, "GZIP"),
    "with identity": (GZIP, "identity, gzip"),
    "two members": (gzip.compress(CALL[:9]) + gzip.compress(CALL[9:]), "gzip"),
    "deflate": (DEFLATE, "deflate"),
    "deflate at another level": (zlib.compress(CALL, 0), "deflate"),
    "deflate with a small window": (SMALL_WINDOW, "deflate"),
    "deflate without a header": (DEFLATE[2:-4], "deflate"),
    "identity": (CALL, "identity"),
    "none": (CALL, ""),
}


@pytest.mark.parametrize("name", COMPRESSED)
def test_a_compressed_body(live_server: LiveServer, name: str) -> None:
    body, coding = COMPRESSED[name]
    headers = {"Content-Encoding": coding}
    assert is_version(request(live_server.server, "POST", JSON, body, headers=headers))


def test_a_compressed_soap_request(live_server: LiveServer) -> None:
    headers = {"Content-Encoding": "gzip", "Content-Type": "text/xml; charset=utf-8"}
    body = gzip.compress(envelope(VERSION))
    response = request(live_server.server, "POST", SOAP, body, headers=headers)
    assert response.status == 200
    assert "<tns:getVersionResult>" in response.text


SPOILED = {
    "not compressed": (CALL, "gzip"),
    "no deflate": (b"\x78\x9cx", "deflate"),
    "empty": (b"", "gzip"),
    "cut off": (GZIP[:-9], "gzip"),
    "without its checksum": (GZIP[:-4], "gzip"),
    "something behind": (GZIP + b"x", "gzip"),
    "something behind deflate": (DEFLATE + DEFLATE[:3], "deflate"),
    "many members": (gzip.compress(b"") * 1000 + GZIP, "gzip"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_body_that_is_compressed_wrongly(live_server: LiveServer, name: str) -> None:
    body, coding = SPOILED[name]
    headers = {"Content-Encoding": coding}
    response = request(live_server.server, "POST", JSON, body, headers=headers)
    assert response.status == 400
    assert f"isn't valid {coding}" in response.text


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, gzip", "a" * 3000])
def test_a_coding_that_is_not_read(live_server: LiveServer, coding: str) -> None:
    headers = {"Content-Encoding": coding}
    response = request(live_server.server, "POST", JSON, GZIP, headers=headers)
    assert response.status == 415
    assert response.headers["Accept-Encoding"] == "gzip, deflate"
    assert "gzip and deflate" in response.text


def test_a_compressed_body_that_is_too_large(proxied_server: LiveServer) -> None:
    body = gzip.compress(CALL + b" " * 10_000_000)
    for packed in (gzip.compress(CALL + b" " * 2000), body[:1900], gzip.compress(b" " * 1500) * 2):
        headers = {"Content-Encoding": "gzip"}
        response = request(proxied_server.server, "POST", JSON, packed, headers=headers)
        assert response.status == 413


def test_chunks(live_server: LiveServer) -> None:
    with Connection(live_server.server) as connection:
        connection.send(head(Transfer_Encoding="chunked") + chunked(CALL[:7], CALL[7:8], CALL[8:]))
        assert is_version(connection.receive())
        body = envelope(VERSION)
        connection.send(head(SOAP, Transfer_Encoding="chunked") + chunked(body[:50], body[50:]))
        assert connection.receive().status == 200


@ENDPOINTS
def test_expect_100_continue(live_server: LiveServer, path: str) -> None:
    body = CALL if path == JSON else envelope(VERSION)
    with Connection(live_server.server) as connection:
        connection.send(head(path, Content_Length=len(body), Expect="100-continue"))
        assert connection.socket.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.send(body)
        assert connection.receive().status == 200


def test_expect_100_continue_with_a_body_that_is_too_large(proxied_server: LiveServer) -> None:
    with Connection(proxied_server.server) as connection:
        connection.send(head(Content_Length=5000, Expect="100-continue"))
        assert connection.receive().status == 413


def test_a_connection_is_kept(live_server: LiveServer) -> None:
    body = envelope(VERSION)
    with Connection(live_server.server) as connection:
        for _ in range(3):
            connection.send(head(Content_Length=len(CALL)) + CALL)
            assert is_version(connection.receive())
            connection.send(head(SOAP, Content_Length=len(body)) + body)
            assert connection.receive().status == 200
            connection.send(head(SOAP, Content_Length=1) + b"x")
            assert connection.receive().status == 500


@pytest.mark.parametrize(("method", "path"), [("PUT", JSON), ("DELETE", SOAP), ("POST", "/none")])
def test_a_late_body_of_a_refused_request(live_server: LiveServer, method: str, path: str) -> None:
    """It is read before the response, so that the connection stays open."""
    begin = head(path, Content_Length=5).replace(b"POST", method.encode(), 1)
    with Connection(live_server.server) as connection:
        connection.send(begin)
        time.sleep(0.2)
        connection.send(b"12345")
        response = connection.receive(method)
        assert (response.status, response.headers["Connection"]) == (
            404 if path == "/none" else 405,
            None,
        )
        connection.send(head(Content_Length=len(CALL)) + CALL)
        assert is_version(connection.receive())


def test_a_refused_method_that_expects_100_continue(live_server: LiveServer) -> None:
    """It is refused before its body is sent."""
    with Connection(live_server.server) as connection:
        connection.send(head(Content_Length=5, Expect="100-continue").replace(b"POST", b"PUT", 1))
        assert connection.receive("PUT").status == 405


def test_http_1_0(live_server: LiveServer) -> None:
    with Connection(live_server.server) as connection:
        connection.send(
            b"POST /core/json.php HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % len(CALL) + CALL
        )
        assert is_version(connection.receive())


def test_responses_to_pipelined_requests_are_in_order(live_server: LiveServer) -> None:
    calls = [CALL.replace(b'"id":1', b'"id":%d' % call_id) for call_id in range(5)]
    with Connection(live_server.server) as connection:
        connection.send(b"".join(head(Content_Length=len(call)) + call for call in calls))
        received = b""
        while received.count(b'"jsonrpc"') < 5:
            received += connection.socket.recv(65536)
    positions = [received.index(b'"id":%d,' % call_id) for call_id in range(5)]
    assert positions == sorted(positions)


@pytest.mark.parametrize("length", ["-1", "1x", "9" * 5000, "5\r\nContent-Length: 46", "0x2e"])
def test_a_length_that_is_none_is_a_bad_request(live_server: LiveServer, length: str) -> None:
    with Connection(live_server.server) as connection:
        connection.send(head(Content_Length=length) + CALL)
        assert connection.receive().status == 400


def test_nothing_is_smuggled_behind_a_wrong_length(live_server: LiveServer) -> None:
    """Chunks win over a length, and the connection ends, so that the rest is no second request."""
    with Connection(live_server.server) as connection:
        smuggled = head(Content_Length=len(CALL)) + CALL
        connection.send(
            head(Content_Length=5, Transfer_Encoding="chunked") + chunked(CALL) + smuggled
        )
        assert is_version(connection.receive())
        connection.socket.settimeout(5)
        rest = b"".join(iter(lambda: connection.socket.recv(65536), b""))
        assert rest == b""


def test_a_client_that_leaves_does_no_harm(live_server: LiveServer) -> None:
    for _ in range(20):
        with Connection(live_server.server) as connection:
            connection.send(head(Content_Length=1000) + CALL)
    assert is_version(post_json(live_server.server, CALL))
    assert "Traceback" not in live_server.server.output


def test_no_response_describes_the_defect_of_a_request(live_server: LiveServer) -> None:
    for target in (
        "/?%ff=%zz&&&===",
        f"{SOAP}?%ff",
        f"{JSON}?types=%00",
        f"{JSON}?{'a=1&' * 5000}",
    ):
        assert get(live_server.server, target).status == 200
    assert "Traceback" not in live_server.server.output


# Pages -------------------------------------------------------------------------------------------


def test_browsers_get_a_page(live_server: LiveServer) -> None:
    for path, link in (
        ("/", "core/soap.php?wsdl&amp;style=rpc"),
        (SOAP, f"{live_server.server.soap}?wsdl"),
    ):
        response = get(live_server.server, path)
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        assert f'href="{link}"' in response.text
    assert response.headers["X-Content-Type-Options"] == "nosniff"
