"""SOAP and JSON-RPC libraries for Node."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients import scenario, toolkits, tools
from clients.conftest import Scene

pytestmark = pytest.mark.clients


@pytest.mark.parametrize(
    ("toolkit", "client", "address", "dialect"),
    [
        ("soap", "soap.js", "soap.php?wsdl", scenario.DOCUMENT),
        ("strong-soap", "strong_soap.js", "soap.php?wsdl", scenario.DOCUMENT),
        ("jayson", "jayson.js", "json.php", scenario.JSON),
    ],
)
def test_node_client(
    scene: Scene,
    toolkit_run: toolkits.Run,
    node_project: Path,
    toolkit: str,
    client: str,
    address: str,
    dialect: scenario.Dialect,
) -> None:
    report = tools.report(
        ["node", node_project / client, f"{scene.server.url}/core/{address}"],
        stdin=scenario.program(scene),
    )
    version = tools.node_version(node_project, toolkit)
    leaves_out = toolkit == "strong-soap"
    why = "leaves out fields that are an empty text" if leaves_out else ""
    toolkit_run(toolkit, "JavaScript", version, dialect, report, complete=not leaves_out, why=why)
