"""The compiled output: the same as Spyne's own for XML, and as a plain reference for JSON."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
import spyne_baseline
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from lxml import etree
from spyne.model import primitive
from spyne.model.complex import Array
from spyne.protocol.xml import XmlDocument
from werkzeug.test import Client

from kimai_remote.api.execution import Envelope
from kimai_remote.api.fields import NAMESPACE
from kimai_remote.api.service import RemoteApi
from kimai_remote.app import create_app
from kimai_remote.protocols import rendering
from kimai_remote.tracking.record_set import Computed, RecordSet
from support.live_server import LiveServer
from support.raw_http import envelope

# Spyne completes the types when they become part of an application.
spyne_baseline.application()
RESULTS = {
    name: next(iter(descriptor.out_message._type_info.values()))
    for name, descriptor in RemoteApi.public_methods.items()
    if name != "getVersion"
}
#: Texts that XML allows; another test covers the others.
TEXTS = st.text(
    st.characters(
        exclude_categories=("Cs",),
        exclude_characters=[chr(n) for n in range(32)] + ["\ufffe", "\uffff"],
    )
    | st.sampled_from("\t\n\r&<>\"']"),
    max_size=20,
)
MONEY = (
    st.integers(-(10**10), 10**10)
    .map(lambda cents: Decimal(cents) / 100)
    .map(lambda amount: amount.quantize(Decimal("0.01")))
)
INTEGERS = st.integers(-(2**31), 2**31 - 1)


def values(spyne_type: Any) -> st.SearchStrategy[Any]:
    """Values as the database gives them for a field of that type."""
    if issubclass(spyne_type, Array):
        (item,) = spyne_type._type_info.values()
        return rows(item)
    if issubclass(spyne_type, primitive.Boolean):
        strategy: st.SearchStrategy[Any] = st.integers(0, 1)
    elif issubclass(spyne_type, primitive.Integer):
        strategy = INTEGERS
    elif issubclass(spyne_type, primitive.Decimal):
        strategy = MONEY
    else:
        strategy = TEXTS
    return st.none() | strategy if spyne_type.Attributes.nillable else strategy


def rows(item: Any) -> st.SearchStrategy[RecordSet]:
    """Records of a type, with all of its fields or without the optional ones."""
    info = item.get_flat_type_info(item)
    always = [name for name, spyne_type in info.items() if spyne_type.Attributes.min_occurs]
    optional = [name for name in info if name not in always]

    @st.composite
    def draw(pick: Any) -> RecordSet:
        columns = (*always, *(optional if optional and pick(st.booleans()) else ()))
        record = st.tuples(*(values(info[name]) for name in columns))
        return RecordSet(columns, pick(st.lists(record, max_size=4)))

    return draw()


EACH = pytest.mark.parametrize("name", RESULTS)
FEW = settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # finding the smallest failing record takes minutes
    suppress_health_check=list(HealthCheck),
)


# XML ---------------------------------------------------------------------------------------------


def instance(item: Any, columns: tuple[str, ...], record: tuple[Any, ...]) -> Any:
    """A record as an object of its Spyne type, as plain Spyne takes it."""
    built = item()
    info = item.get_flat_type_info(item)
    for name, value in zip(columns, record, strict=True):
        if isinstance(value, RecordSet):
            (inner,) = info[name]._type_info.values()
            value = [instance(inner, value.columns, entry) for entry in value.values]
        elif value is not None and issubclass(info[name], primitive.Boolean):
            value = bool(value)
        setattr(built, name, value)
    return built


def canonical(element: Any) -> bytes:
    """Return canonical XML without prefixes."""
    text = etree.tostring(element)
    return etree.tostring(etree.fromstring(text), method="c14n", exclusive=True)


@EACH
@FEW
@given(data=st.data())
def test_xml_is_what_plain_spyne_writes(name: str, data: Any) -> None:
    result = RESULTS[name]
    item = rendering.record_type_of(result)
    records = data.draw(rows(item))
    ours = b"".join(rendering.soap_document("tns", result, Envelope(records))).decode()
    compiled = etree.fromstring(
        f'<tns:{result.get_type_name()} xmlns:tns="{NAMESPACE}"'
        f' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{ours}'
        f"</tns:{result.get_type_name()}>"
    )
    whole = result()
    whole.success = True
    whole.items = [instance(item, records.columns, record) for record in records.values]
    whole.total = len(records.values)
    root = etree.Element("root", nsmap={"tns": NAMESPACE})
    XmlDocument(polymorphic=False).to_parent(None, result, whole, root, NAMESPACE)
    assert canonical(compiled) == canonical(root[0])


@given(text=st.text())
def test_any_text_is_well_formed(text: str) -> None:
    read = etree.fromstring(f"<a>{rendering.escape(text)}</a>".encode()).text or ""
    assert len(read) == len(text)
    for sent, given_ in zip(text, read, strict=True):
        assert given_ in (sent, "\ufffd")
        if sent >= " " and sent not in "\ufffe\uffff" and not "\ud800" <= sent <= "\udfff":
            assert given_ == sent


# JSON --------------------------------------------------------------------------------------------


def reference(item: Any, records: RecordSet, native: bool) -> list[dict[str, Any]]:
    """Return the records by the contract, value by value."""
    info = item.get_flat_type_info(item)
    listed = []
    for record in records.values:
        by_name = dict(zip(records.columns, record, strict=True))
        listed.append(
            {
                name: plain(spyne_type, by_name[name], native)
                for name, spyne_type in info.items()
                if name in by_name
            }
        )
    return listed


def plain(spyne_type: Any, value: Any, native: bool) -> Any:
    if isinstance(value, RecordSet):
        (item,) = spyne_type._type_info.values()
        return reference(item, value, native)
    if value is None or isinstance(value, str):
        return value
    if not native and not getattr(spyne_type.Attributes, "computed", False):
        return str(value)
    if issubclass(spyne_type, primitive.Boolean):
        return bool(value)
    if not isinstance(value, Decimal):
        return value
    number = float(value)
    # PHP writes no fraction where there is none.
    return number if native or not number.is_integer() else int(number)


@EACH
@pytest.mark.parametrize("native", [False, True], ids=["kimai", "native"])
@FEW
@given(data=st.data())
def test_json_is_what_the_contract_says(name: str, native: bool, data: Any) -> None:
    result = RESULTS[name]
    item = rendering.record_type_of(result)
    records = data.draw(rows(item))
    written = json.loads(b"".join(rendering.json(result, Envelope(records), native=native)))
    listed = reference(item, records, native)
    total: int | str = len(records.values)
    if total and not native and name in ("getTimesheet", "getExpenses"):
        total = str(total)
    assert written == {"success": True, "items": listed, "total": total}
    for ours, expected in zip(written["items"], listed, strict=True):
        assert list(ours) == list(expected)
        assert [type(value) for value in ours.values()] == [
            type(value) for value in expected.values()
        ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("128.25", "128.25"),
        ("85.00", "85"),
        ("0.10", "0.1"),
        ("-1.50", "-1.5"),
        ("0.00", "0"),
        # What PHP 8.2 prints.
        ("240.96652777777777", "240.96652777778"),
        ("0.0001", "0.0001"),
        ("0.00001", "1.0E-5"),
        ("2.777777777777778e-06", "2.7777777777778E-6"),
        ("99999999999999", "99999999999999"),
        ("100000000000000", "1.0E+14"),
        ("123456789012345", "1.2345678901234E+14"),
    ],
)
def test_floats_are_written_as_php_does(value: str, text: str) -> None:
    assert rendering.php_float(Decimal(value)) == text


# Many records ------------------------------------------------------------------------------------

WRITERS = {
    "json": lambda item, columns: rendering.json_writer(item, columns, False),
    "native": lambda item, columns: rendering.json_writer(item, columns, True),
    "document": lambda item, columns: rendering.document_writer("tns", item, columns),
    "rpc": rendering.rpc_writer,
}


@EACH
@pytest.mark.parametrize("form", WRITERS)
@FEW
@given(data=st.data())
def test_equal_values_in_many_records(name: str, form: str, data: Any) -> None:
    """Columns with few values are written in another way than those of single records."""
    item = rendering.record_type_of(RESULTS[name])
    records = data.draw(rows(item))
    write = WRITERS[form](item, records.columns)
    singly = [write([record]) for record in records.values] * 10
    together = write(list(records.values) * 10)
    if form in ("document", "rpc"):
        assert together == b"".join(singly)
    else:
        assert rendering.encode(together) == rendering.encode([one for (one,) in singly])


def test_computed_among_stored_numbers() -> None:
    """They are equal, but not written alike."""
    item = rendering.record_type_of(RESULTS["getTimesheet"])
    starts = [(7,)] * 10 + [(Computed(7),)]
    written = rendering.encode(rendering.json_writer(item, ("start",), False)(starts))
    assert json.loads(written) == [{"start": "7"}] * 10 + [{"start": 7}]
    encoded = rendering.rpc_writer(item, ("start",))(starts).decode()
    assert encoded.count('xsi:type="xsd:string">7<') == 10
    assert encoded.count('xsi:type="xsd:int">7<') == 1


# Errors ------------------------------------------------------------------------------------------


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a value that can't be rendered deep inside the records."""
    unwritable = RecordSet(("userID", "name"), [(1, "alice"), (2, object())])
    monkeypatch.setattr("kimai_remote.tracking.catalog.users", lambda context: unwritable)


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize(
    ("body", "prefix"),
    [
        ('<getUsers xmlns="urn:kimai-remote"><apiKey>KEY</apiKey></getUsers>', "soap11env"),
        ("<getUsers><apiKey>KEY</apiKey></getUsers>", "SOAP-ENV"),
    ],
    ids=["document", "encoded"],
)
def test_a_response_that_cannot_be_rendered_is_a_fault(
    live_server: LiveServer, body: str, prefix: str
) -> None:
    client = Client(create_app(live_server.world.service))
    reply = client.post("/core/soap.php", data=envelope(body.replace("KEY", live_server.key)))
    assert reply.status_code == 500
    root = etree.fromstring(reply.get_data())
    assert root.findtext(".//faultcode") == f"{prefix}:Server"
    assert root.findtext(".//faultstring").startswith("Internal error.")
    assert "alice" not in reply.text


@pytest.mark.usefixtures("broken")
def test_a_response_that_cannot_be_rendered_is_an_error(live_server: LiveServer) -> None:
    client = Client(create_app(live_server.world.service))
    request = {"jsonrpc": "2.0", "method": "getUsers", "params": [live_server.key], "id": 5}
    reply = client.post("/core/json.php", data=json.dumps([request, request | {"id": 6}]))
    assert reply.status_code == 200
    for response, identifier in zip(reply.get_json(), (5, 6), strict=True):
        assert response["id"] == identifier
        assert response["error"]["code"] == -32603
        assert response["error"]["message"].startswith("Internal error.")
