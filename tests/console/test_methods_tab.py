"""The tab "Methods": forms from the contract, and both protocols side by side."""

from __future__ import annotations

import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from console import browser as browsers
from console.browser import Console
from support.raw_http import get
from support.server import Server

pytestmark = pytest.mark.browser


@pytest.fixture
def contract(demo: Server) -> dict[str, Any]:
    return get(demo, "/core/json.php?openrpc&types=native").json


def text(page: Page, name: str) -> str:
    """The content of a box of code."""
    return page.get_by_role("region", name=name, exact=True).inner_text()


def calls(page: Page) -> list[Request]:
    sent: list[Request] = []

    def seen(request: Request) -> None:
        if request.method == "POST":
            sent.append(request)

    page.on("request", seen)
    return sent


def test_every_method_has_its_form(console: Console, contract: dict[str, Any]) -> None:
    console.open("methods")
    page = console.page
    links = page.get_by_role("navigation", name="Methods").get_by_role("link")
    expect(links).to_have_text([method["name"] for method in contract["methods"]])
    schemas = contract["components"]["schemas"]
    for method in contract["methods"]:
        console.choose(method["name"])
        form = page.get_by_role("form", name=method["name"])
        expect(page.get_by_role("heading", name=method["name"])).to_be_visible()
        expect(page.get_by_role("tabpanel")).to_contain_text(method["description"])
        wanted = []
        for param in method["params"]:
            reference = param["schema"].get("$ref", "").rpartition("/")[2]
            wanted += list(schemas[reference]["properties"]) if reference else [param["name"]]
        names = form.locator("[name]:not([type=radio])")
        assert [each.get_attribute("name") for each in names.all()] == wanted
        both = form.get_by_role("radio", name="Both")
        expect(both).to_have_count(0 if method["x-writes"] else 1)
    limit = page.get_by_label("limit")
    console.choose("getExpenses")
    hint = "Maximum number of records. 0 for all. Default: 0."
    expect(limit).to_have_accessible_description(hint)


def test_a_method_that_reads_is_called_over_both(console: Console, demo: Server) -> None:
    page = console.page
    console.enter("clara", "demo-clara", "methods/getTimesheet")
    page.get_by_label("limit").fill("2")
    sent = calls(page)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("success", exact=True)).to_have_count(2)
    expect(page.get_by_text(re.compile(r"^200 OK · \d+ ms · "))).to_have_count(2)
    rpc, soap = sent
    assert json.loads(rpc.post_data or "")["params"]["limit"] == 2
    assert soap.headers["soapaction"] == '"getTimesheet"'
    answer = json.loads(text(page, "JSON-RPC response"))
    assert len(answer["result"]["items"]) == 2
    envelope = ElementTree.fromstring(text(page, "SOAP response"))
    rows = envelope.findall(".//{urn:kimai-remote}TimesheetRow")
    assert [row.findtext("{urn:kimai-remote}timeEntryID") for row in rows] == [
        item["timeEntryID"] for item in answer["result"]["items"]
    ]


def test_a_method_that_changes_something_is_sent_once(console: Console, demo: Server) -> None:
    page = console.page
    console.enter("clara", "demo-clara", "methods/setTimesheetRecord")
    fields = {
        "projectId": "1",
        "taskId": "11",
        "start": "2019-05-06 08:00",
        "end": "2019-05-06 09:30",
        "description": "One & <only>\nwith two lines",
    }
    sent = calls(page)
    for over, other in (("SOAP", "JSON-RPC"), ("JSON-RPC", "SOAP")):
        for name, value in fields.items():
            console.field(name).fill(value)
        page.get_by_role("radio", name=over, exact=True).check()
        page.get_by_role("button", name="Send").click()
        pane, idle = console.section(over), console.section(other)
        expect(pane.get_by_text("success", exact=True)).to_be_visible()
        expect(idle).to_contain_text("Not sent over this protocol.")
        expect(idle).to_contain_text("preview only")
    assert [request.url.rpartition("/")[2] for request in sent] == ["soap.php", "json.php"]
    console.choose("getTimesheet")
    console.field("from").fill("2019-05-06")
    console.field("to").fill("2019-05-07")
    page.get_by_label("Native numbers and booleans").check()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("success", exact=True)).to_have_count(2)
    rows = json.loads(text(page, "JSON-RPC response"))["result"]["items"]
    assert [row["description"] for row in rows] == [fields["description"]] * 2
    assert rows[0]["duration"] == 5400


def test_without_a_key_nothing_is_sent(console: Console) -> None:
    page = console.page
    console.open("methods/getUsers")
    sent = calls(page)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Sign in, or enter an API key.")).to_be_visible()
    expect(page.get_by_label("apiKey")).to_be_focused()
    assert sent == []
    page.get_by_label("apiKey").fill("wrong")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Unknown user or no permissions.", exact=True)).to_have_count(2)


def test_faults_and_errors_are_shown(console: Console) -> None:
    page = console.page
    console.expected.append("500")
    console.enter("clara", "demo-clara", "methods/getTasks")
    page.get_by_label("projectId").fill("many")
    page.get_by_role("button", name="Send").click()
    soap = console.section("SOAP")
    expect(soap.get_by_text(re.compile("^500 Internal Server Error"))).to_be_visible()
    expect(soap.locator(".pill.bad")).to_be_visible()
    expect(console.section("JSON-RPC").locator(".pill.bad")).to_be_visible()


def test_the_key_is_shown_on_request_only(console: Console) -> None:
    page = console.page
    console.enter("clara", "demo-clara", "methods/getUsers")
    key = page.evaluate("JSON.parse(sessionStorage['kimai-remote-session']).key")
    boxes = ("JSON-RPC request", "SOAP request", "curl code for JSON-RPC")
    expect(page.get_by_role("region", name=boxes[0])).to_contain_text("YOUR_API_KEY")
    assert not any(key in text(page, box) for box in boxes)
    page.get_by_label("Show my key").check()
    assert all(key in text(page, box) for box in boxes)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("region", name=boxes[0])).to_contain_text("YOUR_API_KEY")
    assert key not in page.content()


def test_a_new_method_needs_no_change_of_the_console(
    browser: Browser, demo: Server, contract: dict[str, Any]
) -> None:
    """Form, requests and code come from the contracts: here they have a method of another name."""
    renamed = json.dumps(contract).replace("getTasks", "getChores").replace("projectId", "houseId")
    wsdl = get(demo, "/core/soap.php?wsdl&style=document").text
    wsdl = wsdl.replace("getTasks", "getChores").replace("projectId", "houseId")
    wsdl = wsdl.replace("urn:kimai-remote", "urn:chores")
    with browsers.console(browser, demo.url) as console:
        page = console.page

        def answer(route: Route) -> None:
            route.fulfill(body=renamed if "openrpc" in route.request.url else wsdl)

        page.route(re.compile(r"\?(openrpc|wsdl)"), answer)
        console.open("methods/getChores")
        page.get_by_label("houseId").fill("7")
        expect(page.get_by_role("region", name="SOAP request")).to_contain_text("<houseId>7<")
        envelope = ElementTree.fromstring(text(page, "SOAP request"))
        (body,) = envelope[0]
        assert [body.tag, *[(child.tag, child.text) for child in body]] == [
            "{urn:chores}getChores",
            ("{urn:chores}apiKey", "YOUR_API_KEY"),
            ("{urn:chores}houseId", "7"),
        ]


def test_contracts_that_do_not_come(console: Console) -> None:
    console.expected.append("503")
    page = console.page
    page.route(re.compile(r"\?wsdl"), lambda route: route.fulfill(status=503))
    console.open("methods")
    expect(page.get_by_role("alert").first).to_contain_text("503 Service Unavailable")
    page.unroute(re.compile(r"\?wsdl"))
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("link", name="getUsers")).to_be_visible()
