"""Ruby's soap4r in both SOAP dialects, and what savon sends."""

from __future__ import annotations

import pytest

from clients import scenario, toolkits, tools
from clients.conftest import Scene

pytestmark = pytest.mark.toolkits


@pytest.mark.parametrize(
    ("client", "address", "dialect"),
    [
        ("soap4r_document.rb", "soap.php?wsdl", scenario.DOCUMENT.untyped),
        ("soap4r_encoded.rb", "soap.php", scenario.ENCODED),
    ],
)
def test_ruby_client(
    scene: Scene, toolkit_run: toolkits.Run, client: str, address: str, dialect: scenario.Dialect
) -> None:
    report = tools.report(
        [
            tools.need_ruby("soap/rpc/driver", "ruby-soap4r"),
            "-W0",
            tools.HERE / "ruby" / client,
            f"{scene.server.url}/core/{address}",
        ],
        stdin=scenario.program(scene),
    )
    why = "without a WSDL: it can't resolve the type soapenc:Array of Kimai's contract"
    why = why if address == "soap.php" else ""
    toolkit_run("soap4r", "Ruby", tools.debian_version("ruby-soap4r"), dialect, report, why=why)


def test_what_savon_sends(scene: Scene, toolkit_run: toolkits.Run) -> None:
    """The gem itself isn't in Debian; ``ruby/standin/savon.rb`` says what stands in for it."""
    report = tools.report(
        [*tools.savon(), tools.HERE / "ruby" / "savon_client.rb", f"{scene.server.soap}?wsdl"],
        stdin=scenario.program(scene),
    )
    why = "its requests, written by the tests with its libraries Gyoku and Nori"
    dialect = scenario.DOCUMENT.untyped
    toolkit_run("savon", "Ruby", "", dialect, report, why=why)
