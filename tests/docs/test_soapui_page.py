"""The requests of the SoapUI page, sent as SoapUI sends them."""

from __future__ import annotations

import pytest
from lxml import etree

from support.markdown import blocks
from support.raw_http import Response, call, post_soap
from support.server import ROOT, Server

PAGE = ROOT / "docs" / "how-to" / "clients" / "soapui.md"


def send(server: Server, request: str) -> Response:
    """Send a request with the project's property filled in."""
    key = call(server, "authenticate", "anna", "demo-anna")["items"][0]["apiKey"]
    return post_soap(server, request.replace("${#Project#key}", key).encode())


@pytest.mark.slow
def test_each_request_is_answered(demo_server: Server) -> None:
    login, answer, *rest = [block.code for block in blocks(PAGE) if block.language == "xml"]
    got = send(demo_server, login)
    wanted, found = etree.fromstring(answer), etree.fromstring(got.body)
    assert [node.tag for node in wanted.iter()] == [node.tag for node in found.iter()]
    assert [len(rest), "startRecord" in rest[0], "stopRecord" in rest[1]] == [3, True, True]
    for request in rest:
        reply = send(demo_server, request)
        assert reply.status == 200
        assert b":success>true<" in reply.body
