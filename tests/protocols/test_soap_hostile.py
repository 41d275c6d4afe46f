"""Unusual, invalid and hostile SOAP requests: valid XML is served, all else is a Client fault."""

from __future__ import annotations

import ctypes

import pytest
from lxml import etree

from kimai_remote.protocols import soap_envelope
from support.live_server import LiveServer
from support.raw_http import envelope, post_soap

NS = 'xmlns="urn:kimai-remote" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
VERSION = f"<getVersion {NS}/>"
XML = "text/xml"


def login(user: str) -> str:
    return envelope(
        f"<authenticate {NS}><username>{user}</username><password>correct horse</password>"
        "</authenticate>"
    ).decode()


def declared(encoding: str, document: str) -> str:
    return f'<?xml version="1.0" encoding="{encoding}"?>{document}'


def tasks(number: str) -> bytes:
    return envelope(f"<getTasks {NS}><apiKey>x</apiKey>{number}</getTasks>")


def test_lxml_keeps_names_where_they_are_removed() -> None:
    """Under a key of its own in the state of each thread, which no documentation tells."""
    etree.fromstring("<a/>")
    state = ctypes.cast(soap_envelope._thread_state(), ctypes.py_object).value
    assert soap_envelope.LXML_NAMES in state


def values_beside(call: str, attributes: str = 'id="v"') -> bytes:
    """Return an envelope with a call and a value that a parameter might refer to."""
    encoding = 'xmlns:c="http://schemas.xmlsoap.org/soap/encoding/"'
    return envelope(f"{call}<value {encoding} {attributes}>7</value>")


ALICE = login("alice")
ALICE_CALL = ALICE[ALICE.index("<authenticate") : ALICE.index("</e:Body>")]


def referring(values: str) -> bytes:
    """Return alice's login with a reference for the name, and values beside the call."""
    call = ALICE_CALL.replace("<username>alice</username>", '<username href="#a"/>')
    return envelope(f"{call}{values}")


def with_attributes(call: str, values: str = "") -> bytes:
    """Return alice's login with attributes on the call, and on its parameters."""
    namespaces = (
        'xmlns:c="http://schemas.xmlsoap.org/soap/encoding/" xmlns:d="urn:d" '
        'xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"'
    )
    changed = ALICE.replace("<authenticate ", f"<authenticate {namespaces} {call} ")
    for name in ("username", "password"):
        changed = changed.replace(f"<{name}>", f"<{name} {values}>")
    return changed.encode()


def with_namespaces(count: int) -> bytes:
    declarations = " ".join(f'xmlns:a{n}="u{n}"' for n in range(count))
    return ALICE.replace("<e:Body>", f"<e:Body {declarations}>").encode()


def with_header(content: str) -> bytes:
    return ALICE.replace("<e:Body>", f"<e:Header><x>{content}</x></e:Header><e:Body>").encode()


#: Requests that log alice in: body and Content-Type.
ODD = {
    "no charset": (ALICE.encode(), XML),
    "no Content-Type": (ALICE.encode(), ""),
    "a quoted charset in capitals": (ALICE.encode(), 'TEXT/XML; Charset="UTF-8"'),
    "a byte order mark": (b"\xef\xbb\xbf" + ALICE.encode(), XML),
    "a byte order mark against the declaration": (
        b"\xef\xbb\xbf" + declared("iso-8859-1", ALICE).encode(),
        XML,
    ),
    "UTF-16": (ALICE.encode("utf-16"), XML),
    "UTF-16, declared": (declared("utf-16", ALICE).encode("utf-16"), "text/xml; charset=utf-16"),
    "UTF-16 without a mark": (ALICE.encode("utf-16-le"), "text/xml; charset=utf-16le"),
    "Latin 1": (declared("iso-8859-1", ALICE + "<!-- ü -->").encode("latin1"), XML),
    "Windows 1252": (declared("windows-1252", ALICE + "<!-- € -->").encode("cp1252"), XML),
    "HTTP's charset against the declaration": (
        declared("utf-8", ALICE + "<!-- ü -->").encode("latin1"),
        "text/xml; charset=iso-8859-1",
    ),
    "a charset that was declared but isn't used": (
        declared("klingon", ALICE).encode(),
        "text/xml; charset=utf-8",
    ),
    "a comment in the value": (login("al<!-- x -->ice").encode(), XML),
    "an instruction in the value": (login("al<?x y?>ice").encode(), XML),
    "CDATA": (login("al<![CDATA[ice]]>").encode(), XML),
    "character references": (login("&#97;lic&#x65;").encode(), XML),
    "XML 1.1": (b'<?xml version="1.1"?>' + ALICE.encode(), XML),
    "comments around the call": (ALICE.replace("<e:Body>", "<e:Body> <!-- x --> ").encode(), XML),
    "a schemaLocation": (
        ALICE.replace(
            "<authenticate ",
            '<authenticate xsi:schemaLocation="urn:kimai-remote http://127.0.0.1:1/x.xsd" ',
        ).encode(),
        XML,
    ),
    "rpc/encoded attributes on the call": (with_attributes('id="o0" c:root="1"'), XML),
    "types": (with_attributes('xsi:type="d:authenticate"', 'xsi:type="xsd:string"'), XML),
    "other types": (with_attributes("", 'xsi:type="d:int" id="v"'), XML),
    "attributes of other namespaces": (with_attributes('d:x="1"', 'd:y="2" xml:lang="de"'), XML),
    "not null": (with_attributes("", 'xsi:nil="0"'), XML),
    "a value beside the call": (values_beside(ALICE_CALL), XML),
    "a call with an ID and a value beside": (
        values_beside(
            ALICE_CALL.replace(
                "<authenticate ",
                '<authenticate id="o0" c:root="1" '
                'xmlns:c="http://schemas.xmlsoap.org/soap/encoding/" ',
            )
        ),
        XML,
    ),
    "a referenced value": (referring('<value id="a">alice</value>'), XML),
    "a value that refers to itself, but isn't referred to": (
        referring('<a id="a">alice</a><b id="b"><c href="#b"/></b>'),
        XML,
    ),
    "a call with an ID before a value with one": (
        values_beside(ALICE_CALL.replace("<authenticate", '<authenticate id="a"')),
        XML,
    ),
    "UTF-16 by its first bytes": (ALICE.encode("utf-16-be"), XML),
    "UTF-16 that was declared alone": (declared("utf-16", ALICE).encode(), XML),
    "UTF-16 that HTTP alone has": (ALICE.encode(), "text/xml; charset=utf-16"),
    "ASCII that isn't": (declared("us-ascii", ALICE + "<!-- ü -->").encode(), XML),
    "Latin 1 with UTF-8 in HTTP": (
        declared("iso-8859-1", ALICE + "<!-- ü -->").encode("latin1"),
        "text/xml; charset=utf-8",
    ),
    "UTF-8 with UTF-16 in both": (
        declared("utf-16", ALICE + "<!-- ü -->").encode(),
        "text/xml; charset=utf-16",
    ),
    "the type of a form": (ALICE.encode(), "application/x-www-form-urlencoded"),
    "the type of any bytes": (ALICE.encode(), "application/octet-stream"),
    "5,000 namespaces": (with_namespaces(5_000), XML),
    "5,000 elements": (with_header("<a/>" * 5_000), XML),
    "a text like many elements": (with_header(f"<![CDATA[{'<a b=' * 50_000}]]>"), XML),
    "a text like a document type": (with_header("<![CDATA[<!DOCTYPE x>]]>"), XML),
    "a text of equals signs": (with_header("=" * 500_000), XML),
}


@pytest.mark.parametrize("name", ODD)
def test_is_odd_but_right(live_server: LiveServer, name: str) -> None:
    body, content_type = ODD[name]
    reply = post_soap(live_server.server, body, content_type)
    assert reply.status == 200, reply.text
    assert f"<tns:apiKey>{live_server.key}</tns:apiKey>" in reply.text


BAD = {
    "spaces": (b" \n ", XML),
    "text in the Body": (envelope("hello"), XML),
    "UTF-32": (ALICE.encode("utf-32"), XML),
    "UTF-32, declared": (ALICE.encode("utf-32-be"), "text/xml; charset=utf-32be"),
    "UTF-7": (ALICE.encode("utf-7"), "text/xml; charset=utf-7"),
    "punycode, slow to read": (b"a" * 500_000, "text/xml; charset=punycode"),
    "idna, slow to read": (b"xn--" + b"a" * 500_000, "text/xml; charset=idna"),
    "an escape codec": (ALICE.encode(), "text/xml; charset=unicode_escape"),
    "base64": (ALICE.encode(), "text/xml; charset=base64"),
    "rot13": (ALICE.encode(), "text/xml; charset=rot13"),
    "a NUL in the charset": (ALICE.encode(), 'text/xml; charset="utf\\0-8"'),
    "a long charset": (ALICE.encode(), "text/xml; charset=" + "a" * 5000),
    "EBCDIC": (declared("cp037", ALICE).encode("cp037"), XML),
    "half a surrogate pair": (
        ALICE.encode("utf-16-le") + b"\x00\xd8",
        "text/xml; charset=utf-16le",
    ),
    "a document type": (b"<!DOCTYPE x>" + ALICE.encode(), XML),
    "a billion laughs": (
        b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "'
        + b"&a;" * 1000
        + b'"><!ENTITY c "'
        + b"&b;" * 1000
        + b'">]>'
        + login("&c;").encode(),
        XML,
    ),
    "an external entity": (
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + login("&a;").encode(),
        XML,
    ),
    "an undeclared entity": (login("&foo;").encode(), XML),
    "a NUL": (login("al\0ice").encode(), XML),
    "a reference to a control character": (login("al&#7;ice").encode(), XML),
    "a reference to a surrogate": (login("al&#xD800;ice").encode(), XML),
    "an element in a text": (login("<b>alice</b>").encode(), XML),
    "a NULL key": (login('alice</username><username xsi:nil="true"/>').encode(), XML),
    "something behind the end": (ALICE.encode() + b"x", XML),
    "an undeclared prefix": (envelope("<x:getVersion/>"), XML),
    # The parser refuses it only where nothing else is odd.
    "a namespace that is no URI": (
        envelope('<u:getVersion xmlns="u"/>').replace(b"<e:Body>", b'<e:Body xmlns:u=":x">'),
        XML,
    ),
    "a namespace that is no URI, behind much noise": (
        envelope('<u:getVersion xmlns="u"/>').replace(
            b"<e:Body>",
            b'<e:Header xmlns:a="urn:a" xmlns:b="urn:a">'
            + b'<x a:c="" b:c=""/>' * 120
            + b'</e:Header><e:Body xmlns:u=":x y">',
        ),
        XML,
    ),
    "XML's own namespace": (envelope("<xml:getVersion/>"), XML),
    "depth": (envelope("<a>" * 3000 + "</a>" * 3000), XML),
    "two Bodies": (envelope(VERSION).replace(b"</e:Envelope>", b"<e:Body/></e:Envelope>"), XML),
    "no envelope": (VERSION.encode(), XML),
    "no such method": (envelope(f"<nothing {NS}/>"), XML),
    "50,000 attributes": (
        envelope("<getVersion " + " ".join(f'a{n}=""' for n in range(50_000)) + f" {NS}/>"),
        XML,
    ),
    "20,000 namespaces": (with_namespaces(20_000), XML),
    "20,000 elements": (with_header("<a/>" * 20_000), XML),
    "a long namespace": (with_header(f'<a xmlns="{"u" * 100_000}"/>'), XML),
    "a long tag": (with_header(f'<a b="{"c" * 200_000}"/>'), XML),
    "default attributes": (
        b'<!DOCTYPE x [<!ATTLIST a b CDATA "">]>' + with_header("<a/>" * 1_000),
        XML,
    ),
    "a surplus element": (envelope(f"<getVersion {NS}><x/></getVersion>"), XML),
    "a wrong order": (
        envelope(f"<getTasks {NS}><projectId>1</projectId><apiKey>x</apiKey></getTasks>"),
        XML,
    ),
    "an empty number": (tasks("<projectId/>"), XML),
    "digits beyond any number": (tasks(f"<projectId>{'9' * 6000}</projectId>"), XML),
    "6000 leading zeros": (tasks(f"<projectId>{'0' * 6000}1</projectId>"), XML),
    "a text in a nilled element": (tasks('<projectId xsi:nil="true">1</projectId>'), XML),
    "an attribute of no namespace": (tasks('<projectId value="2">1</projectId>'), XML),
    "an attribute of the contract's": (
        tasks('<projectId xmlns:k="urn:kimai-remote" k:value="2">1</projectId>'),
        XML,
    ),
    "a reference to nothing": (referring('<value id="b">alice</value>'), XML),
    "a reference to itself": (referring('<value id="a" href="#a"/>'), XML),
    "a reference to what contains it": (referring('<value id="a"><b href="#a"/></value>'), XML),
    "references that multiply": (
        referring(
            "".join(
                '<v id="' + name + '">' + f'<x href="#{name}a"/>' * 10 + "</v>"
                for name in ("a" * count for count in range(1, 20))
            )
        ),
        XML,
    ),
    "two calls by their roots": (values_beside(ALICE_CALL, 'id="v" c:root="1"'), XML),
    "a boolean in capitals": (
        envelope(
            f"<getProjects {NS}><apiKey>x</apiKey><includeTasks>TRUE</includeTasks></getProjects>"
        ),
        XML,
    ),
    "NaN for money": (
        envelope(
            f"<setTimesheetRecord {NS}><apiKey>x</apiKey><record><rate>NaN</rate></record>"
            "</setTimesheetRecord>"
        ),
        XML,
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_is_a_fault_of_the_client(live_server: LiveServer, name: str) -> None:
    body, content_type = BAD[name]
    reply = post_soap(live_server.server, body, content_type)
    assert reply.status == 500
    root = etree.fromstring(reply.body)
    assert root.findtext(".//faultcode").endswith(":Client")
    assert 10 < len(root.findtext(".//faultstring")) <= 400
    assert "Traceback" not in live_server.server.output


@pytest.mark.parametrize("space", ["", " ", "\n\t"])
def test_space_around_numbers_and_flags_is_ignored(live_server: LiveServer, space: str) -> None:
    response = post_soap(
        live_server.server,
        f"<getTasks {NS}><apiKey>{live_server.key}</apiKey>"
        f"<projectId>{space}+1{space}</projectId></getTasks>",
    )
    assert "<tns:budget>" in response.text
    for flag, truth in (("true", True), ("1", True), ("false", False), ("0", False)):
        reply = post_soap(
            live_server.server,
            f"<getProjects {NS}><apiKey>{live_server.key}</apiKey>"
            f"<includeTasks>{space}{flag}{space}</includeTasks></getProjects>",
        )
        assert ("<tns:tasks>" in reply.text) is truth


@pytest.mark.parametrize(
    "call",
    [
        f"<getVersion {NS}>\n\t </getVersion>",
        f"<getVersion {NS} xsi:nil='true'> </getVersion>",
        f"<getVersion {NS}>\r\n<!-- none --> </getVersion>",
    ],
)
def test_space_in_a_call_without_parameters_is_ignored(live_server: LiveServer, call: str) -> None:
    assert "<tns:getVersionResult>" in post_soap(live_server.server, call).text


@pytest.mark.parametrize("null", ['xsi:nil="true"', 'xsi:nil=" 1 "', 'xsi:null="true"'])
@pytest.mark.parametrize("content", ["", "\n  "])
def test_null(live_server: LiveServer, null: str, content: str) -> None:
    """In both styles. The tasks of no project at all have no budget."""
    key = live_server.key
    for call in (
        f"<getTasks {NS}><apiKey>{key}</apiKey><projectId {null}>{content}</projectId></getTasks>",
        f'<k:getTasks xmlns:k="urn:k" {NS.split(" ", 1)[1]}><apiKey>{key}</apiKey>'
        f"<projectId {null}>{content}</projectId></k:getTasks>",
    ):
        reply = post_soap(live_server.server, call)
        assert reply.status == 200, reply.text
        assert "activityID" in reply.text
        assert "budget" not in reply.text


def test_a_failure_is_an_ordinary_response(live_server: LiveServer) -> None:
    reply = post_soap(live_server.server, f"<getUsers {NS}><apiKey>x</apiKey></getUsers>")
    assert reply.status == 200
    assert (
        "<tns:getUsersResult><tns:success>false</tns:success><tns:error>"
        "<tns:msg>Unknown user or no permissions.</tns:msg></tns:error></tns:getUsersResult>"
    ) in reply.text
