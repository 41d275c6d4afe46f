"""The same errors over SOAP."""

from __future__ import annotations

from xml.etree import ElementTree

from kimai_remote.api.fields import NAMESPACE
from support.raw_http import SOAP_ENVELOPE, post_soap
from support.server import Server

from .client import NOT_NOW


def assert_not_now(server: Server, method: str, **arguments: object) -> None:
    """:raises AssertionError: the call isn't answered with the fault of a database that can't
    serve."""
    content = "".join(f"<k:{name}>{value}</k:{name}>" for name, value in arguments.items())
    reply = post_soap(server, f'<k:{method} xmlns:k="{NAMESPACE}">{content}</k:{method}>')
    assert reply.status == 500, reply.text
    fault = ElementTree.fromstring(reply.body).find(f".//{{{SOAP_ENVELOPE}}}Fault")
    assert fault is not None
    code, text = fault.findtext("faultcode", ""), fault.findtext("faultstring")
    assert (code.split(":")[-1], text) == ("Server", NOT_NOW)
