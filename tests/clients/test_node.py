"""SOAP and JSON-RPC libraries for Node."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from clients import scenario, toolkits, tools
from clients.conftest import Scene
from kimai_remote.api.service import RemoteApi
from support.processes import DEADLINE

pytestmark = pytest.mark.clients

#: Options of TypeScript's compiler: every check, but not of the libraries.
TYPESCRIPT = [
    "--strict",
    "--target",
    "es2022",
    "--module",
    "nodenext",
    "--types",
    "node",
    "--skipLibCheck",
]


@pytest.mark.parametrize(
    ("toolkit", "client", "address", "dialect"),
    [
        ("soap", "soap.js", "soap.php?wsdl", scenario.DOCUMENT),
        ("soap", "soap.js", "soap.php?wsdl&soap=1.2", scenario.SOAP_12),
        ("strong-soap", "strong_soap.js", "soap.php?wsdl", scenario.DOCUMENT),
        ("strong-soap", "strong_soap.js", "soap.php?wsdl&soap=1.2", scenario.SOAP_12),
        ("jayson", "jayson.js", "json.php", scenario.JSON),
        ("json-rpc-2.0", "json_rpc_2.js", "json.php", scenario.JSON),
        ("json-rpc-2.0", "json_rpc_2.js", "json.php?types=native", scenario.JSON_NATIVE),
        ("@open-rpc/client-js", "open_rpc_client.js", "json.php", scenario.JSON),
        (
            "@open-rpc/client-js",
            "open_rpc_client.js",
            "json.php?types=native",
            scenario.JSON_NATIVE,
        ),
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
    remarks = ["leaves out fields that are an empty text"] if leaves_out else []
    if dialect == scenario.SOAP_12:
        remarks = ["document/literal", "with the option `forceSoap12Headers`", *remarks]
    toolkit_run(
        toolkit,
        "JavaScript",
        version,
        dialect,
        report,
        complete=not leaves_out,
        why="; ".join(remarks),
    )


@pytest.mark.toolkits
def test_wsdl_tsclient(scene: Scene, toolkit_run: toolkits.Run, node_project: Path) -> None:
    wsdl = node_project / "kimai.wsdl"
    wsdl.write_bytes(requests.get(f"{scene.server.soap}?wsdl", timeout=DEADLINE).content)
    tools.run(["npx", "wsdl-tsclient", wsdl, "-o", node_project, "--esm"], cwd=node_project)
    tools.run(["npx", "tsc", *TYPESCRIPT, "wsdl_tsclient.ts"], cwd=node_project)
    known = scenario.facts(scene).values()
    report = tools.report(
        ["node", node_project / "wsdl_tsclient.js", f"{scene.server.soap}?wsdl", *known]
    )
    version = tools.node_version(node_project, "wsdl-tsclient")
    why = "strict TypeScript"
    toolkit_run("wsdl-tsclient", "TypeScript", version, scenario.DOCUMENT, report, why=why)


@pytest.mark.parametrize("query", ["?openrpc", "?openrpc&types=native"])
def test_tools_of_openrpc_take_the_documents(scene: Scene, node_project: Path, query: str) -> None:
    """The document, and calls with the parameters of its examples, by what OpenRPC's tools use."""
    url = f"{scene.server.json}{query}"
    examples = tools.report(["node", node_project / "openrpc_examples.js", url])
    assert examples == {name: 1 if name == "getVersion" else 2 for name in RemoteApi.public_methods}
