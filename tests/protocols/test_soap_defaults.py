"""Defaults of document/literal: in words in the contract, in force where a parameter is absent.

An attribute ``default`` would be about empty elements; .NET refuses it, or generates what doesn't
compile.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from lxml import etree

from kimai_remote.protocols.discovery import methods
from support.live_server import LiveServer, started
from support.raw_http import get, post_soap

XSD = "{http://www.w3.org/2001/XMLSchema}"
NS = 'xmlns="urn:kimai-remote" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
#: What an XML schema writes for a value of Python.
DEFAULTS = {
    (method.name, parameter.name): str(parameter.default).lower()
    for method in methods()
    for parameter in method.parameters
    if parameter.default is not None
}
RECORD = "<record><projectId>{project}</projectId>%s</record>"
TIMES = "<taskId>{task}</taskId><start>{start}</start><end>{end}</end>"
EXPENSE = "<date>{start}</date><designation>x</designation><value>1</value>"
#: A value that gets another response than the default, and where it stands in the call.
OTHERS = {
    ("getProjects", "includeTasks"): ("true", "%s"),
    ("getTimesheet", "from"): ("{end}", "%s"),
    ("getTimesheet", "to"): ("{start}", "%s"),
    ("getTimesheet", "cleared"): ("1", "%s"),
    ("getTimesheet", "start"): ("1", "%s<limit>1</limit>"),
    ("getTimesheet", "limit"): ("1", "%s"),
    ("setTimesheetRecord", "doUpdate"): ("true", f"{RECORD % TIMES}%s"),
    ("getExpenses", "from"): ("{end}", "%s"),
    ("getExpenses", "to"): ("{start}", "%s"),
    ("getExpenses", "refundable"): ("0", "%s"),
    ("getExpenses", "cleared"): ("1", "%s"),
    ("getExpenses", "start"): ("1", "%s<limit>1</limit>"),
    ("getExpenses", "limit"): ("1", "%s"),
    ("setExpenseRecord", "doUpdate"): ("true", f"{RECORD % EXPENSE}%s"),
}


@pytest.fixture(scope="module")
def two_of_each(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with two time entries and two expenses of alice's."""
    with started(tmp_path_factory.mktemp("defaults")) as running:
        running.world.add_entry(start=running.world.now - 80_000)
        running.world.add_expense(designation="another")
        yield running


def test_every_default_is_tried() -> None:
    assert set(OTHERS) == set(DEFAULTS)


def test_the_contract_says_defaults_in_words(live_server: LiveServer) -> None:
    wsdl = etree.fromstring(get(live_server.server, "/core/soap.php?wsdl&style=document").body)
    elements = list(wsdl.iter(f"{XSD}element"))
    assert not [e.get("name") for e in elements if {"default", "fixed"} & set(e.attrib)]
    described = {}
    for message in wsdl.iter(f"{XSD}complexType"):
        for element in message.iter(f"{XSD}element"):
            text = element.findtext(f"{XSD}annotation/{XSD}documentation") or ""
            if found := re.search(r"If absent or nil: (\S+)\.$", text):
                described[message.get("name"), element.get("name")] = found[1]
    assert described == DEFAULTS


@pytest.mark.parametrize(("method", "name"), DEFAULTS)
def test_what_is_absent_has_its_default(two_of_each: LiveServer, method: str, name: str) -> None:
    other, parameters = OTHERS[method, name]

    def ask(element: str) -> str:
        return response(two_of_each, method, parameters % element)

    expected = ask(f"<{name}>{DEFAULTS[method, name]}</{name}>")
    assert "<tns:success>true</tns:success>" in expected
    assert ask(f"<{name}>{other}</{name}>") != expected
    for form in ("", f'<{name} xsi:nil="true"/>', f"<{name}/>"):
        assert ask(form) == expected, form


def response(running: LiveServer, method: str, parameters: str) -> str:
    """The response to a call of alice's, without the ID of a new record."""
    world = running.world
    values = {
        "project": world.shop,
        "task": world.coding,
        "start": world.now - 1_000_000,
        "end": world.now + 1_000,
    }
    body = f"<apiKey>{running.key}</apiKey>{parameters.format(**values)}"
    reply = post_soap(running.server, f"<{method} {NS}>{body}</{method}>")
    assert reply.status == 200, reply.text
    return re.sub(r"(?<=<tns:id>)\d+", "…", reply.text)
