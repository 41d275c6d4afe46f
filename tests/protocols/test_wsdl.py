"""The WSDL of both dialects: its cures, its schemas, and the WS-I Basic Profile.

Rules of the WS-I Basic Profile 1.1 that are checked on the document/literal contract: R2001 R2003
R2004 R2005 R2007 (nothing is imported), R2023, R2028, R2029 (the schema), R2105 (targetNamespace of
schemas), R2201 R2202 R2204 R2210 (parts), R2301 (order of parts), R2303 R2304 (operations),
R2305 (parameterOrder), R2401 (SOAP binding), R2701 R2702 (transport), R2705 (one style), R2706
(literal), R2710 R2711 (unique wire signatures), R2716 R2717 (no namespace on bodies), R2718 (same
operations), R2744 R2745 (quoted soapAction: checked by the server taking any), R4001 R4003
(encoding). Rules about faults, headers and one-way operations have no subject here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import spyne_baseline
from lxml import etree
from werkzeug.test import Client

from kimai_remote.api.execution import Service
from kimai_remote.app import create_app
from kimai_remote.config import Settings
from kimai_remote.storage import schema
from kimai_remote.storage.origin import WEB_OPTIONS, DatabaseOrigin
from kimai_remote.storage.transactions import Database
from kimai_remote.tracking.authentication import ApiKeyDeriver
from kimai_remote.tracking.passwords import PasswordHasher
from support.live_server import LiveServer
from support.raw_http import get
from support.world import SECRET

SCHEMAS = Path(__file__).parent / "schemas"
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}"
XSD = "{http://www.w3.org/2001/XMLSchema}"
SOAP_12 = "http://schemas.xmlsoap.org/wsdl/soap12/"
STYLES = ("document", "rpc")
#: The methods of the API in the order of the contracts. It is the only place that freezes them.
METHODS = [
    "authenticate",
    "getVersion",
    "startRecord",
    "stopRecord",
    "getUsers",
    "getCustomers",
    "getProjects",
    "getTasks",
    "getActiveRecording",
    "updateActiveRecording",
    "getTimesheet",
    "getTimesheetRecord",
    "setTimesheetRecord",
    "removeTimesheetRecord",
    "getExpenses",
    "getExpenseRecord",
    "setExpenseRecord",
    "removeExpenseRecord",
]


@pytest.fixture(scope="module", params=STYLES)
def any_wsdl(live_server: LiveServer, request: pytest.FixtureRequest) -> etree._Element:
    return etree.fromstring(
        get(live_server.server, f"/core/soap.php?wsdl&style={request.param}").body
    )


@pytest.fixture(scope="module")
def wsdl(live_server: LiveServer) -> etree._Element:
    return etree.fromstring(get(live_server.server, "/core/soap.php?wsdl").body)


@pytest.fixture(scope="module")
def rpc(live_server: LiveServer) -> etree._Element:
    return etree.fromstring(get(live_server.server, "/core/soap.php?wsdl&style=rpc").body)


def problems(root: etree._Element) -> list[str]:
    """The schemas of WSDL 1.1 and of the SOAP binding."""
    both = etree.fromstring(
        f'<xs:schema xmlns:xs="{XSD[1:-1]}">'
        f'<xs:import namespace="{WSDL[1:-1]}" schemaLocation="wsdl.xsd"/>'
        f'<xs:import namespace="{SOAP[1:-1]}" schemaLocation="wsdl-soap.xsd"/></xs:schema>',
        base_url=f"{SCHEMAS}/both.xsd",
    )
    schema = etree.XMLSchema(both)
    schema.validate(root)
    return [entry.message for entry in schema.error_log]


def test_it_is_valid(any_wsdl: etree._Element) -> None:
    assert problems(any_wsdl) == []


@pytest.mark.parametrize(
    ("element", "attribute"),
    [("message", "name"), ("port", "binding"), ("operation", "name"), ("binding", "type")],
)
def test_the_schemas_find_what_is_missing(
    wsdl: etree._Element, element: str, attribute: str
) -> None:
    broken = etree.fromstring(etree.tostring(wsdl))
    del next(broken.iter(WSDL + element)).attrib[attribute]
    assert problems(broken)


def test_spyne_has_its_service_in_the_wrong_place() -> None:
    assert problems(etree.fromstring(spyne_baseline.wsdl()))


def test_its_own_schema_compiles(wsdl: etree._Element) -> None:
    (schema,) = wsdl.iter(f"{XSD}schema")
    # With the namespaces that are declared around it.
    etree.XMLSchema(etree.fromstring(etree.tostring(schema)))


# The cures ---------------------------------------------------------------------------------------


def test_all_methods_are_there_in_order(any_wsdl: etree._Element) -> None:
    for component in ("portType", "binding"):
        operations = any_wsdl.findall(f"{WSDL}{component}/{WSDL}operation")
        assert [operation.get("name") for operation in operations] == METHODS


def test_nothing_is_named_twice(wsdl: etree._Element) -> None:
    names = [
        wsdl.find(WSDL + component).get("name") for component in ("portType", "binding", "service")
    ]
    names.append(wsdl.find(f"{WSDL}service/{WSDL}port").get("name"))
    assert names == ["KimaiRemotePortType", "KimaiRemoteBinding", "KimaiRemote", "KimaiRemotePort"]


def test_spyne_names_things_alike() -> None:
    root = etree.fromstring(spyne_baseline.wsdl())
    names = [
        root.find(WSDL + component).get("name") for component in ("portType", "binding", "service")
    ]
    assert len(set(names)) < 3


def test_there_is_nothing_of_soap_12(live_server: LiveServer) -> None:
    assert SOAP_12.encode() in spyne_baseline.wsdl()
    assert SOAP_12.encode() not in get(live_server.server, "/core/soap.php?wsdl").body


def test_parts_are_called_parameters(wsdl: etree._Element) -> None:
    assert {part.get("name") for part in wsdl.iter(f"{WSDL}part")} == {"parameters"}
    spyne_parts = etree.fromstring(spyne_baseline.wsdl()).iter(f"{WSDL}part")
    assert {part.get("name") for part in spyne_parts} != {"parameters"}


def test_there_is_no_parameter_order(wsdl: etree._Element) -> None:
    assert not [o for o in wsdl.iter(f"{WSDL}operation") if o.get("parameterOrder") is not None]
    spyne_operations = etree.fromstring(spyne_baseline.wsdl()).iter(f"{WSDL}operation")
    assert [o for o in spyne_operations if o.get("parameterOrder") is not None]


def test_the_service_is_last(any_wsdl: etree._Element) -> None:
    assert any_wsdl[-1].tag == f"{WSDL}service"
    assert etree.fromstring(spyne_baseline.wsdl())[-1].tag != f"{WSDL}service"


def test_it_is_documented(any_wsdl: etree._Element) -> None:
    for operation in any_wsdl.findall(f"{WSDL}portType/{WSDL}operation"):
        text = operation.findtext(f"{WSDL}documentation")
        assert len(text) > 10
        assert "\n" not in text


# Types -------------------------------------------------------------------------------------------


def element(wsdl: etree._Element, type_name: str, name: str) -> etree._Element:
    (declaration,) = wsdl.xpath(
        f"//xs:complexType[@name='{type_name}']//xs:element[@name='{name}']",
        namespaces={"xs": XSD[1:-1]},
    )
    return declaration


@pytest.mark.parametrize(
    ("type_name", "name", "expected"),
    [
        ("TimesheetRow", "timeEntryID", {"type": "xs:int"}),
        ("TimesheetRow", "duration", {"type": "xs:int", "nillable": "true"}),
        ("TimesheetRow", "rate", {"type": "xs:decimal", "nillable": "true"}),
        ("TimesheetRow", "cleared", {"type": "xs:boolean"}),
        ("TimesheetRow", "description", {"type": "xs:string", "nillable": "true"}),
        ("getTimesheet", "from", {"type": "xs:string", "minOccurs": "0", "nillable": "true"}),
        ("getTimesheet", "apiKey", {"type": "xs:string"}),
        ("setTimesheetRecord", "record", {"type": "tns:TimeEntryInput"}),
    ],
)
def test_values_are_typed(
    wsdl: etree._Element, type_name: str, name: str, expected: dict[str, str]
) -> None:
    attributes = dict(element(wsdl, type_name, name).attrib)
    assert attributes == {"name": name} | expected


def test_parameters_are_in_order(wsdl: etree._Element) -> None:
    (declaration,) = wsdl.xpath(
        "//xs:complexType[@name='getExpenses']/xs:sequence", namespaces={"xs": XSD[1:-1]}
    )
    assert [child.get("name") for child in declaration] == [
        "apiKey",
        "from",
        "to",
        "refundable",
        "cleared",
        "start",
        "limit",
    ]


# WS-I Basic Profile 1.1 --------------------------------------------------------------------------


def test_r2001_r2007_nothing_is_imported(wsdl: etree._Element) -> None:
    for tag in (f"{WSDL}import", f"{XSD}import", f"{XSD}include"):
        assert wsdl.find(f".//{tag}") is None


def test_r4001_r4003_the_encoding_is_utf_8(live_server: LiveServer) -> None:
    body = get(live_server.server, "/core/soap.php?wsdl").body
    assert body.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
    body.decode()


def test_r2105_schemas_have_a_target_namespace(wsdl: etree._Element) -> None:
    assert [schema.get("targetNamespace") for schema in wsdl.iter(f"{XSD}schema")] == [
        "urn:kimai-remote"
    ]


def test_r2201_r2204_r2210_one_part_that_is_an_element(wsdl: etree._Element) -> None:
    for message in wsdl.findall(f"{WSDL}message"):
        assert [sorted(part.attrib) for part in message] == [["element", "name"]]


def test_r2023_r2202_references_lead_somewhere(wsdl: etree._Element) -> None:
    elements = {f"tns:{e.get('name')}" for e in wsdl.findall(f".//{XSD}schema/{XSD}element")}
    assert {part.get("element") for part in wsdl.iter(f"{WSDL}part")} <= elements
    messages = {f"tns:{message.get('name')}" for message in wsdl.findall(f"{WSDL}message")}
    used = {e.get("message") for e in wsdl.find(f"{WSDL}portType").iter() if e.get("message")}
    assert used == messages
    assert wsdl.find(f"{WSDL}binding").get("type") == "tns:KimaiRemotePortType"
    assert wsdl.nsmap["tns"] == wsdl.get("targetNamespace") == "urn:kimai-remote"


def test_r2303_r2304_operations_are_unique_and_have_output(wsdl: etree._Element) -> None:
    operations = wsdl.findall(f"{WSDL}portType/{WSDL}operation")
    assert len({operation.get("name") for operation in operations}) == len(operations)
    for operation in operations:
        kinds = [etree.QName(child).localname for child in operation]
        assert kinds == ["documentation", "input", "output"]


def test_r2401_r2701_r2702_one_soap_binding_over_http(wsdl: etree._Element) -> None:
    (binding,) = wsdl.findall(f"{WSDL}binding/{SOAP}binding")
    assert dict(binding.attrib) == {
        "style": "document",
        "transport": "http://schemas.xmlsoap.org/soap/http",
    }


def test_r2705_r2706_document_literal_throughout(wsdl: etree._Element) -> None:
    for operation in wsdl.findall(f"{WSDL}binding/{WSDL}operation/{SOAP}operation"):
        assert operation.get("style", "document") == "document"
    bodies = list(wsdl.iter(f"{SOAP}body"))
    assert len(bodies) == 2 * len(METHODS)
    # R2716: a namespace has no meaning in document/literal.
    assert all(dict(body.attrib) == {"use": "literal"} for body in bodies)


def test_r2710_r2711_operations_differ_on_the_wire(wsdl: etree._Element) -> None:
    inputs = [
        message.find(f"{WSDL}part").get("element")
        for operation in wsdl.findall(f"{WSDL}portType/{WSDL}operation")
        for message in wsdl.findall(f"{WSDL}message")
        if operation.find(f"{WSDL}input").get("message") == f"tns:{message.get('name')}"
    ]
    assert len(inputs) == len(set(inputs)) == len(METHODS)
    (location,) = wsdl.iter(f"{SOAP}address")
    assert location.get("location").endswith("/core/soap.php")


def test_wrapped_elements_are_named_as_their_operations(wsdl: etree._Element) -> None:
    names = {e.get("name") for e in wsdl.findall(f".//{XSD}schema/{XSD}element")}
    assert names >= {*METHODS, *(f"{name}Response" for name in METHODS)}


# The legacy contract -----------------------------------------------------------------------------


def test_the_legacy_contract_is_like_kimai_s(live_server: LiveServer, rpc: etree._Element) -> None:
    url = live_server.server.soap
    assert rpc.get("targetNamespace") == url
    (binding,) = rpc.findall(f"{WSDL}binding/{SOAP}binding")
    assert binding.get("style") == "rpc"
    actions = [e.get("soapAction") for e in rpc.iter(f"{SOAP}operation")]
    assert actions == [f"{url}#{name}" for name in METHODS]
    for body in rpc.iter(f"{SOAP}body"):
        assert dict(body.attrib) == {
            "use": "encoded",
            "encodingStyle": "http://schemas.xmlsoap.org/soap/encoding/",
            "namespace": url,
        }


def test_the_legacy_contract_has_a_schema_without_types(
    live_server: LiveServer, rpc: etree._Element
) -> None:
    """Kimai's had an empty one, without which Mono's wsdl fails; suds needs the import."""
    (schema,) = rpc.find(f"{WSDL}types")
    assert schema.get("targetNamespace") == live_server.server.soap
    (only,) = schema
    assert only.tag == f"{XSD}import"
    assert dict(only.attrib) == {"namespace": "http://schemas.xmlsoap.org/soap/encoding/"}


def parts(rpc: etree._Element, message: str) -> Iterator[tuple[str, str]]:
    for part in rpc.find(f"{WSDL}message[@name='{message}']"):
        yield part.get("name"), part.get("type")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("authenticateIn", [("username", "xsd:string"), ("password", "xsd:string")]),
        ("authenticateOut", [("return", "soap-enc:Array")]),
        ("getVersionIn", []),
        ("getVersionOut", [("return", "xsd:string")]),
        ("getProjectsIn", [("apiKey", "xsd:string"), ("includeTasks", "xsd:anyType")]),
        (
            "getTimesheetIn",
            [
                ("apiKey", "xsd:string"),
                ("from", "xsd:int"),
                ("to", "xsd:int"),
                ("cleared", "xsd:int"),
                ("start", "xsd:int"),
                ("limit", "xsd:int"),
            ],
        ),
        ("stopRecordIn", [("apiKey", "xsd:string"), ("entryId", "xsd:int")]),
        ("updateActiveRecordingIn", [("apiKey", "xsd:string"), ("record", "soap-enc:Array")]),
        (
            "setExpenseRecordIn",
            [
                ("apiKey", "xsd:string"),
                ("record", "soap-enc:Array"),
                ("doUpdate", "xsd:boolean"),
            ],
        ),
        ("stopRecordOut", [("return", "soap-enc:Array")]),
    ],
)
def test_parts_of_the_legacy_contract(
    rpc: etree._Element, message: str, expected: list[tuple[str, str]]
) -> None:
    assert list(parts(rpc, message)) == expected


def test_a_setting_makes_it_the_default(legacy_server: LiveServer) -> None:
    plain = get(legacy_server.server, "/core/soap.php?wsdl").body
    assert plain == get(legacy_server.server, "/core/soap.php?wsdl&style=rpc").body
    assert b'style="rpc"' in plain
    document = get(legacy_server.server, "/core/soap.php?wsdl&style=document").body
    assert b'style="document"' in document


def plain_style(service: Service, wsdl_style: str = "auto") -> str:
    """Style of plain ?wsdl with that setting."""
    service = replace(service, settings=replace(service.settings, wsdl_style=wsdl_style))
    response = Client(create_app(service)).get("/core/soap.php?wsdl")
    assert response.status_code == 200
    (binding,) = etree.fromstring(response.data).findall(f"{WSDL}binding/{SOAP}binding")
    return binding.get("style")


@pytest.mark.parametrize(
    ("origin", "style"),
    [
        (DatabaseOrigin.OWN, "document"),
        (DatabaseOrigin.IMPORTED, "rpc"),
        (DatabaseOrigin.IN_PLACE, "rpc"),
    ],
)
def test_programs_of_kimai_load_the_contract_that_they_know(
    live_server: LiveServer,
    monkeypatch: pytest.MonkeyPatch,
    origin: DatabaseOrigin,
    style: str,
) -> None:
    monkeypatch.setattr(Database, "origin", lambda _: origin)
    service = live_server.world.service
    assert plain_style(service) == style
    for chosen in STYLES:
        assert plain_style(service, chosen) == chosen


def test_nobody_gets_the_wrong_contract_while_the_database_is_away(tmp_path: Path) -> None:
    """Programs keep a contract for long, so one that is not known is not guessed."""
    with closing(Database(f"sqlite:///{tmp_path / 'none' / 'none.sqlite3'}")) as database:
        keys, passwords = ApiKeyDeriver(SECRET), PasswordHasher("")
        client = Client(create_app(Service(database, keys, passwords, Settings())))
        response = client.get("/core/soap.php?wsdl")
        assert (response.status_code, response.mimetype) == (503, "text/plain")
        assert "not available at the moment" in response.text
        for style in ("document", "rpc"):
            assert client.get(f"/core/soap.php?wsdl&style={style}").status_code == 200


def test_the_origin_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []
    with closing(Database(f"sqlite:///{tmp_path / 'own.sqlite3'}")) as database:
        schema.create(database)
        keys, passwords = ApiKeyDeriver(SECRET), PasswordHasher("")
        client = Client(create_app(Service(database, keys, passwords, Settings())))
        monkeypatch.setattr(
            "kimai_remote.storage.origin.read",
            lambda connection: reads.append(1) or DatabaseOrigin.OWN,
        )
        for _ in range(3):
            assert client.get("/core/soap.php?wsdl").status_code == 200
    assert reads == [1]


def test_no_option_of_ours_looks_like_one_of_kimai_s_web_pages() -> None:
    assert not set(WEB_OPTIONS) & schema.DEFAULT_OPTIONS.keys()


def test_the_legacy_boolean_is_in_the_contract(legacy_server: LiveServer) -> None:
    root = etree.fromstring(get(legacy_server.server, "/core/soap.php?wsdl").body)
    assert list(parts(root, "stopRecordOut")) == [("return", "xsd:boolean")]
