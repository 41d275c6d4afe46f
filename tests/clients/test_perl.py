"""Perl's SOAP::Lite in both SOAP dialects, SOAP::WSDL, and XML::Compile."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients import scenario, toolkits, tools
from clients.conftest import Scene

pytestmark = pytest.mark.clients


@pytest.mark.parametrize(
    ("client", "dialect"), [("document", scenario.DOCUMENT), ("encoded", scenario.ENCODED)]
)
def test_perl_client(
    scene: Scene, toolkit_run: toolkits.Run, client: str, dialect: scenario.Dialect
) -> None:
    report = tools.report(
        [tools.need_perl("SOAP::Lite"), tools.HERE / "perl" / f"{client}.pl", scene.server.soap],
        stdin=scenario.program(scene),
    )
    version = tools.perl_version("SOAP::Lite")
    toolkit_run("SOAP::Lite", "Perl", version, dialect.untyped, report)


@pytest.mark.parametrize(
    ("client", "why"),
    [
        ("document", "document/literal"),
        ("encoded", "rpc/encoded; takes `rpc:result` for the result, so the program looks for it"),
    ],
    ids=["document", "encoded"],
)
def test_perl_client_in_soap_12(
    scene: Scene, toolkit_run: toolkits.Run, client: str, why: str
) -> None:
    perl, program = tools.need_perl("SOAP::Lite"), tools.HERE / "perl" / f"{client}.pl"
    report = tools.report([perl, program, scene.server.soap, "1.2"], stdin=scenario.program(scene))
    version = tools.perl_version("SOAP::Lite")
    toolkit_run("SOAP::Lite", "Perl", version, scenario.SOAP_12.untyped, report, why=why)


@pytest.mark.toolkits
def test_soap_wsdl(scene: Scene, toolkit_run: toolkits.Run, tmp_path: Path) -> None:
    perl = tools.need_perl("SOAP::WSDL")
    generator = tools.need("wsdl2perl", "apt-get install libsoap-wsdl-perl")
    tools.run([generator, "-b", tmp_path / "classes", f"{scene.server.soap}?wsdl"])
    report = tools.report(
        [perl, tools.HERE / "perl" / "soap_wsdl.pl", scene.server.soap, tmp_path / "classes"],
        stdin=scenario.program(scene),
    )
    version = tools.perl_version("SOAP::WSDL")
    toolkit_run("SOAP::WSDL", "Perl", version, scenario.DOCUMENT.untyped, report)


@pytest.mark.toolkits
def test_xml_compile(scene: Scene, toolkit_run: toolkits.Run) -> None:
    perl = tools.need_perl("XML::Compile::Cache")
    report = tools.report(
        [perl, tools.HERE / "perl" / "xml_compile.pl", scene.server.soap],
        stdin=scenario.program(scene),
    )
    toolkit_run(
        "XML::Compile",
        "Perl",
        tools.perl_version("XML::Compile"),
        scenario.DOCUMENT.untyped,
        report,
        why="with the schema in the WSDL; XML::Compile::SOAP, which also reads the rest of the"
        " WSDL, isn't in Debian and wasn't run",
    )
