"""The requests of real client programs of Kimai 1, as they go over the connection."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from support.live_server import LiveServer
from support.raw_http import (
    Connection,
    call,
    envelope,
    get,
    post_json,
    post_soap,
    request,
)
from support.server import Server

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Shape:
    """A JSON request, with ``KEY`` for a key and ``ENTRY`` for an entry of that user's."""

    body: str
    #: Texts that the answer holds.
    holds: tuple[str, ...] = ('"success":true',)
    headers: dict[str, str] = field(default_factory=dict)
    lacks: tuple[str, ...] = ('"error"',)


SHAPES = {
    'all strings, no Content-Type, id "1"': Shape(
        '{"jsonrpc":"2.0","method":"getTasks","params":["KEY","1"],"id":"1"}',
        ('"activityID":"1"', '"id":"1","jsonrpc":"2.0"}'),
    ),
    "JSON as a form, id 0": Shape(
        '{"jsonrpc":"2.0","method":"getUsers","params":["KEY"],"id":0}',
        ('"userID":"1"', '"id":0,"jsonrpc":"2.0"}'),
        FORM,
    ),
    "named parameters and an unpadded German date": Shape(
        '{"jsonrpc":"2.0","method":"getTimesheet","id":"1","params":'
        '{"apiKey":"KEY","from":"1.1.2020 8:00","to":"24.12.2030 8:00"}}',
        ('"timeEntryID":"ENTRY"', '"total":"1"'),
    ),
    "named parameters and a day before": Shape(
        '{"jsonrpc":"2.0","method":"getTimesheet","id":"1","params":'
        '{"apiKey":"KEY","from":"1.1.2019 8:00","to":"24.1.2019 8:00"}}',
        ('"items":[]', '"total":0'),
    ),
    "empty texts for all but the limit": Shape(
        '{"jsonrpc":"2.0","method":"getTimesheet","params":["KEY","","","","",1],"id":3}',
        ('"timeEntryID":"ENTRY"', '"total":"1"', '"id":3'),
    ),
    "no jsonrpc, and a named parameter that is unknown": Shape(
        '{"method":"getProjects","params":{"apiKey":"KEY","all":true},"id":1}',
        ('"projectID":"1"', '"id":1}'),
        lacks=('"error"', '"jsonrpc"'),
    ),
    "a date with +0000": Shape(
        '{"jsonrpc":"2.0","method":"getTimesheet","id":"1",'
        '"params":["KEY","2014-01-05 23:00:00 +0000","0"]}',
        ('"timeEntryID":"ENTRY"',),
    ),
    "a third parameter to authenticate": Shape(
        '{"jsonrpc":"2.0","method":"authenticate","id":"1",'
        '"params":["root","correct horse","http://kimai.example/"]}',
        ('"apiKey":"KEY"',),
    ),
    "id null with named parameters": Shape(
        '{"jsonrpc":"2.0","method":"getCustomers","params":{"apiKey":"KEY"},"id":null}',
        ('"customerID":"1"', '"id":null,"jsonrpc":"2.0"}'),
    ),
    "a record in two parameters, numbers empty": Shape(
        '{"jsonrpc":"2.0","method":"setTimesheetRecord","id":1,"params":["KEY",{"projectId":"1",'
        '"taskId":"1","start":"2015-03-02 08:00","end":"2015-03-02 09:30","rate":"",'
        '"fixedRate":"","statusId":"","flagBillable":"","budget":"","approved":"",'
        '"flagCleared":"","commentType":""}]}',
        ('"items":[{"id":', '"total":1'),
    ),
    "doUpdate as the text true": Shape(
        '{"jsonrpc":"2.0","method":"setTimesheetRecord","id":1,'
        '"params":["KEY",{"id":"ENTRY","comment":"changed"},"true"]}',
        ('"items":[]', '"total":0'),
    ),
    "includeTasks by its name": Shape(
        '{"jsonrpc":"2.0","method":"getProjects","params":["KEY","includeTasks"],"id":1}',
        ('"tasks":[{"activityID":"',),
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_request_of_a_client(live_server: LiveServer, name: str) -> None:
    shape = SHAPES[name]
    key = live_server.world.key("root")
    record = {"projectId": 1, "taskId": 1, "start": "2020-05-04 10:00", "end": "2020-05-04 11:00"}
    entry = call(live_server.server, "setTimesheetRecord", key, record)["items"][0]["id"]

    def filled(text: str) -> str:
        return text.replace("KEY", key).replace("ENTRY", str(entry))

    try:
        reply = post_json(live_server.server, filled(shape.body), headers=shape.headers)
        assert reply.status == 200
        for text in shape.holds:
            assert filled(text) in reply.text
        for text in shape.lacks:
            assert text not in reply.text
    finally:
        for row in call(live_server.server, "getTimesheet", key)["items"]:
            call(live_server.server, "removeTimesheetRecord", key, row["timeEntryID"])


def test_the_calls_that_a_client_builds_from_the_description(live_server: LiveServer) -> None:
    """jQuery's Zend plug-in: GET with a cache buster, then one call for each entry."""
    headers = {"Content-Type": "application/json"}
    description = get(live_server.server, "/core/json.php?_=123", headers)
    assert description.status == 200
    assert description.headers["Content-Type"] == "application/json"
    smd = description.json
    target = smd["target"].removeprefix(live_server.server.url)
    assert target == "/core/json.php?_=123"  # as in Kimai
    for request_id, name in enumerate(smd["methods"], 1):
        request = {"jsonrpc": "2.0", "method": name, "params": ["no key"], "id": request_id}
        response = post_json(live_server.server, request, headers=headers).json
        assert response["id"] == request_id
        assert "result" in response, response


def test_a_soap_request_made_from_another_server_s_contract(live_server: LiveServer) -> None:
    """PHP's SoapClient over curl: another namespace and SOAPAction, and Expect."""
    foreign = "https://time.example.org/kimai/core/soap.php"
    body = envelope(
        f'<ns1:authenticate xmlns:ns1="{foreign}">'
        '<username xsi:type="xsd:string">alice</username>'
        '<password xsi:type="xsd:string">correct horse</password></ns1:authenticate>',
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
        ' e:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"',
    )
    head = (
        f"POST /core/soap.php HTTP/1.1\r\nHost: time.example.org\r\n"
        f'Content-Type: text/xml; charset=utf-8\r\nSOAPAction: "{foreign}#authenticate"\r\n'
        f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    )
    with Connection(live_server.server) as connection:
        connection.send(head.encode())
        assert connection.socket.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.send(body)
        reply = connection.receive()
    assert reply.status == 200
    assert f'xmlns:ns1="{foreign}"' in reply.text
    assert f'<value xsi:type="xsd:string">{live_server.key}</value>' in reply.text


def test_a_soap_action_of_any_kind(live_server: LiveServer) -> None:
    for action in ('""', '"urn:x#nothing"', "nothing", ""):
        reply = post_soap(
            live_server.server,
            '<getVersion xmlns="urn:kimai-remote"/>',
            headers={"SOAPAction": action},
        )
        assert reply.status == 200


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "application/x-www-form-urlencoded",  # curl -d, urllib, HttpURLConnection
        "application/x-www-form-urlencoded; charset=UTF-8",
        "application/octet-stream",
        "application/json",
        "text/plain",
        "text/html",
        "application/soap+xml; charset=utf-8",
        "nonsense;;",
        "",
    ],
)
@pytest.mark.parametrize("style", ["document", "rpc"])
def test_a_soap_request_of_any_content_type(
    live_server: LiveServer, style: str, content_type: str | None
) -> None:
    """Kimai read the body whatever the type, and HTTP libraries send that of a form."""
    namespace = "urn:kimai-remote" if style == "document" else "urn:elsewhere"
    body = envelope(f'<getVersion xmlns="{namespace}"/>')
    headers = {} if content_type is None else {"Content-Type": content_type}
    reply = request(live_server.server, "POST", "/core/soap.php", body, headers)
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    assert "1.3.5-1394<" in reply.text


#: Dates as clients write them, and the same in Kimai's own form.
CLIENT_DATES = {
    "Jimai pads no minutes": ("27.11.2026 8:5", "2026-11-27 08:05:00"),
    "Jimai, a day": ("27.11.2026 0:0", "2026-11-27 00:00:00"),
    # KimaiDesktop sends DateTime.ToString(), in the culture of its computer.
    "en-US": ("11/27/2026 4:05:06 PM", "2026-11-27 16:05:06"),
    "en-US, midnight": ("11/27/2026 12:00:00 AM", "2026-11-27 00:00:00"),
    "en-US, with ICU": ("11/27/2026 4:05:06\u202fPM", "2026-11-27 16:05:06"),
    "de-DE": ("27.11.2026 16:05:06", "2026-11-27 16:05:06"),
    "nl-NL": ("27-11-2026 16:05:06", "2026-11-27 16:05:06"),
    "ja-JP": ("2026/11/27 16:05:06", "2026-11-27 16:05:06"),
    "sv-SE": ("2026-11-27 16:05:06", "2026-11-27 16:05:06"),
    "en-CA": ("2026-11-27 4:05:06 PM", "2026-11-27 16:05:06"),
    "fi-FI": ("27.11.2026 16.05.06", "2026-11-27 16:05:06"),
    "the invariant culture": ("11/27/2026 16:05:06", "2026-11-27 16:05:06"),
    "JavaScript": ("Fri Nov 27 2026 16:05:06 GMT+0100 (CET)", "2026-11-27 16:05:06 +0100"),
    "toISOString": ("2026-11-27T15:05:06.123Z", "2026-11-27 15:05:06 +0000"),
    "MySQL": ("20261127160506", "2026-11-27 16:05:06"),
}


def rpc_call(server: Server, method: str, parameters: str) -> None:
    """Make a call in the rpc/encoded style of PHP's SoapClient, and expect success."""
    body = envelope(
        f'<ns1:{method} xmlns:ns1="https://kimai.example/core/soap.php">{parameters}</ns1:{method}>',
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:ns2="http://xml.apache.org/xml-soap"'
        ' e:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"',
    )
    reply = post_soap(server, body)
    assert reply.status == 200, reply.text
    success = '<key xsi:type="xsd:string">success</key><value xsi:type="xsd:boolean">true</value>'
    assert success in reply.text


@pytest.mark.parametrize("name", CLIENT_DATES)
@pytest.mark.parametrize("protocol", ["json", "soap"])
def test_a_date_of_a_client(live_server: LiveServer, protocol: str, name: str) -> None:
    server, key = live_server.server, live_server.world.key("root")
    text, same = CLIENT_DATES[name]
    fields = {"projectId": 1, "taskId": 1, "end": "2026-11-28 12:00:00"}
    expected = call(server, "setTimesheetRecord", key, {**fields, "start": same})["items"][0]["id"]
    try:
        if protocol == "json":
            call(server, "setTimesheetRecord", key, {**fields, "start": text})
            before = call(server, "getTimesheet", key, "2026-11-26", text)
        else:
            items = "".join(
                f'<item><key xsi:type="xsd:string">{field}</key>'
                f'<value xsi:type="xsd:string">{value}</value></item>'
                for field, value in {**fields, "start": text}.items()
            )
            rpc_call(
                server,
                "setTimesheetRecord",
                f'<apiKey xsi:type="xsd:string">{key}</apiKey>'
                f'<record xsi:type="ns2:Map">{items}</record>'
                '<doUpdate xsi:type="xsd:boolean">false</doUpdate>',
            )
            rpc_call(
                server,
                "getTimesheet",
                f'<apiKey xsi:type="xsd:string">{key}</apiKey>'
                '<from xsi:type="xsd:string">2026-11-26</from>'
                f'<to xsi:type="xsd:string">{text}</to>',
            )
            before = call(server, "getTimesheet", key, "2026-11-26", same)
        assert before["items"] == []
        starts = {row["start"] for row in call(server, "getTimesheet", key)["items"]}
        assert len(starts) == 1
        assert call(server, "getTimesheetRecord", key, expected)["items"][0]["start"] in starts
    finally:
        for row in call(server, "getTimesheet", key)["items"]:
            call(server, "removeTimesheetRecord", key, row["timeEntryID"])
