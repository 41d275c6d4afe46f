"""PHP's SoapClient and nusoap in both dialects, and JSON-RPC by its curl extension."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from clients import scenario, toolkits, tools
from clients.conftest import Scene
from kimai_remote.storage import models as m
from kimai_remote.storage.origin import WEB_OPTIONS

pytestmark = pytest.mark.clients

ENCODED_12 = replace(scenario.SOAP_12, values=scenario.ENCODED.values)
NUSOAP = Path("/usr/share/php/nusoap/nusoap.php")


@pytest.mark.parametrize(
    ("client", "extension", "address", "dialect"),
    [
        ("soap_document.php", "soap", "soap.php?wsdl", scenario.DOCUMENT),
        ("soap_document.php 1.2", "soap", "soap.php?wsdl&soap=1.2", scenario.SOAP_12),
        ("soap_encoded.php", "soap", "soap.php?wsdl&style=rpc", scenario.ENCODED),
        ("soap_encoded.php 1.2", "soap", "soap.php?wsdl&style=rpc", ENCODED_12),
        ("soap_encoded.php", "soap", "soap.php", scenario.ENCODED),
        ("soap_encoded.php 1.2", "soap", "soap.php", ENCODED_12),
        ("json_curl.php", "curl", "json.php", scenario.JSON),
        ("json_curl.php", "curl", "json.php?types=native", scenario.JSON_NATIVE),
    ],
)
def test_php_client(
    scene: Scene,
    toolkit_run: toolkits.Run,
    client: str,
    extension: str,
    address: str,
    dialect: scenario.Dialect,
) -> None:
    program, *version = client.split()
    report = tools.report(
        [
            tools.need_php(extension),
            tools.HERE / "php" / program,
            f"{scene.server.url}/core/{address}",
            *version,
        ],
        stdin=scenario.program(scene),
    )
    toolkit = "SoapClient" if extension == "soap" else "curl extension"
    remarks = []
    if version:
        remarks = ["document/literal" if dialect == scenario.SOAP_12 else "rpc/encoded"]
    if address == "soap.php":
        remarks.append("without a WSDL")
    toolkit_run(toolkit, "PHP", php_version(), dialect, report, why=", ".join(remarks))


def test_the_plain_contract_of_an_adopted_database(scene: Scene, toolkit_run: toolkits.Run) -> None:
    """SoapClient would pass other parameters with the document/literal one."""
    option = {"option": WEB_OPTIONS[0], "value": ""}
    scene.world.execute(m.Configuration.__table__.insert().values(option))
    report = tools.report(
        [
            tools.need_php("soap"),
            tools.HERE / "php" / "soap_encoded.php",
            f"{scene.server.soap}?wsdl",
        ],
        stdin=scenario.program(scene),
    )
    why = "with the plain WSDL of an adopted database"
    toolkit_run("SoapClient", "PHP", php_version(), scenario.ENCODED, report, why=why)


@pytest.mark.toolkits
@pytest.mark.parametrize(
    ("query", "dialect"),
    [
        ("?wsdl&style=document", scenario.DOCUMENT.untyped),
        ("?wsdl&style=rpc", scenario.ENCODED),
        ("", scenario.ENCODED),
    ],
)
def test_nusoap(
    scene: Scene, toolkit_run: toolkits.Run, query: str, dialect: scenario.Dialect
) -> None:
    php = tools.need_php("xml")
    if not NUSOAP.exists():
        tools.missing(str(NUSOAP), "apt-get install libnusoap-php")
    client = tools.HERE / "php" / "nusoap_client.php"
    url = f"{scene.server.soap}{query}"
    report = tools.report([php, client, url, NUSOAP], stdin=scenario.program(scene))
    version = tools.debian_version("libnusoap-php")
    why = "with its constructors renamed, since PHP 8 calls none that is named like its class"
    why += "" if query else "; without a WSDL"
    toolkit_run("nusoap", "PHP", version, dialect, report, why=why)


def php_version() -> str:
    return tools.run(["php", "-r", "echo PHP_VERSION;"])


def test_both_dialects_in_one_program(scene: Scene) -> None:
    report = tools.report(
        [
            tools.need_php("soap"),
            tools.HERE / "php" / "both_dialects.php",
            scene.server.soap,
            scene.user,
            scene.password,
        ]
    )
    internal = scene.world.internal
    assert report == {"sameKey": True, "projects": [internal, str(internal)] * 3}


def test_http_of_php_curl(scene: Scene) -> None:
    php = tools.need_php("curl")
    report = tools.report([php, tools.HERE / "php" / "http.php", scene.server.json])
    ok = "HTTP/1.1 200 OK"
    for name in ("small", "large", "again", "expecting", "chunked", "afterwards"):
        assert report[name]["statuses"][-1] == ok, name
        assert report[name]["body"]["result"].endswith("-1394"), name
    # curl waits for the interim answer before it sends a large body.
    assert report["large"]["statuses"] == ["HTTP/1.1 100 Continue", ok]
    assert report["expecting"]["statuses"] == ["HTTP/1.1 100 Continue", ok]
    made = [report[name]["connections"] for name in ("small", "large", "again", "chunked")]
    assert made == [1, 0, 0, 0]
    assert report["tooLarge"]["statuses"][-1].startswith("HTTP/1.1 413 ")
