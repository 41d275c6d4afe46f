"""SOAP and JSON-RPC libraries for Node."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients import scenario, tools
from clients.conftest import Scene

pytestmark = pytest.mark.clients


@pytest.mark.parametrize(
    ("client", "address", "dialect"),
    [
        ("soap.js", "soap.php?wsdl", scenario.DOCUMENT),
        ("strong_soap.js", "soap.php?wsdl", scenario.DOCUMENT),
        ("jayson.js", "json.php", scenario.JSON),
    ],
)
def test_node_client(
    scene: Scene, node_project: Path, client: str, address: str, dialect: scenario.Dialect
) -> None:
    report = tools.report(
        ["node", node_project / client, f"{scene.server.url}/core/{address}"],
        stdin=scenario.program(scene),
    )
    # strong-soap leaves out what has an empty text.
    scenario.check(report, scene, dialect, complete=client != "strong_soap.js")
