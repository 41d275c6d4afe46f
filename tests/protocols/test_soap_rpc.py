"""The rpc/encoded dialect: its detection, and responses as PHP's ext/soap writes them."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from support.live_server import LiveServer
from support.raw_http import call, envelope, post_json, post_soap

OPEN = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:ns1="{namespace}" {namespaces}'
    ' SOAP-ENV:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><SOAP-ENV:Body>'
)
CLOSE = "</SOAP-ENV:Body></SOAP-ENV:Envelope>\n"
NAMESPACES = {
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xsd": "http://www.w3.org/2001/XMLSchema",
    "ns2": "http://xml.apache.org/xml-soap",
    "SOAP-ENC": "http://schemas.xmlsoap.org/soap/encoding/",
}
XSI = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
TYPES = (
    XSI + ' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:ns2="http://xml.apache.org/xml-soap"'
)
FOREIGN = "http://time.example.org/core/soap.php"


def expected_response(namespace: str, method: str, returned: str) -> str:
    """Return a whole response around its ``return`` element, with the namespaces in PHP's order."""
    order = ["xsi", "xsd", "ns2", "SOAP-ENC"]
    if EMPTY in returned:
        order = ["xsi", "xsd", "SOAP-ENC", "ns2"]
    elif "ns2" not in returned:
        order = ["xsd", "xsi", "SOAP-ENC"]
    namespaces = " ".join(f'xmlns:{prefix}="{NAMESPACES[prefix]}"' for prefix in order)
    body = f"<ns1:{method}Response>{returned}</ns1:{method}Response>"
    return OPEN.format(namespace=namespace, namespaces=namespaces) + body + CLOSE


def pair(key: str, value: str, xsi_type: str | None = "string") -> str:
    filled = f'<value xsi:type="xsd:{xsi_type}">{value}</value>' if xsi_type else value
    return f'<item><key xsi:type="xsd:string">{key}</key>{filled}</item>'


def items(*records: str) -> str:
    """A list of maps."""
    joined = "".join(f'<item xsi:type="ns2:Map">{record}</item>' for record in records)
    return (
        f'<value SOAP-ENC:arrayType="ns2:Map[{len(records)}]" xsi:type="SOAP-ENC:Array">'
        f"{joined}</value>"
    )


def success(listed: str, total: int | str) -> str:
    return (
        '<return xsi:type="ns2:Map">'
        + pair("success", "true", "boolean")
        + pair("items", listed, None)
        + pair("total", str(total), "int" if isinstance(total, int) else "string")
        + "</return>"
    )


EMPTY = '<value SOAP-ENC:arrayType="xsd:ur-type[0]" xsi:type="SOAP-ENC:Array"/>'
REFUSED = (
    '<return xsi:type="ns2:Map">'
    + pair("success", "false", "boolean")
    + pair(
        "error",
        '<value xsi:type="ns2:Map">' + pair("msg", "Unknown user or no permissions.") + "</value>",
        None,
    )
    + "</return>"
)


def ask(live_server: LiveServer, body: str, attributes: str = TYPES) -> str:
    reply = post_soap(live_server.server, envelope(body, attributes))
    assert reply.status == 200, reply.text
    assert reply.headers["Content-Type"] == "text/xml; charset=utf-8"
    return reply.text


# Answers, byte for byte --------------------------------------------------------------------------


def test_a_plain_text(live_server: LiveServer) -> None:
    version = call(live_server.server, "getVersion")
    response = ask(live_server, f'<m:getVersion xmlns:m="{FOREIGN}"/>')
    text = f'<return xsi:type="xsd:string">{version}</return>'
    assert response == expected_response(FOREIGN, "getVersion", text)


def test_a_list_of_one(live_server: LiveServer) -> None:
    response = ask(
        live_server,
        f'<m:authenticate xmlns:m="{FOREIGN}"><username>alice</username>'
        "<password>correct horse</password></m:authenticate>",
    )
    assert response == expected_response(
        FOREIGN, "authenticate", success(items(pair("apiKey", live_server.key)), 1)
    )


def test_an_empty_list(live_server: LiveServer) -> None:
    response = ask(
        live_server, f"<getTimesheet><apiKey>{live_server.world.key('ben')}</apiKey></getTimesheet>"
    )
    assert response == expected_response(live_server.server.soap, "getTimesheet", success(EMPTY, 0))


def test_a_failure(live_server: LiveServer) -> None:
    response = ask(live_server, "<getUsers><apiKey>x</apiKey></getUsers>")
    assert response == expected_response(live_server.server.soap, "getUsers", REFUSED)


NULL = '<value xsi:nil="true"/>'


def test_all_kinds_of_values(live_server: LiveServer) -> None:
    response = ask(live_server, f"<getTimesheet><apiKey>{live_server.key}</apiKey></getTimesheet>")
    row = "".join(
        pair(name, NULL, None) if value is None else pair(name, *value)
        for name, value in {
            "timeEntryID": (str(live_server.entry),),
            "start": ("1772436610",),
            "end": ("1772442010",),
            "duration": ("5400", "int"),
            "formattedDuration": ("1:30",),
            "wage_decimal": ("128.25", "float"),
            "wage": ("128.25",),
            "budget": None,
            "approved": None,
            "rate": ("85.50",),
            "projectID": ("1",),
            "activityID": ("1",),
            "userID": ("2",),
            "customerName": ("Acme",),
            "customerID": ("1",),
            "activityName": ("Coding",),
            "projectName": ("Shop",),
            "projectComment": ("About shop",),
            "location": ("",),
            "trackingNumber": None,
            "statusID": ("1",),
            "status": ("open",),
            "billable": None,
            "description": ("a &lt;b&gt; &amp; \"c\" 'd'\ttab",),
            "comment": None,
            "cleared": ("0",),
            "commentType": ("0",),
            "userAlias": ("Alice",),
            "userName": ("alice",),
        }.items()
    )
    assert response == expected_response(
        live_server.server.soap, "getTimesheet", success(items(row), "1")
    )


def test_nested_lists(live_server: LiveServer) -> None:
    response = ask(
        live_server,
        f"<getProjects><apiKey>{live_server.key}</apiKey>"
        '<includeTasks xsi:type="xsd:boolean">true</includeTasks></getProjects>',
    )
    first = etree.fromstring(response.encode()).find(".//return/item[2]/value/item")
    names = [item.findtext("key") for item in first]
    assert names[-1] == "tasks"
    tasks = first[-1].find("value")
    assert [etree.QName(name).localname for name in tasks.attrib] == ["arrayType", "type"]
    count = len(tasks)
    assert tasks.get("{http://schemas.xmlsoap.org/soap/encoding/}arrayType") == f"ns2:Map[{count}]"
    assert [item.findtext("key") for item in tasks[0]][:2] == ["activityID", "name"]


def test_a_fault(live_server: LiveServer) -> None:
    reply = post_soap(live_server.server, "<nothing><a/></nothing>")
    assert reply.status == 500
    assert reply.text == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/">'
        "<SOAP-ENV:Body><SOAP-ENV:Fault><faultcode>SOAP-ENV:Client</faultcode>"
        "<faultstring>There is no such method here; see ?wsdl.</faultstring>"
        "</SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>\n"
    )


def test_the_values_are_those_of_the_json_dialect(live_server: LiveServer) -> None:
    for method in ("getUsers", "getCustomers", "getProjects", "getTasks", "getExpenses"):
        response = ask(live_server, f"<{method}><apiKey>{live_server.key}</apiKey></{method}>")
        returned = etree.fromstring(response.encode()).find(".//return")
        expected = call(live_server.server, method, live_server.key)
        # XML can't carry the control character.
        text = repr(expected).replace("\\x07", "\ufffd")
        assert repr(read_map(returned)) == text


def read_map(element: etree._Element) -> Any:
    """A value as PHP's SoapClient would give it, arrays and all."""
    xsi_type = element.get("{http://www.w3.org/2001/XMLSchema-instance}type")
    if xsi_type is None:
        assert element.get("{http://www.w3.org/2001/XMLSchema-instance}nil") == "true"
        return None
    if xsi_type == "ns2:Map":
        return {item.findtext("key"): read_map(item.find("value")) for item in element}
    if xsi_type == "SOAP-ENC:Array":
        return [read_map(item) for item in element]
    text = element.text or ""
    readers = {"xsd:string": str, "xsd:int": int, "xsd:float": float, "xsd:boolean": "true".__eq__}
    return readers[xsi_type](text)


# What is taken for this dialect ------------------------------------------------------------------

OWN = 'xmlns="urn:kimai-remote"'
STYLE = ' e:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"'
ENCODED = {
    "unqualified children": (
        '<m:getTasks xmlns:m="urn:kimai-remote"><apiKey>KEY</apiKey></m:getTasks>'
    ),
    "no namespace at all": "<getTasks><apiKey>KEY</apiKey></getTasks>",
    "another server's namespace": '<m:getTasks xmlns:m="urn:x"><apiKey>KEY</apiKey></m:getTasks>',
    "its parameters too": '<getTasks xmlns="urn:x"><apiKey>KEY</apiKey></getTasks>',
    "param0": '<m:getTasks xmlns:m="urn:x"><param0>KEY</param0></m:getTasks>',
    "param0, qualified": f"<getTasks {OWN}><param0>KEY</param0></getTasks>",
    "SOAP::Lite's names": '<m:getTasks xmlns:m="urn:x"><c-gensym3>KEY</c-gensym3></m:getTasks>',
    "an encodingStyle on the call": f"<getTasks {OWN}{STYLE}><apiKey>KEY</apiKey></getTasks>",
    "an encodingStyle on a parameter": f"<getTasks {OWN}><apiKey{STYLE}>KEY</apiKey></getTasks>",
}


@pytest.mark.parametrize("name", ENCODED)
def test_is_taken_for_encoded(live_server: LiveServer, name: str) -> None:
    response = ask(live_server, ENCODED[name].replace("KEY", live_server.key))
    assert '<return xsi:type="ns2:Map">' in response
    assert '<key xsi:type="xsd:string">success</key><value xsi:type="xsd:boolean">true' in response


def test_an_encoding_style_on_the_envelope_is_enough(live_server: LiveServer) -> None:
    body = f"<getTasks {OWN}><apiKey>{live_server.key}</apiKey></getTasks>"
    assert '<return xsi:type="ns2:Map">' in ask(live_server, body, STYLE)


def test_document_literal_is_not(live_server: LiveServer) -> None:
    response = ask(live_server, f"<getTasks {OWN}><apiKey>{live_server.key}</apiKey></getTasks>")
    assert "<tns:getTasksResult>" in response


def test_both_dialects_alternate_in_one_process(live_server: LiveServer) -> None:
    document = f"<getVersion {OWN}/>"
    encoded = f'<m:getVersion xmlns:m="{FOREIGN}"/>'
    bodies = [post_soap(live_server.server, body).text for body in (document, encoded) * 5]
    assert len(set(bodies[0::2])) == len(set(bodies[1::2])) == 1
    assert "tns:getVersionResult" in bodies[0]
    assert "ns1:getVersionResponse" in bodies[1]


def test_the_response_is_in_the_namespace_of_the_request(live_server: LiveServer) -> None:
    for namespace in ("urn:x", FOREIGN, "http://h/?a=1&amp;b=2"):
        response = ask(live_server, f'<m:getVersion xmlns:m="{namespace}"/>')
        assert f' xmlns:ns1="{namespace}" ' in response
    assert f' xmlns:ns1="{live_server.server.soap}" ' in ask(live_server, "<getVersion/>")


# How parameters are read -------------------------------------------------------------------------


def login(user: str, password: str) -> str:
    return f'<m:authenticate xmlns:m="urn:x">{user}{password}</m:authenticate>'


@pytest.mark.parametrize(
    "body",
    [
        login("<username>alice</username>", "<password>correct horse</password>"),
        login("<password>correct horse</password>", "<username>alice</username>"),
        login("<param0>alice</param0>", "<param1>correct horse</param1>"),
        login("<a>alice</a>", "<b>correct horse</b><c>more</c>"),
        login('<username href="#1"/>', '<password href="#2"/>')
        + '<multiRef id="1">alice</multiRef><multiRef id="2">correct horse</multiRef>',
        login('<username id="1">alice</username>', "<password>correct horse</password>"),
        login(
            '<username xsi:type="xsd:string">alice</username>',
            '<password xsi:type="xsd:string">correct<!-- no --> horse</password>',
        ),
        login("<username><![CDATA[alice]]></username>", "<password>correct horse</password>"),
        '<multiRef id="1">alice</multiRef>'
        + login('<username href="#1"/>', "<password>correct horse</password>"),
    ],
)
def test_parameters_by_name_by_position_and_by_reference(
    live_server: LiveServer, body: str
) -> None:
    assert live_server.key in ask(live_server, body)


@pytest.mark.parametrize(
    ("flag", "truth"),
    [
        ('<includeTasks xsi:type="xsd:boolean">true</includeTasks>', True),
        ('<includeTasks xsi:type="xsd:boolean">1</includeTasks>', True),
        ('<includeTasks xsi:type="xsd:boolean"> false </includeTasks>', False),
        ('<includeTasks xsi:type="xsd:boolean">0</includeTasks>', False),
        ('<includeTasks xsi:type="xsd:int">0</includeTasks>', False),
        ('<includeTasks xsi:type="xsd:string">false</includeTasks>', True),
        ('<includeTasks xsi:nil="true"/>', False),
        ('<includeTasks xsi:nil=" 1 "/>', False),
        ('<includeTasks xsi:nil="false">1</includeTasks>', True),
        ("<includeTasks/>", False),
        ("", False),
    ],
)
def test_flags(live_server: LiveServer, flag: str, truth: bool) -> None:
    response = ask(
        live_server, f"<getProjects><apiKey>{live_server.key}</apiKey>{flag}</getProjects>"
    )
    assert (">tasks</key>" in response) is truth


RECORDS = {
    "a PHP array": (
        '<record xsi:type="ns2:Map">'
        "<item><key>projectId</key><value>1</value></item>"
        "<item><key>taskId</key><value>1</value></item>"
        "<item><key>start</key><value>2016-02-01 09:00</value></item>"
        "<item><key>end</key><value>2016-02-01 10:00</value></item>"
        '<item><key>comment</key><value xsi:nil="true"/></item></record>'
    ),
    "an untyped map": (
        "<record><item><key>projectId</key><value>1</value></item>"
        "<item><key>taskId</key><value>1</value></item>"
        "<item><key>start</key><value>2016-02-01 09:00</value></item>"
        "<item><key>end</key><value>2016-02-01 10:00</value></item></record>"
    ),
    "a PHP object": (
        '<record xsi:type="SOAP-ENC:Struct"><projectId>1</projectId><taskId>1</taskId>'
        "<start>2016-02-01 09:00</start><end>2016-02-01 10:00</end></record>"
    ),
    "an array of fields, as SoapUI fills in the contract": (
        '<record xsi:type="SOAP-ENC:Array"><projectId>1</projectId><taskId>1</taskId>'
        "<start>2016-02-01 09:00</start><end>2016-02-01 10:00</end></record>"
    ),
    "an array that holds a map, as Axis has it from the contract": (
        '<record SOAP-ENC:arrayType="xsd:anyType[1]" xsi:type="SOAP-ENC:Array">'
        '<record href="#id0"/></record>',
        '<multiRef id="id0"><item><key>projectId</key><value>1</value></item>'
        "<item><key>taskId</key><value>1</value></item>"
        "<item><key>start</key><value>2016-02-01 09:00</value></item>"
        "<item><key>end</key><value>2016-02-01 10:00</value></item></multiRef>",
    ),
    "an array that holds a map, as .NET has it from the contract": (
        '<record href="#id1"/>',
        '<SOAP-ENC:Array id="id1" SOAP-ENC:arrayType="xsd:anyType[1]"><Item href="#id2"/>'
        '</SOAP-ENC:Array><p:Record id="id2" xsi:type="p:Record" xmlns:p="urn:p">'
        '<projectId xsi:type="xsd:string">1</projectId><taskId xsi:type="xsd:string">1</taskId>'
        '<start xsi:type="xsd:string">2016-02-01 09:00</start>'
        '<end xsi:type="xsd:string">2016-02-01 10:00</end></p:Record>',
    ),
    "an array by its items' type alone": (
        '<record SOAP-ENC:arrayType="xsd:anyType[1]"><Item><projectId>1</projectId>'
        "<taskId>1</taskId><start>2016-02-01 09:00</start><end>2016-02-01 10:00</end></Item>"
        "</record>"
    ),
    "values whose elements are named as their types": (
        '<record href="#id1"/>',
        '<SOAP-ENC:Struct id="id1"><projectId href="#id2"/><taskId href="#id2"/>'
        '<start href="#id3"/><end>2016-02-01 10:00</end></SOAP-ENC:Struct>'
        '<SOAP-ENC:int id="id2">1</SOAP-ENC:int>'
        '<SOAP-ENC:base64 id="id3">MjAxNi0wMi0wMSAwOTowMA==</SOAP-ENC:base64>',
    ),
    "Axis's references": (
        '<record href="#id0"/>',
        '<multiRef id="id0"><item><key>projectId</key><value href="#id1"/></item>'
        '<item><key>taskId</key><value href="#id1"/></item>'
        '<item><key>start</key><value href="#id2"/></item>'
        "<item><key>end</key><value>2016-02-01 10:00</value></item></multiRef>"
        '<multiRef id="id1" xsi:type="xsd:int">1</multiRef>'
        '<multiRef id="id2">2016-02-01 09:00</multiRef>',
    ),
    "PHP's references inside": (
        '<record xsi:type="ns2:Map"><item><key>projectId</key><value id="ref1">1</value></item>'
        '<item><key>taskId</key><value href="#ref1"/></item>'
        "<item><key>start</key><value>2016-02-01 09:00</value></item>"
        "<item><key>end</key><value>2016-02-01 10:00</value></item></record>"
    ),
}


@pytest.mark.parametrize("name", RECORDS)
def test_records(live_server: LiveServer, name: str) -> None:
    record = RECORDS[name]
    inside, beside = record if isinstance(record, tuple) else (record, "")
    key = live_server.world.key("ben")
    response = ask(
        live_server,
        f'<m:setTimesheetRecord xmlns:m="urn:x"><apiKey>{key}</apiKey>{inside}'
        f"<doUpdate>0</doUpdate></m:setTimesheetRecord>{beside}",
        TYPES + ' xmlns:SOAP-ENC="http://schemas.xmlsoap.org/soap/encoding/"',
    )
    result = read_map(etree.fromstring(response.encode()).find(".//return"))
    assert result["success"], result
    entry_id = result["items"][0]["id"]
    (entry,) = call(live_server.server, "getTimesheetRecord", key, entry_id)["items"]
    assert int(entry["end"]) - int(entry["start"]) == 3600
    assert call(live_server.server, "removeTimesheetRecord", key, entry_id)["success"]


def record_call(record: str, beside: str = "") -> bytes:
    return envelope(
        f'<m:setTimesheetRecord xmlns:m="u"><apiKey>x</apiKey>{record}</m:setTimesheetRecord>'
        + beside,
        TYPES,
    )


def references(depth: int, width: int) -> str:
    """Values each of which refers to the next one ``width`` times: exponential when followed."""
    inner = [
        f'<multiRef id="a{n}">' + f'<x href="#a{n + 1}"/>' * width + "</multiRef>"
        for n in range(depth)
    ]
    return "".join(inner) + f'<multiRef id="a{depth}">1</multiRef>'


HOSTILE = {
    "a reference to itself": record_call('<record href="#a"/>', '<multiRef id="a" href="#a"/>'),
    "a record that contains itself": record_call(
        '<record href="#a"/>', '<multiRef id="a"><start href="#a"/></multiRef>'
    ),
    "a bomb of references": record_call('<record href="#a0"/>', references(15, 10)),
    "a reference to nothing": record_call('<record href="#a"/>'),
    "a deep value": record_call("<record>" + "<a>" * 200 + "</a>" * 200 + "</record>"),
    "a list for a text": record_call('<record xsi:type="x:Array"><item>1</item></record>'),
    "a text for a record": record_call("<record>text</record>"),
    "a number that is none": envelope(
        "<getTasks><apiKey>x</apiKey><projectId>1x</projectId></getTasks>"
    ),
    "digits beyond any number": envelope(
        f"<getTasks><apiKey>x</apiKey><projectId>{'9' * 6000}</projectId></getTasks>"
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_values_are_a_fault_of_the_client(live_server: LiveServer, name: str) -> None:
    reply = post_soap(live_server.server, HOSTILE[name])
    assert reply.status == 500
    assert etree.fromstring(reply.body).findtext(".//faultcode") == "SOAP-ENV:Client"
    assert len(reply.body) < 1000
    assert "Traceback" not in live_server.server.output


# Settings ----------------------------------------------------------------------------------------


def stop(live_server: LiveServer, key: str) -> str:
    return ask(live_server, f'<m:stopRecord xmlns:m="urn:x"><apiKey>{key}</apiKey></m:stopRecord>')


def test_stop_record_returns_a_boolean_if_configured(legacy_server: LiveServer) -> None:
    key = legacy_server.key
    assert call(legacy_server.server, "startRecord", key, 1, 1)["success"]
    for text in ("true", "false"):
        expected = f'<return xsi:type="xsd:boolean">{text}</return>'
        assert stop(legacy_server, key) == expected_response("urn:x", "stopRecord", expected)


def test_stop_record_returns_a_map_otherwise(live_server: LiveServer) -> None:
    key = live_server.world.key("root")
    assert call(live_server.server, "startRecord", key, 1, 1)["success"]
    assert stop(live_server, key) == expected_response("urn:x", "stopRecord", success(EMPTY, 0))
    assert "No active recording." in stop(live_server, key)


def test_the_boolean_is_for_the_legacy_dialect_only(legacy_server: LiveServer) -> None:
    body = f"<stopRecord {OWN}><apiKey>{legacy_server.key}</apiKey></stopRecord>"
    assert "<tns:success>false</tns:success><tns:error>" in ask(legacy_server, body)
    request = {"method": "stopRecord", "params": [legacy_server.key], "id": 1}
    assert post_json(legacy_server.server, request).json["result"]["success"] is False
