"""Requests that were made to break something."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import corpus
import pytest
from accounts import REFUSED, key_of
from werkzeug.test import Client

from kimai_remote.api.service import RemoteApi
from kimai_remote.app import create_app
from kimai_remote.storage import models as m
from support.processes import allowed
from support.world import World

pytestmark = pytest.mark.one_database

#: Seconds that no single request of this file may take; the usual one takes a hundredth.
MAX_SECONDS = 5


class RawClient:
    """Raw requests in process, each of which must leave everything stored as it is."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.client = Client(create_app(world.service))
        self.before = world.snapshot()

    def send(self, path: str, body: bytes, content_type: str, **headers: str) -> Any:
        started = time.monotonic()
        response = self.client.post(
            path,
            data=body,
            content_type=content_type,
            headers=headers,
            base_url="http://kimai.test",
        )
        assert time.monotonic() - started < allowed(MAX_SECONDS)
        return response

    def json(self, body: bytes) -> Any:
        """The answer, which is JSON with status 200."""
        response = self.send("/core/json.php", body, "application/json")
        assert (response.status_code, response.mimetype) == (200, "application/json")
        return json.loads(response.get_data())

    def fault(self, body: bytes, content_type: str = "text/xml; charset=utf-8") -> str:
        """The text of a fault of the client's."""
        response = self.send("/core/soap.php", body, content_type)
        text = response.get_data(as_text=True)
        assert response.status_code == 500, text
        code, message = re.search(
            "<faultcode>[^:]*:(.*?)</faultcode><faultstring>(.*?)</faultstring>", text, re.S
        ).groups()  # type: ignore[union-attr]
        assert code in ("Client", "VersionMismatch", "MustUnderstand"), text
        return message


@pytest.fixture
def client(full_world: World) -> Iterator[RawClient]:
    client = RawClient(full_world)
    yield client
    assert full_world.snapshot() == client.before


# JSON --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", corpus.MALFORMED_JSON, ids=lambda body: repr(body[:24]))
def test_malformed_json(client: RawClient, body: bytes) -> None:
    response = client.json(body)
    error = {"code": -32700, "message": "Parse error", "data": None}
    version = {"jsonrpc": "2.0"} if body else {}
    assert response == {"error": error, "id": None, **version}


@pytest.mark.parametrize("body", corpus.NO_CALLS, ids=repr)
def test_json_that_is_not_a_call(client: RawClient, body: bytes) -> None:
    response = client.json(body)
    for error in response if isinstance(response, list) else [response]:
        assert error["error"]["code"] in (-32600, -32601), error


@pytest.mark.parametrize(
    ("body", "version"),
    [
        (b'{"method":"getUsers","method":"getVersion","id":1}', True),
        (b'{"method":"getVersion","method":"getUsers","id":1}', False),
        (b'{"method":"getVersion","id":1,"id":2}', True),
    ],
)
def test_the_last_of_duplicate_keys_counts(client: RawClient, body: bytes, version: bool) -> None:
    response = client.json(body)
    assert isinstance(response["result"], str) is version
    assert response["id"] == json.loads(body)["id"]


@pytest.mark.parametrize(
    "number",
    [
        "1" + "0" * 400,
        "-1" + "0" * 400,
        "1e999",
        "1e-999",
        "-0",
        "1" + "0" * 30,
        "0.0",
        "1.5",
        "9223372036854775808",
    ],
)
def test_huge_numbers(client: RawClient, number: str) -> None:
    """As id they come back with the same value; as parameter they are a clear error."""
    response = client.send(
        "/core/json.php", b'{"method":"getVersion","id":%b}' % number.encode(), "application/json"
    ).get_data(as_text=True)
    (identifier,) = re.findall(r'"id":([-+.\dEe]+)', response)
    assert json.loads(identifier) == json.loads(number)
    key = key_of(client.world, "alice")
    response = client.json(
        b'{"method":"removeTimesheetRecord","params":["%b",%b],"id":1}'
        % (key.encode(), number.encode())
    )
    if number in ("-0", "0.0"):
        assert response["result"]["error"]["msg"] == "Invalid ID"
    else:
        assert response["error"]["code"] == -32602


def test_a_huge_string_in_every_parameter(client: RawClient) -> None:
    for method, parameters in METHODS.items():
        for index in range(len(parameters)):
            params = [key_of(client.world, "alice"), "", "", "", "", "", ""][: len(parameters)]
            params[index] = "x" * 1_900_000
            if method == "authenticate":
                continue  # below: it counts failures
            response = client.json(corpus.call(method, *params))
            text = json.dumps(response)
            # A flag is true, whatever the text.
            flag = (method, index) == ("getProjects", 1)
            assert flag or ("error" in text and len(text) < 500), (method, index)


def test_a_huge_name_and_password(full_world: World) -> None:
    client = RawClient(full_world)
    for name, password in (("x" * 1_900_000, ""), ("alice", "x" * 1_900_000)):
        assert client.json(corpus.call("authenticate", name, password))["result"] == REFUSED


METHODS = {
    name: list(descriptor.in_message.get_flat_type_info(descriptor.in_message).items())
    for name, descriptor in RemoteApi.public_methods.items()
}


# Injection ---------------------------------------------------------------------------------------


def text_places() -> Iterator[tuple[str, int, str]]:
    """Each parameter of each method, and each field of a record in one."""
    for method, parameters in METHODS.items():
        for index, (_, spyne_type) in enumerate(parameters):
            fields = getattr(spyne_type, "_type_info", None)
            for field in list(fields) if fields else [""]:
                yield method, index, field


def injection_cases() -> Iterator[Any]:
    """Parametrize by parameter and field. All but one per method are slow tests."""
    last = {method: (method, *where) for method, *where in text_places()}
    for case in text_places():
        yield pytest.param(*case, marks=() if case == last[case[0]] else pytest.mark.slow)


@pytest.mark.parametrize(("method", "index", "field"), list(injection_cases()))
def test_injection_into_every_parameter(
    full_world: World, method: str, index: int, field: str
) -> None:
    """It is an error, is nothing's name, or is a text like any other: never part of a query."""
    full_world.settings = replace(full_world.settings, login_rate=0)
    client = RawClient(full_world)
    own = full_world.add_entry("alice")
    spent = full_world.add_expense("alice")
    full_world.add_entry("alice", end=0)
    stored = accounts_and_passwords(full_world)
    for text in corpus.INJECTIONS:
        params: list[Any] = [key_of(full_world, "alice")]
        if method == "authenticate":
            params = ["nobody", "no password"]
        params += [own if "Time" in method else spent] * (len(METHODS[method]) - len(params))
        if field:
            record = {"id": params[index]} if field != "id" else {}
            params[index] = record | {field: text}
            params[index + 1 :] = [True]
        elif method not in ("getVersion",):
            params[index] = text
        response = client.json(corpus.call(method, *params))
        if "error" in response:
            assert response["error"]["code"] == -32602, (text, response)
        elif method != "getVersion":
            assert response["result"]["success"] in (True, False)
            if not field and METHODS[method][index][0] in ("apiKey", "username", "password"):
                assert response["result"] == REFUSED
    assert accounts_and_passwords(full_world) == stored


def accounts_and_passwords(world: World) -> Any:
    user, customer = m.User.__table__.c, m.Customer.__table__.c
    return (
        world.execute(m.User.__table__.select().with_only_columns(user.userID, user.password)),
        world.execute(m.Customer.__table__.select().with_only_columns(customer.password)),
    )


# XML ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["document", "rpc"])
@pytest.mark.parametrize("attack", corpus.ENTITIES)
def test_document_types_and_entities(client: RawClient, attack: str, style: str) -> None:
    declared = corpus.ENTITIES[attack]
    call = corpus.element("authenticate", username="&xxe;", password="&xxe;")
    if style == "rpc":
        call = call.replace("u:username", "username").replace("u:password", "password")
    message = client.fault(corpus.envelope(call, declared))
    assert "root:" not in message
    assert "lol" not in message
    if attack == "empty dtd":
        call = corpus.element("getVersion")
        assert "document type" in client.fault(corpus.envelope(call, declared))


@pytest.mark.parametrize("depth", [300, 100_000])
def test_deep_xml(client: RawClient, depth: int) -> None:
    client.fault(corpus.envelope("<a>" * depth + "</a>" * depth))
    client.fault(b"<a>" * depth)
    inner = "<item><item><key>a</key><value>" * (depth // 4)
    client.fault(corpus.envelope(f"<getUsers><apiKey>{inner}</apiKey></getUsers>"))


def test_an_element_with_many_attributes(client: RawClient) -> None:
    many = " ".join(f'a{index}="1"' for index in range(100_000))
    client.fault(corpus.envelope(f"<u:getUsers {many}/>"))
    same = " ".join('a="1"' for index in range(100_000))
    client.fault(corpus.envelope(f"<u:getUsers {same}/>"))


def test_many_namespaces(client: RawClient) -> None:
    many = " ".join(f'xmlns:n{index}="u:{index}"' for index in range(40_000))
    children = "".join(f"<n{index}:a/>" for index in range(39_000, 39_500))
    client.fault(corpus.envelope(f"<u:getUsers {many}>{children}</u:getUsers>"))
    nested = "".join(f'<a xmlns:n{index}="u"><n{index}:b/></a>' for index in range(20_000))
    client.fault(corpus.envelope(f"<u:getUsers>{nested}</u:getUsers>"))


def test_many_elements(client: RawClient) -> None:
    many = corpus.envelope(f"<u:getUsers>{'<a/>' * 400_000}</u:getUsers>")
    assert "10000 elements" in client.fault(many)
    values = "".join(f'<v id="i{n}"><a href="#i{n + 1}"/></v>' for n in range(30_000))
    call = '<getUsers id=""><apiKey href="#i0"/></getUsers>'
    client.fault(corpus.envelope(call + values))


def test_values_that_refer_to_each_other(client: RawClient) -> None:
    """Ten references in each of thirty values would be read 10**30 times."""
    values = "".join(
        f'<v id="v{index}">' + f'<item href="#v{index + 1}"/>' * 10 + "</v>" for index in range(30)
    )
    call = '<setExpenseRecord><apiKey>a</apiKey><record href="#v0"/></setExpenseRecord>'
    client.fault(corpus.envelope(call + values))
    circle = '<v id="a"><item href="#b"/></v><v id="b"><item href="#a"/></v>'
    client.fault(corpus.envelope(call.replace("#v0", "#a") + circle))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"\x00",
        b"<",
        b"<a",
        b"<a>",
        b"a",
        b"<?xml version='1.0'?>",
        b"{}",
        b"<a></b>",
        b"<a b=1/>",
        b"<a b='1' b='2'/>",
        b"<a>\xff</a>",
        b"<a>\x01</a>",
        b"<a>&#0;</a>",
        b"<a>&#xD800;</a>",
        b"<a>&unknown;</a>",
        b"<?xml version='9.9'?><a/>",
        b"<?xml version='1.0' encoding='utf-7'?>+ADw-a/+AD4-",
        b"<a xmlns:x=''/>",
        b"<x:a/>",
        b"<e:Envelope/>",
        corpus.envelope("<x:getUsers/>"),
        corpus.envelope("<u:getUsers x:a='1'/>"),
        b"<e:Envelope><a xmlns='u'/></e:Envelope>",
        b"<?xml version='1.0' encoding='nonsense'?><a/>",
        b"<a/><a/>",
        b"<![CDATA[a]]>",
        b"<?xml-stylesheet href='http://evil.test/'?><a/>",
        b"<?xml version='1.0'",
        b"\xff\xfe<",
        b"\xfe\xff\x00<\x00a",
        b"\xef\xbb\xbf",
        b"<a xmlns:xi='http://www.w3.org/2001/XInclude'>"
        b"<xi:include href='file:///etc/passwd' parse='text'/></a>",
    ],
    ids=repr,
)
def test_malformed_xml(client: RawClient, body: bytes) -> None:
    client.fault(body)


@pytest.mark.parametrize("charset", ["utf-7", "punycode", "base64", "rot13", "idna", "x" * 500])
def test_unusual_character_sets(client: RawClient, charset: str) -> None:
    body = f"<?xml version='1.0' encoding='{charset}'?>".encode() + b"<a/>"
    client.fault(body, "text/xml")
    client.fault(corpus.envelope(corpus.element("getVersion")), f"text/xml; charset={charset}")


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_broken_utf_16(client: RawClient, codec: str) -> None:
    good = corpus.envelope(corpus.element("getVersion")).decode()
    lone = good.replace("getVersion>", "getVersion>\ud800", 1).encode(codec, "surrogatepass")
    client.fault(lone, f"text/xml; charset={codec}")
    client.fault(good.encode(codec)[:-1], f"text/xml; charset={codec}")


def test_includes_are_not_followed(client: RawClient) -> None:
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>'
    schema = 'xsi:schemaLocation="urn:kimai-remote file:///etc/passwd"'
    call = f'<u:getUsers xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" {schema}>'
    message = client.fault(corpus.envelope(f"{call}<u:apiKey>{include}</u:apiKey></u:getUsers>"))
    assert "root:" not in message


@pytest.mark.parametrize("mime", ["multipart/related; boundary=a", "MULTIPART/form-data"])
def test_attachments(client: RawClient, mime: str) -> None:
    body = b'--a\r\nContent-Type: text/xml\r\n\r\n<!DOCTYPE a [<!ENTITY b "c">]><a/>\r\n--a--'
    assert client.send("/core/soap.php", body, mime).status_code == 415


# Addresses ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/core/../core/soap.php/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//evil.test/%2f..",
        "/core/soap.php/",
        "/core/soap.php%00",
        "/core/json.php;a",
        "/core/JSON.php",
        "/core/",
        "/\\evil.test",
        "/core%2fjson.php",
        "/.git/config",
        "/kimai.sqlite3",
        "/secret",
        "/%ff%fe",
        "/core/soap.php\r\nX-A: b",
        "/" + "a/" * 5000 + "core/jsonphp",
    ],
    ids=lambda path: path[:40],
)
def test_unknown_paths(client: RawClient, path: str) -> None:
    started = time.monotonic()
    response = client.client.get(path, base_url="http://kimai.test")
    assert response.status_code in (200, 400, 404)
    if response.status_code == 200:
        # Two of them are the endpoints under another spelling of the same path.
        assert response.mimetype in ("application/json", "text/html")
    assert "Location" not in response.headers
    assert time.monotonic() - started < allowed(MAX_SECONDS)


@pytest.mark.parametrize(
    ("method", "status"),
    [
        *((method, 405) for method in ("PUT", "DELETE", "PATCH", "TRACE", "CONNECT")),
        *((method, 501) for method in ("PROPFIND", "X", "post")),
    ],
)
def test_other_http_methods(client: RawClient, method: str, status: int) -> None:
    for path in ("/", "/core/json.php", "/core/soap.php"):
        response = client.client.open(path, method=method, headers={"X-Private": "a"})
        assert response.status_code == status
        assert b"X-Private" not in response.get_data()
