"""SOAP 1.2: requests in both styles, responses as PHP's SoapServer writes them, faults, headers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree
from werkzeug.test import Client

from kimai_remote.api.service import RemoteApi
from kimai_remote.app import create_app
from support.live_server import LiveServer
from support.raw_http import Response, get, post_soap

ENVELOPE = "http://www.w3.org/2003/05/soap-envelope"
ENCODING = "http://www.w3.org/2003/05/soap-encoding"
ROLES = f"{ENVELOPE}/role"
MEDIA_TYPE = "application/soap+xml; charset=utf-8"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
XSI, XSD, MAP, ENC = (
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"',
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema"',
    'xmlns:ns2="http://xml.apache.org/xml-soap"',
    f'xmlns:enc="{ENCODING}"',
)
OWN = 'xmlns="urn:kimai-remote"'
KEY = '<key xsi:type="xsd:string">'


def request(content: str, header: str = "", version: str = ENVELOPE) -> bytes:
    """Return a request with this in its Body, and the usual namespaces."""
    return (
        f'<e:Envelope xmlns:e="{version}" xmlns:k="urn:k" {XSI} {XSD} {MAP} {ENC}>'
        f"{header}<e:Body>{content}</e:Body></e:Envelope>"
    ).encode()


def encoded(method: str, parameters: str = "") -> bytes:
    """Return a call as PHP's SoapClient sends it."""
    return request(f'<k:{method} e:encodingStyle="{ENCODING}">{parameters}</k:{method}>')


def post(live_server: LiveServer, body: bytes, content_type: str = MEDIA_TYPE) -> Response:
    return post_soap(live_server.server, body, content_type)


def ask(live_server: LiveServer, body: bytes) -> str:
    """Return a response that is no fault."""
    response = post(live_server, body)
    assert response.status == 200, response.text
    assert response.headers["Content-Type"] == MEDIA_TYPE
    return response.text


def expected(method: str, returned: str, *namespaces: str) -> str:
    """Return a whole response in rpc/encoded."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<env:Envelope xmlns:env="{ENVELOPE}" xmlns:ns1="urn:k" {" ".join(namespaces)}>'
        '<env:Body xmlns:rpc="http://www.w3.org/2003/05/soap-rpc">'
        f'<ns1:{method}Response env:encodingStyle="{ENCODING}">'
        f"<rpc:result>return</rpc:result>{returned}"
        f"</ns1:{method}Response></env:Body></env:Envelope>\n"
    )


# rpc/encoded -------------------------------------------------------------------------------------


def test_a_plain_text(live_server: LiveServer) -> None:
    returned = '<return xsi:type="xsd:string">1.3.5-1394</return>'
    assert ask(live_server, encoded("getVersion")) == expected(
        "getVersion", returned, XSD, XSI, ENC
    )


def test_a_list_of_maps(live_server: LiveServer) -> None:
    response = ask(live_server, encoded("getUsers", f"<apiKey>{live_server.key}</apiKey>"))
    alice = live_server.world.alice
    assert response == expected(
        "getUsers",
        '<return xsi:type="ns2:Map">'
        f'<item>{KEY}success</key><value xsi:type="xsd:boolean">true</value></item>'
        f'<item>{KEY}items</key><value enc:itemType="ns2:Map" enc:arraySize="1"'
        ' xsi:type="enc:Array"><item xsi:type="ns2:Map">'
        f'<item>{KEY}userID</key><value xsi:type="xsd:string">{alice}</value></item>'
        f'<item>{KEY}name</key><value xsi:type="xsd:string">alice</value></item>'
        "</item></value></item>"
        f'<item>{KEY}total</key><value xsi:type="xsd:int">1</value></item></return>',
        XSI,
        XSD,
        MAP,
        ENC,
    )


def test_an_empty_list(live_server: LiveServer) -> None:
    period = "<from>86400</from><to>172800</to>"
    response = ask(
        live_server, encoded("getExpenses", f"<apiKey>{live_server.key}</apiKey>{period}")
    )
    assert response == expected(
        "getExpenses",
        '<return xsi:type="ns2:Map">'
        f'<item>{KEY}success</key><value xsi:type="xsd:boolean">true</value></item>'
        f'<item>{KEY}items</key><value enc:itemType="xsd:anyType" enc:arraySize="0"'
        ' xsi:type="enc:Array"/></item>'
        f'<item>{KEY}total</key><value xsi:type="xsd:int">0</value></item></return>',
        XSI,
        XSD,
        ENC,
        MAP,
    )


def test_nested_lists_and_nulls(live_server: LiveServer) -> None:
    parameters = f"<apiKey>{live_server.key}</apiKey><includeTasks>true</includeTasks>"
    response = ask(live_server, encoded("getProjects", parameters))
    project = etree.fromstring(response.encode()).find(".//return/item[2]/value/item")
    tasks = project[-1].find("value")
    assert dict(tasks.attrib) == {
        f"{{{ENCODING}}}itemType": "ns2:Map",
        f"{{{ENCODING}}}arraySize": str(len(tasks)),
        "{http://www.w3.org/2001/XMLSchema-instance}type": "enc:Array",
    }
    assert f'<item>{KEY}effort</key><value xsi:nil="true"/></item>' in response


def test_a_failure(live_server: LiveServer) -> None:
    assert ask(live_server, encoded("getUsers", "<apiKey>x</apiKey>")) == expected(
        "getUsers",
        '<return xsi:type="ns2:Map">'
        f'<item>{KEY}success</key><value xsi:type="xsd:boolean">false</value></item>'
        f'<item>{KEY}error</key><value xsi:type="ns2:Map"><item>{KEY}msg</key>'
        '<value xsi:type="xsd:string">Unknown user or no permissions.</value></item></value></item>'
        "</return>",
        XSI,
        XSD,
        MAP,
        ENC,
    )


def test_stop_record_returns_a_boolean_if_configured(live_server: LiveServer) -> None:
    service = live_server.world.service
    settings = replace(service.settings, legacy_stop_boolean=True)
    client = Client(create_app(replace(service, settings=settings)))
    body = encoded("stopRecord", f"<apiKey>{live_server.key}</apiKey><entryId>0</entryId>")
    response = client.post("/core/soap.php", data=body)
    returned = '<return xsi:type="xsd:boolean">false</return>'
    assert response.text == expected("stopRecord", returned, XSD, XSI, ENC)


# What is read ------------------------------------------------------------------------------------

PERIOD = {
    "by name": "<from>F</from><to>T</to>",
    "a reference to another value": (
        '<from enc:ref="a"/><to enc:ref="#b"/><x enc:id="a">F</x><x enc:id="b">T</x>'
    ),
}


@pytest.mark.parametrize("name", PERIOD)
def test_parameters_are_read(live_server: LiveServer, name: str) -> None:
    parameters = PERIOD[name].replace("F", "86400").replace("T", "172800")
    body = encoded("getTimesheet", f"<apiKey>{live_server.key}</apiKey>{parameters}")
    assert f'{KEY}total</key><value xsi:type="xsd:int">0<' in ask(live_server, body)


RECORDS = {
    "map": (
        '<record xsi:type="ns2:Map"><item><key xsi:type="xsd:string">description</key>'
        '<value xsi:type="xsd:string">x</value></item></record>'
    ),
    "struct": '<record enc:nodeType="struct"><description>x</description></record>',
    "array of one map": (
        '<record enc:itemType="ns2:Map" enc:arraySize="1" xsi:type="enc:Array">'
        '<item xsi:type="ns2:Map"><item><key>description</key><value>x</value></item></item>'
        "</record>"
    ),
    "array without a type": (
        '<record enc:itemType="ns2:Map" enc:arraySize="1">'
        "<item><item><key>description</key><value>x</value></item></item></record>"
    ),
}


@pytest.mark.parametrize("name", RECORDS)
def test_records_are_read(live_server: LiveServer, name: str) -> None:
    parameters = f"<apiKey>{live_server.key}</apiKey>{RECORDS[name]}"
    # The record was read, if it is the recording that is missing.
    response = ask(live_server, encoded("updateActiveRecording", parameters))
    assert "No active recording." in response


@pytest.mark.parametrize(
    ("style", "is_encoded"),
    [(ENCODING, True), (f"{ENVELOPE}/encoding/none", False), ("", False)],
)
def test_an_encoding_style_tells_the_style(
    live_server: LiveServer, style: str, is_encoded: bool
) -> None:
    response = ask(live_server, request(f'<getVersion {OWN} e:encodingStyle="{style}"/>'))
    assert ("<rpc:result>" in response) is is_encoded
    assert ("<tns:getVersionResult>" in response) is not is_encoded


# document/literal --------------------------------------------------------------------------------


def test_document_literal(live_server: LiveServer) -> None:
    assert ask(live_server, request(f"<getVersion {OWN}/>")) == (
        "<?xml version='1.0' encoding='utf-8'?>\n"
        f'<soap12env:Envelope xmlns:soap12env="{ENVELOPE}" xmlns:tns="urn:kimai-remote" {XSI}>'
        "<soap12env:Body><tns:getVersionResponse><tns:getVersionResult>1.3.5-1394"
        "</tns:getVersionResult></tns:getVersionResponse></soap12env:Body></soap12env:Envelope>"
    )


@pytest.mark.parametrize("method", ["getUsers", "getProjects", "getTimesheet", "getExpenses"])
def test_document_literal_is_that_of_soap_11(live_server: LiveServer, method: str) -> None:
    call = f"<{method} {OWN}><apiKey>{live_server.key}</apiKey></{method}>"
    old = post(live_server, request(call, version=SOAP_11)).text
    new = ask(live_server, request(call))
    assert new == old.replace("soap11env", "soap12env").replace(SOAP_11, ENVELOPE)


# Faults ------------------------------------------------------------------------------------------


def fault(prefix: str, code: str, text: str) -> str:
    """Return the envelope of a fault."""
    return (
        f'<{prefix}:Envelope xmlns:{prefix}="{ENVELOPE}"><{prefix}:Body><{prefix}:Fault>'
        f"<{prefix}:Code><{prefix}:Value>{prefix}:{code}</{prefix}:Value></{prefix}:Code>"
        f'<{prefix}:Reason><{prefix}:Text xml:lang="en">{text}</{prefix}:Text></{prefix}:Reason>'
        f"</{prefix}:Fault></{prefix}:Body></{prefix}:Envelope>"
    )


def refused(live_server: LiveServer, body: bytes, content_type: str = MEDIA_TYPE) -> str:
    """Return a fault in SOAP 1.2, without the XML declaration."""
    response = post(live_server, body, content_type)
    assert response.status == 500
    assert response.headers["Content-Type"] == MEDIA_TYPE
    return response.text.partition("\n")[2].strip()


def test_a_mistake_of_the_client_in_rpc_encoded(live_server: LiveServer) -> None:
    parameters = f"<apiKey>{live_server.key}</apiKey><id>&lt;x</id>"
    assert refused(live_server, encoded("getTimesheetRecord", parameters)) == fault(
        "env", "Sender", "id must be a whole number, not '&lt;x'."
    )


def test_an_unknown_method(live_server: LiveServer) -> None:
    text = "There is no such method here; see ?wsdl."
    assert refused(live_server, encoded("nothing")) == fault("env", "Sender", text)
    document = request(f'<nothing {OWN}><a xmlns="urn:kimai-remote"/></nothing>')
    assert refused(live_server, document) == fault("soap12env", "Sender", text)


def test_a_defect_is_the_receivers(
    live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kimai_remote.tracking.catalog.users", lambda context: object())
    client = Client(create_app(live_server.world.service))
    for body, prefix in (
        (encoded("getUsers", f"<apiKey>{live_server.key}</apiKey>"), "env"),
        (request(f"<getUsers {OWN}><apiKey>{live_server.key}</apiKey></getUsers>"), "soap12env"),
    ):
        response = client.post("/core/soap.php", data=body)
        assert (response.status_code, response.headers["Content-Type"]) == (500, MEDIA_TYPE)
        root = etree.fromstring(response.get_data())
        assert root.findtext(".//{*}Code/{*}Value") == f"{prefix}:Receiver"
        assert root.findtext(".//{*}Reason/{*}Text").startswith("Internal error.")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("", "The SOAP envelope has no call in its Body."),
        (f"<getVersion {OWN}/><getVersion {OWN}/>", "The SOAP Body must hold exactly one call."),
        (
            f"<getTasks {OWN}/>",
            "The request doesn't fit the schema: Element '{urn:kimai-remote}getTasks': Missing "
            "child element(s). Expected is ( {urn:kimai-remote}apiKey ).",
        ),
    ],
)
def test_wrong_requests(live_server: LiveServer, content: str, text: str) -> None:
    """Whatever their Content-Type is."""
    for content_type in (MEDIA_TYPE, "text/xml"):
        assert refused(live_server, request(content), content_type) == fault(
            "soap12env", "Sender", text
        )


@pytest.mark.parametrize(
    ("content_type", "is_12"),
    [
        ("application/soap+xml", True),
        ('Application/SOAP+XML; charset=utf-8; action="urn:k#getVersion"', True),
        ("text/xml", False),
        ("application/x-www-form-urlencoded", False),
        ("", False),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<x", b"{}", b"<x/>"])
def test_what_is_no_envelope_is_refused_in_the_version_of_its_type(
    live_server: LiveServer, body: bytes, content_type: str, is_12: bool
) -> None:
    response = post(live_server, body, content_type)
    assert response.status == 500
    assert (response.headers["Content-Type"] == MEDIA_TYPE) is is_12
    root = etree.fromstring(response.body)
    assert etree.QName(root).namespace == (ENVELOPE if is_12 else SOAP_11)
    code = root.findtext(".//{*}Code/{*}Value" if is_12 else ".//faultcode")
    assert code.partition(":")[2] == ("Sender" if is_12 else "Client")


def test_the_version_is_that_of_the_envelope(live_server: LiveServer) -> None:
    """The Content-Type says nothing if there is an envelope."""
    call = f"<getVersion {OWN}/>"
    for version, content_type in ((ENVELOPE, "text/xml"), (SOAP_11, MEDIA_TYPE)):
        response = post(live_server, request(call, version=version), content_type)
        assert response.status == 200
        assert etree.QName(etree.fromstring(response.body)).namespace == version
        assert (response.headers["Content-Type"] == MEDIA_TYPE) is (version == ENVELOPE)


def test_other_versions_are_refused_in_soap_11(live_server: LiveServer) -> None:
    draft = request(f"<getVersion {OWN}/>", version="http://www.w3.org/2001/12/soap-envelope")
    response = post(live_server, draft, "text/xml")
    assert response.status == 500
    assert response.headers["Content-Type"] == "text/xml; charset=utf-8"
    root = etree.fromstring(response.body)
    assert root.findtext(".//faultcode") == "soap11env:VersionMismatch"
    assert root.findtext(".//faultstring") == "The envelope isn't one of SOAP 1.1 or SOAP 1.2."


# Headers -----------------------------------------------------------------------------------------


def with_headers(*attributes: str) -> bytes:
    """Return a call with a header for each of these attributes."""
    headers = "".join(
        f'<x:t{index} xmlns:x="urn:x" {given}/>' for index, given in enumerate(attributes)
    )
    return request(f"<getVersion {OWN}/>", f"<e:Header>{headers}</e:Header>")


@pytest.mark.parametrize(
    ("attributes", "is_served"),
    [
        ("", True),
        ('e:mustUnderstand="1"', False),
        ('e:mustUnderstand="true"', False),
        ('e:mustUnderstand=" true "', False),
        ('e:mustUnderstand="0"', True),
        ('e:mustUnderstand="false"', True),
        ('mustUnderstand="1"', True),
        (f'e:mustUnderstand="1" e:role="{ROLES}/next"', False),
        (f'e:mustUnderstand="1" e:role="{ROLES}/ultimateReceiver"', False),
        ('e:mustUnderstand="1" e:role=""', False),
        (f'e:mustUnderstand="1" e:role="{ROLES}/none"', True),
        ('e:mustUnderstand="1" e:role="urn:someone-else"', True),
        # SOAP 1.1's, which means nothing here.
        ('e:mustUnderstand="1" e:actor="urn:someone-else"', False),
    ],
)
def test_only_headers_for_this_service_matter(
    live_server: LiveServer, attributes: str, is_served: bool
) -> None:
    response = post(live_server, with_headers(attributes))
    assert response.status == (200 if is_served else 500)
    assert ("MustUnderstand</" in response.text) is not is_served


def test_a_fault_names_headers_that_are_not_understood(live_server: LiveServer) -> None:
    must = 'e:mustUnderstand="1"'
    body = with_headers(must, "", must).replace(b'"urn:x"', b'"urn:x?a=1&amp;b=2"')
    assert refused(live_server, body) == fault(
        "soap12env", "MustUnderstand", "The header t0 isn't understood."
    ).replace(
        "<soap12env:Body>",
        "<soap12env:Header>"
        + "".join(
            f'<soap12env:NotUnderstood qname="h:t{index}" xmlns:h="urn:x?a=1&amp;b=2"/>'
            for index in (0, 2)
        )
        + "</soap12env:Header><soap12env:Body>",
    )


def test_a_header_may_have_no_namespace(live_server: LiveServer) -> None:
    body = with_headers('e:mustUnderstand="1"').replace(b"<x:t0", b"<t0")
    root = etree.fromstring(refused(live_server, body))
    (header,) = root.find(f"{{{ENVELOPE}}}Header")
    assert dict(header.attrib) == {"qname": "t0"}


def test_a_fault_does_not_name_a_thousand_headers(live_server: LiveServer) -> None:
    body = with_headers(*['e:mustUnderstand="1"'] * 1000)
    assert refused(live_server, body).count("NotUnderstood ") == 10


def test_soap_11_has_no_such_header(live_server: LiveServer) -> None:
    body = with_headers('e:mustUnderstand="1"').replace(ENVELOPE.encode(), SOAP_11.encode())
    response = post(live_server, body)
    assert "MustUnderstand</faultcode>" in response.text
    assert "NotUnderstood" not in response.text


# The contract ------------------------------------------------------------------------------------

BINDING = "http://schemas.xmlsoap.org/wsdl/soap12/"


def contract(live_server: LiveServer, query: str) -> Response:
    return get(live_server.server, f"/core/soap.php?{query}")


def test_the_contract_is_that_of_soap_11_but_for_the_binding(live_server: LiveServer) -> None:
    old = contract(live_server, "wsdl&style=document").text
    new = contract(live_server, "wsdl&soap=1.2").text
    assert BINDING not in old
    changed = (
        old.replace("http://schemas.xmlsoap.org/wsdl/soap/", BINDING)
        .replace("wsdlsoap11", "wsdlsoap12")
        .replace("KimaiRemoteBinding", "KimaiRemoteSoap12Binding")
        .replace('"KimaiRemotePort"', '"KimaiRemoteSoap12Port"')
    )
    assert new == changed
    assert new.count("<wsdlsoap12:body ") == 2 * len(RemoteApi.public_methods)


@pytest.mark.parametrize(
    ("query", "same_as"),
    [
        ("wsdl&soap=1.1", "wsdl"),
        ("wsdl&style=document&soap=1.1", "wsdl&style=document"),
        ("wsdl&style=rpc&soap=1.1", "wsdl&style=rpc"),
        ("wsdl&style=document&soap=1.2", "wsdl&soap=1.2"),
        ("WSDL&Style=Document&SOAP=1.2", "wsdl&soap=1.2"),
    ],
)
def test_queries(live_server: LiveServer, query: str, same_as: str) -> None:
    response = contract(live_server, query)
    assert response.status == 200
    assert response.body == contract(live_server, same_as).body


def test_it_is_the_same_where_plain_wsdl_is_rpc(
    live_server: LiveServer, legacy_server: LiveServer
) -> None:
    url, other = live_server.server.url.encode(), legacy_server.server.url.encode()
    assert contract(legacy_server, "wsdl&soap=1.1").body == contract(legacy_server, "wsdl").body
    assert contract(legacy_server, "wsdl&soap=1.2").body == contract(
        live_server, "wsdl&soap=1.2"
    ).body.replace(url, other)


@pytest.mark.parametrize(
    "query", ["wsdl&style=rpc&soap=1.2", "wsdl&soap=2", "wsdl&soap=", "wsdl&style=x"]
)
def test_there_are_no_other_contracts(live_server: LiveServer, query: str) -> None:
    response = contract(live_server, query)
    assert response.status == 404
    assert response.text.strip() == (
        "Not Found. There are contracts with style=document (soap=1.1 or soap=1.2) and with "
        "style=rpc, whose clients may speak either version."
    )
