"""Responses in rpc/encoded, byte for byte as PHP's SoapServer writes them, in SOAP 1.1 and 1.2.

SoapClient makes the requests. A SoapServer, which Kimai 1 was, gets them with the results that this
service has over JSON-RPC, where values have the same types.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from sqlalchemy import text

from clients import tools
from clients.conftest import Scene
from support import processes
from support.raw_http import Response, call, get, request
from support.server import Server, free_port

pytestmark = pytest.mark.clients

TYPES = {"1.1": "text/xml; charset=utf-8", "1.2": "application/soap+xml; charset=utf-8"}
NEXT = {
    "1.1": "http://schemas.xmlsoap.org/soap/actor/next",
    "1.2": "http://www.w3.org/2003/05/soap-envelope/role/next",
}
ROLE = {"1.1": "actor", "1.2": "role"}


@dataclass
class Kimai:
    """A SoapServer of PHP in Kimai's place, under its URL."""

    scene: Scene
    server: Server
    #: What its methods return.
    results: Path
    contract: Path

    def requests(self, version: str, calls: list[Any]) -> list[bytes]:
        """Return the requests that SoapClient makes of calls."""
        texts: list[str] = tools.report(
            [
                tools.need_php("soap"),
                tools.HERE / "php" / "soap_requests.php",
                self.contract,
                version,
            ],
            stdin=json.dumps(calls),
        )
        return [text.encode() for text in texts]

    def post(self, body: bytes, version: str) -> tuple[Response, Response]:
        """Send a request to this service and to PHP; return both responses."""
        headers = {"Content-Type": TYPES[version]}
        ours, theirs = (
            request(server, "POST", "/core/soap.php", body, headers)
            for server in (self.scene.server, self.server)
        )
        return ours, theirs


@pytest.fixture
def kimai(scene: Scene, tmp_path: Path) -> Iterator[Kimai]:
    php = tools.need_php("soap")
    contract, results = tmp_path / "contract.wsdl", tmp_path / "results.json"
    contract.write_bytes(get(scene.server, "/core/soap.php?wsdl&style=rpc").body)
    results.write_text("{}")
    address = f"127.0.0.1:{free_port()}"
    environ = {"CONTRACT": str(contract), "RESULTS": str(results)}
    log = tmp_path / "php.log"
    server = Server([], environ, f"http://{address}", log)

    def responds() -> bool:
        try:
            urllib.request.urlopen(server.soap, timeout=processes.DEADLINE).close()
        except urllib.error.HTTPError:  # it wants a request
            return True
        except OSError:
            return False
        return True

    command = [php, "-S", address, tools.HERE / "php" / "soap_server.php"]
    with processes.running(command, log, responds, os.environ | environ):
        yield Kimai(scene, server, results, contract)


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_results(kimai: Kimai, version: str) -> None:
    scene = kimai.scene
    key = scene.world.key(scene.user)
    calls = [
        ["getVersion", []],
        ["authenticate", [scene.user, scene.password]],
        ["authenticate", [scene.user, "wrong"]],
        ["getUsers", [key]],
        ["getProjects", [key, False]],
        # Lists in lists, and empty ones.
        ["getProjects", [key, True]],
        ["getTasks", [key, scene.world.shop]],
        ["getActiveRecording", [key]],
        ["getTimesheet", [key, 0, 0, -1, 0, 0]],
        ["getTimesheetRecord", [key, scene.entry]],
        ["getExpenses", [key, 0, 0, -1, -1, 0, 0]],
        ["getExpenses", [key, 86_400, 172_800, -1, -1, 0, 0]],
        ["getExpenseRecord", [key, scene.expense]],
        ["setExpenseRecord", [key, {"id": scene.expense, "comment": "new & <b>"}, True]],
        ["removeExpenseRecord", [key, 999]],
    ]
    for (method, parameters), body in zip(calls, kimai.requests(version, calls), strict=True):
        result = as_kimai_s(call(scene.server, method, *parameters))
        kimai.results.write_text(json.dumps({method: result}))
        ours, theirs = kimai.post(body, version)
        assert theirs.status == 200, theirs.text
        assert ours.text == theirs.text
        assert (ours.status, ours.headers["Content-Type"]) == (200, TYPES[version])
        assert theirs.headers["Content-Type"] == TYPES[version]


def as_kimai_s(value: Any, name: str = "") -> Any:
    """Return a result as Kimai's methods return it, which JSON doesn't quite tell."""
    if isinstance(value, dict):
        return {name: as_kimai_s(member, name) for name, member in value.items()}
    if isinstance(value, list):
        return [as_kimai_s(item) for item in value]
    if isinstance(value, str):
        return value.replace("\x07", "\ufffd")
    return float(value) if name == "wage_decimal" and value is not None else value


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("code", ["Client", "Server"])
def test_faults(kimai: Kimai, version: str, code: str) -> None:
    scene = kimai.scene
    calls = [["getTimesheetRecord", [scene.world.key(scene.user), scene.entry]]]
    (body,) = kimai.requests(version, calls)
    if code == "Server":
        scene.world.execute(text("DROP TABLE kimai_timeSheet"))
        wrong = body
    else:
        wrong = re.sub(rb">\d+</id>", b'>twelve &lt;&amp;"</id>', body)
    headers = {"Content-Type": TYPES[version]}
    ours = request(scene.server, "POST", "/core/soap.php", wrong, headers)
    assert ours.status == 500
    root = etree.fromstring(ours.body)
    message = root.xpath("string(//faultstring | //*[local-name() = 'Text'])")
    kimai.results.write_text(
        json.dumps({"getTimesheetRecord": {"fault": {"code": code, "text": message}}})
    )
    theirs = request(kimai.server, "POST", "/core/soap.php", body, headers)
    assert theirs.status == 500
    assert ours.headers["Content-Type"] == theirs.headers["Content-Type"] == TYPES[version]
    # SOAP 1.2 requires it, PHP leaves it out.
    assert ours.text.replace(' xml:lang="en"', "") == theirs.text


@pytest.mark.parametrize(
    ("version", "attributes"),
    [
        # In SOAP 1.1, PHP takes true for an error.
        ("1.2", 's:mustUnderstand="true"'),
        *itertools.product(
            ["1.1", "1.2"],
            [
                's:mustUnderstand="1"',
                's:mustUnderstand="0"',
                's:mustUnderstand="1" s:ROLE="NEXT"',
                's:mustUnderstand="1" s:ROLE="urn:x"',
                's:mustUnderstand="1" s:ROLE="http://www.w3.org/2003/05/soap-envelope/role/none"',
            ],
        ),
    ],
)
def test_headers(kimai: Kimai, version: str, attributes: str) -> None:
    """The same ones are refused, with the same code."""
    (body,) = kimai.requests(version, [["getVersion", []]])
    prefix = "env" if version == "1.2" else "SOAP-ENV"
    given = attributes.replace("ROLE", ROLE[version]).replace("NEXT", NEXT[version])
    header = f'<x:t xmlns:x="urn:x" {given.replace("s:", f"{prefix}:")}/>'
    body = body.replace(
        f"<{prefix}:Body>".encode(),
        f"<{prefix}:Header>{header}</{prefix}:Header><{prefix}:Body>".encode(),
    )
    kimai.results.write_text(json.dumps({"getVersion": "1.3.5-1394"}))
    ours, theirs = kimai.post(body, version)
    assert ours.status == theirs.status
    assert ("MustUnderstand" in ours.text) == ("MustUnderstand" in theirs.text)
    if ours.status == 200:
        assert ours.text == theirs.text
