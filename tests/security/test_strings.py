"""The Big List of Naughty Strings, and control characters, through every text field and back."""

from __future__ import annotations

import json
import re
from typing import Any

import corpus
import pytest
from accounts import REFUSED, key_of
from werkzeug.test import Client

from kimai_remote.app import create_app
from support.world import World

pytestmark = pytest.mark.slow

NAUGHTY = [*corpus.naughty(), *corpus.INJECTIONS]
#: Characters that XML 1.0 doesn't allow, and those that a request must not contain.
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
CONTROLS = "".join(map(chr, range(1, 32))) + "\x7f\x80\x85\x9f\u2028\ufeff\ufffe\uffff"


@pytest.fixture
def naughty(pytestconfig: pytest.Config) -> list[str]:
    """As many of the texts as the option ``--strings`` says, from all parts of the list."""
    step = max(1, len(NAUGHTY) // pytestconfig.option.strings)
    return NAUGHTY[::step]


class RawClient:
    """Alice's calls, raw in both protocols."""

    def __init__(self, world: World) -> None:
        self.client = Client(create_app(world.service))
        self.key = key_of(world, "alice")

    def json(self, method: str, *params: Any) -> Any:
        body = corpus.call(method, self.key, *params)
        response = self.client.post("/core/json.php?types=native", data=body)
        assert response.status_code == 200
        return json.loads(response.get_data())["result"]

    def soap(self, method: str, **values: str) -> str:
        body = corpus.envelope(corpus.element(method, apiKey=self.key, **values))
        response = self.client.post("/core/soap.php", data=body, content_type="text/xml")
        assert response.status_code == 200, response.get_data(as_text=True)
        return response.get_data(as_text=True)

    def read_soap(self, method: str, record_id: int) -> dict[str, str]:
        """The text fields of a record."""
        from lxml import etree

        response = etree.fromstring(self.soap(method, id=str(record_id)).encode())
        (record,) = response.iterfind(".//{urn:kimai-remote}items/*")
        return {etree.QName(field).localname: field.text or "" for field in record}


def in_xml(text: str) -> str:
    """A text as SOAP carries it back."""
    return NOT_IN_XML.sub("\ufffd", text)


FIELDS = {
    "setTimesheetRecord": ("getTimesheetRecord", ("description", "comment")),
    "setExpenseRecord": ("getExpenseRecord", ("designation", "comment")),
}


@pytest.mark.parametrize("method", FIELDS)
def test_from_json_to_both(world: World, naughty: list[str], method: str) -> None:
    client = RawClient(world)
    read, fields = FIELDS[method]
    record_id = world.add_entry() if "Time" in method else world.add_expense()
    for text in (*naughty, CONTROLS):
        values = dict.fromkeys(fields, text)
        response = client.json(method, {"id": record_id, **values}, True)
        assert response == {"success": True, "items": [], "total": 0}, repr(text)
        (record,) = client.json(read, record_id)["items"]
        # An empty text is null, where the column allows it.
        stored = {field: text if field == "designation" else text or None for field in fields}
        assert {field: record[field] for field in fields} == stored
        over_soap = client.read_soap(read, record_id)
        assert {field: over_soap[field] for field in fields} == {
            field: in_xml(text) for field in fields
        }


@pytest.mark.one_database
@pytest.mark.parametrize("method", FIELDS)
def test_from_soap_to_both(world: World, naughty: list[str], method: str) -> None:
    client = RawClient(world)
    read, fields = FIELDS[method]
    record_id = world.add_entry() if "Time" in method else world.add_expense()
    for text in naughty:
        if NOT_IN_XML.search(text):
            continue  # no XML document can hold it
        values = "".join(f"<u:{field}>{corpus.text(text)}</u:{field}>" for field in sorted(fields))
        if "Expense" in method:
            values = (
                f"<u:designation>{corpus.text(text)}</u:designation><u:comment>"
                f"{corpus.text(text)}</u:comment>"
            )
        else:
            values = "".join(f"<u:{field}>{corpus.text(text)}</u:{field}>" for field in fields)
        client.soap(method, record=f"<u:id>{record_id}</u:id>{values}", doUpdate="true")
        over_soap = client.read_soap(read, record_id)
        (record,) = client.json(read, record_id)["items"]
        for field in fields:
            assert over_soap[field] == text
            assert record[field] == (text if field == "designation" else text or None)


@pytest.mark.parametrize(("field", "longest"), [("location", 50), ("trackingNumber", 30)])
def test_short_fields(world: World, naughty: list[str], field: str, longest: int) -> None:
    """A text that fits comes back unchanged; a longer one is refused, never cut."""
    client = RawClient(world)
    record_id = world.add_entry()
    for text in (*naughty, CONTROLS[:30]):
        response = client.json("setTimesheetRecord", {"id": record_id, field: text}, True)
        assert response["success"] is (len(text) <= longest), repr(text)
        if response["success"]:
            (record,) = client.json("getTimesheetRecord", record_id)["items"]
            assert record[field] == (text or None)


@pytest.mark.one_database
@pytest.mark.parametrize("method", ["description", "comment"])
def test_the_running_recording(world: World, naughty: list[str], method: str) -> None:
    client = RawClient(world)
    world.add_entry(end=0)
    for text in naughty:
        assert client.json("updateActiveRecording", {method: text})["success"] is True
        if method == "description":
            (record,) = client.json("getActiveRecording")["items"]
            assert record["description"] == (text or None)


def test_a_nul_is_refused_in_every_text(world: World) -> None:
    """PostgreSQL can't store it."""
    client = RawClient(world)
    record_id = world.add_entry()
    before = world.snapshot()
    for field in ("description", "comment", "location", "trackingNumber"):
        response = client.json("setTimesheetRecord", {"id": record_id, field: "a\0b"}, True)
        assert response["error"]["msg"] == f"{field} contains a NUL character."
    assert "NUL" in client.json("getTimesheet", "2020\0")["error"]["msg"]
    assert world.snapshot() == before


@pytest.mark.one_database
def test_as_name_password_and_key(world: World, naughty: list[str]) -> None:
    world.settings = type(world.settings)(login_rate=0)
    client = RawClient(world)
    for text in naughty:
        body = corpus.call("authenticate", text, text)
        response = json.loads(client.client.post("/core/json.php", data=body).get_data())
        assert response["result"] == REFUSED, repr(text)
        client.key = text
        assert client.json("getUsers") == REFUSED


@pytest.mark.one_database
def test_as_a_date(world: World, naughty: list[str]) -> None:
    client = RawClient(world)
    for text in naughty:
        response = client.json("getTimesheet", text)
        if not response["success"]:
            assert response["error"]["msg"].startswith("Invalid from ")
        else:
            assert text.strip() in ("", "0") or re.search(r"\d", text), repr(text)
