"""Perl's SOAP::Lite in both SOAP dialects, SOAP::WSDL, and XML::Compile."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients import scenario, toolkits, tools
from clients.conftest import Scene

pytestmark = pytest.mark.clients


@pytest.mark.parametrize(
    ("client", "soap_version", "dialect", "why"),
    [
        ("document", "1.1", scenario.DOCUMENT, ""),
        ("encoded", "1.1", scenario.ENCODED, ""),
        ("document", "1.2", scenario.SOAP_12, "document/literal"),
        (
            "encoded",
            "1.2",
            scenario.SOAP_12,
            "rpc/encoded; the program looks for the result, since SOAP::Lite takes rpc:result for it",
        ),
    ],
)
def test_perl_client(
    scene: Scene,
    toolkit_run: toolkits.Run,
    client: str,
    soap_version: str,
    dialect: scenario.Dialect,
    why: str,
) -> None:
    report = tools.report(
        [
            tools.need_perl("SOAP::Lite"),
            tools.HERE / "perl" / f"{client}.pl",
            scene.server.soap,
            soap_version,
        ],
        stdin=scenario.program(scene),
    )
    version = tools.perl_version("SOAP::Lite")
    toolkit_run("SOAP::Lite", "Perl", version, dialect.untyped, report, why=why)


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
