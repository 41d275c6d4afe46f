"""The defects of Spyne 2.14 that this service works around, each shown on plain Spyne too.

When a newer Spyne has fixed one, its ``test_spyne_…`` fails and the workaround can go.
"""

from __future__ import annotations

import gc
import logging
import math
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import spyne.const
import spyne.context
from lxml import etree
from spyne_baseline import SpyneBaseline
from werkzeug.test import Client

from kimai_remote.app import create_app
from support.live_server import LiveServer
from support.raw_http import envelope, post_soap

NS = 'xmlns="urn:kimai-remote" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
VERSION = f"<getVersion {NS}/>"


def wrong_number(text: str) -> str:
    return f"<getTasks {NS}><apiKey>x</apiKey><projectId>{text}</projectId></getTasks>"


def fault(body: bytes) -> tuple[str, str]:
    """Code and text of a SOAP fault."""
    root = etree.fromstring(body)
    (code,), (text,) = root.iter("faultcode"), root.iter("faultstring")
    prefix, _, local = code.text.partition(":")
    assert code.nsmap[prefix] == "http://schemas.xmlsoap.org/soap/envelope/"
    return local, text.text


# 1: the errors of the schema are shared by all threads --------------------------------------------


def test_spyne_shares_the_errors_of_the_schema() -> None:
    schema = SpyneBaseline().app.in_protocol.validation_schema
    mine, other = (etree.fromstring(wrong_number(text)) for text in ("mine", "other"))
    assert not schema.validate(mine)
    thread = threading.Thread(target=schema.validate, args=(other,))
    thread.start()
    thread.join()
    assert "mine" not in schema.error_log.last_error.message


def test_each_fault_is_about_its_own_request(live_server: LiveServer) -> None:
    def ask(index: int) -> tuple[int, str]:
        return index, post_soap(live_server.server, wrong_number(f"number-{index}")).text

    with ThreadPoolExecutor(8) as pool:
        for index, text in pool.map(ask, range(200)):
            assert re.findall(r"number-\d+", text) == [f"number-{index}"]


# 2: a control character in an answer -------------------------------------------------------------


@pytest.fixture
def odd_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kimai_remote.tracking.kimai_version.KIMAI_VERSION", "1\x07\ud800")


@pytest.mark.usefixtures("odd_version")
def test_spyne_responds_with_200_and_no_content() -> None:
    status, body = SpyneBaseline().request(body=envelope(VERSION))
    assert status == 200
    assert b"getVersionResult" not in body


@pytest.mark.usefixtures("odd_version")
def test_a_control_character_becomes_a_replacement_character(live_server: LiveServer) -> None:
    client = Client(create_app(live_server.world.service))
    reply = client.post("/core/soap.php", data=envelope(VERSION), content_type="text/xml")
    assert reply.status_code == 200
    assert "<tns:getVersionResult>1\ufffd\ufffd-1394</tns:getVersionResult>" in reply.text


def test_a_stored_control_character_becomes_a_replacement_character(
    live_server: LiveServer,
) -> None:
    reply = post_soap(
        live_server.server, f"<getExpenses {NS}><apiKey>{live_server.key}</apiKey></getExpenses>"
    )
    assert reply.status == 200
    etree.fromstring(reply.body)
    assert "<tns:designation>Bell \ufffd ☕</tns:designation>" in reply.text


# 3: xsi:nil="false" ------------------------------------------------------------------------------


def test_spyne_reads_nil_false_as_null() -> None:
    baseline = SpyneBaseline()
    seen = []
    baseline.app.event_manager.add_listener(
        "method_call", lambda ctx: seen.append(ctx.in_object.projectId)
    )
    body = f'<getTasks {NS}><apiKey>x</apiKey><projectId xsi:nil="false">1</projectId></getTasks>'
    baseline.request(body=envelope(body))
    assert seen == [None]


@pytest.mark.parametrize(
    ("nil", "content", "is_null"),
    [
        ("false", "1", False),
        ("0", "1", False),
        (" false ", "1", False),
        ("true", "", True),
        ("1", "", True),
        (" true ", "", True),
    ],
)
def test_nil_false_is_no_null(
    live_server: LiveServer, nil: str, content: str, is_null: bool
) -> None:
    reply = post_soap(
        live_server.server,
        f'<getTasks {NS}><apiKey>{live_server.key}</apiKey><projectId xsi:nil="{nil}">{content}'
        "</projectId></getTasks>",
    )
    assert reply.status == 200
    # Only the tasks of a project have a budget.
    assert ("<tns:budget>" not in reply.text) is is_null


# 4: exceptions that escape -----------------------------------------------------------------------

LOGIN = f"<authenticate {NS}><username>X</username><password>y</password></authenticate>"
ESCAPING = {
    "an empty body": (b"", "text/xml"),
    "an empty Body element": (envelope(""), "text/xml"),
    "an unknown charset": (envelope(VERSION), "text/xml; charset=klingon"),
    "invalid UTF-8": (envelope(LOGIN).replace(b"X", b"\xff"), "text/xml; charset=utf-8"),
    "an entity in the body": (
        b'<!DOCTYPE x [<!ENTITY a "b">]>' + envelope(LOGIN).replace(b"X", b"&a;"),
        "text/xml",
    ),
}


@pytest.mark.parametrize("name", ESCAPING)
def test_spyne_lets_exceptions_out(name: str) -> None:
    body, content_type = ESCAPING[name]
    with pytest.raises(Exception):  # noqa: B017 (of five different types)
        SpyneBaseline().request(body=body, content_type=content_type)


@pytest.mark.parametrize("name", ESCAPING)
def test_each_is_a_fault_of_the_client(live_server: LiveServer, name: str) -> None:
    body, content_type = ESCAPING[name]
    reply = post_soap(live_server.server, body, content_type)
    assert reply.status == 500
    assert reply.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert fault(reply.body)[0] == "Client"


# 5: attachments ----------------------------------------------------------------------------------

MULTIPART = 'multipart/related; boundary=x; start="<a>"; type="text/xml"'
WITH_ATTACHMENT = b"--x\r\nContent-Type: text/xml\r\nContent-ID: <a>\r\n\r\n%s\r\n--x--" % envelope(
    VERSION
)


def test_spyne_parses_attachments() -> None:
    status, body = SpyneBaseline().request(body=WITH_ATTACHMENT, content_type=MULTIPART)
    assert status == 200
    assert b"getVersionResult" in body


@pytest.mark.parametrize(
    "content_type", [MULTIPART, "multipart/related", "Multipart/Form-Data; boundary=x"]
)
def test_attachments_are_an_unsupported_media_type(
    live_server: LiveServer, content_type: str
) -> None:
    reply = post_soap(live_server.server, WITH_ATTACHMENT, content_type)
    assert reply.status == 415
    assert b"Envelope" not in reply.body


# 6: second child, mustUnderstand, versions -------------------------------------------------------

TWO = envelope(VERSION + f"<getUsers {NS}><apiKey>x</apiKey></getUsers>")
IMPORTANT = envelope(VERSION).replace(
    b"<e:Body>",
    b'<e:Header><x:transaction xmlns:x="urn:x" e:mustUnderstand="1"/></e:Header><e:Body>',
)
DRAFT = envelope(VERSION).replace(
    b"http://schemas.xmlsoap.org/soap/envelope/", b"http://www.w3.org/2001/12/soap-envelope"
)


@pytest.mark.parametrize("body", [TWO, IMPORTANT], ids=["two", "mustUnderstand"])
def test_spyne_ignores_what_it_should_not(body: bytes) -> None:
    assert SpyneBaseline().request(body=body)[0] == 200


def test_spyne_does_not_name_the_wrong_version() -> None:
    status, body = SpyneBaseline().request(body=DRAFT)
    assert status == 500
    assert fault(body)[0] == "Client.SoapError"


@pytest.mark.parametrize(
    ("body", "code"),
    [(TWO, "Client"), (IMPORTANT, "MustUnderstand"), (DRAFT, "VersionMismatch")],
    ids=["two", "mustUnderstand", "draft of SOAP 1.2"],
)
def test_each_has_its_fault(live_server: LiveServer, body: bytes, code: str) -> None:
    reply = post_soap(live_server.server, body)
    assert reply.status == 500
    assert fault(reply.body)[0] == code


@pytest.mark.parametrize(
    ("attributes", "served"),
    [
        ('e:mustUnderstand="0"', True),
        ('e:mustUnderstand="1" e:actor="urn:someone-else"', True),
        ('e:mustUnderstand="1" e:actor="http://schemas.xmlsoap.org/soap/actor/next"', False),
        ('mustUnderstand="1"', True),
    ],
)
def test_only_headers_for_this_service_matter(
    live_server: LiveServer, attributes: str, served: bool
) -> None:
    body = IMPORTANT.replace(b'e:mustUnderstand="1"', attributes.encode())
    assert (post_soap(live_server.server, body).status == 200) is served


# 7: a garbage collection inside requests ---------------------------------------------------------


def collections_during(call: object, monkeypatch: pytest.MonkeyPatch) -> int:
    collected = []
    monkeypatch.setattr(spyne.context.gc, "collect", lambda *_: collected.append(1))
    call()  # type: ignore[operator]
    return len(collected)


def test_spyne_collects_garbage_inside_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    # The package sets the interval for the process; this is what Spyne comes with.
    monkeypatch.setattr(spyne.const, "MIN_GC_INTERVAL", 1)
    monkeypatch.setattr(spyne.context, "_LAST_GC_RUN", 0.0)
    baseline = SpyneBaseline()
    assert collections_during(lambda: baseline.request(body=envelope(VERSION)), monkeypatch) > 0


def test_no_request_collects_garbage(
    live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert math.isinf(spyne.const.MIN_GC_INTERVAL)
    client = Client(create_app(live_server.world.service))
    call = lambda: client.post("/core/soap.php", data=envelope(VERSION))  # noqa: E731
    assert collections_during(call, monkeypatch) == 0
    assert gc.isenabled()


# 8: passwords in the log -------------------------------------------------------------------------

SECRET = f"<authenticate {NS}><username>a</username><password>hunter2</password><x/></authenticate>"
MALFORMED = envelope(SECRET)[:-1]


def test_spyne_logs_whole_requests(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, "spyne.protocol.soap.soap11.invalid")
    SpyneBaseline().request(body=MALFORMED)
    assert "hunter2" in caplog.text


@pytest.mark.parametrize("body", [MALFORMED, envelope(SECRET)], ids=["malformed", "invalid"])
def test_no_password_in_the_log(live_server: LiveServer, body: bytes) -> None:
    reply = post_soap(live_server.server, body)
    assert fault(reply.body)[0] == "Client"
    assert "hunter2" not in reply.text
    assert "hunter2" not in live_server.server.output
