"""SOAP and JSON-RPC libraries for Python that aren't ours."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata

import pytest
import suds.client

from clients import scenario, toolkits, tools
from clients.conftest import Scene

RUNS = [
    ("zeep", "zeep_client", "soap.php?wsdl", scenario.DOCUMENT),
    ("zeep", "zeep_client", "soap.php?wsdl&soap=1.2", scenario.SOAP_12),
    ("suds-community", "suds_client", "soap.php?wsdl", scenario.DOCUMENT),
    ("jsonrpclib-pelix", "pelix_client", "json.php?types=native", scenario.JSON_NATIVE),
]
SLOW_RUNS = [
    ("jsonrpclib-pelix", "pelix_client", "json.php", scenario.JSON),
    ("jsonrpcclient", "jsonrpcclient_client", "json.php", scenario.JSON),
    ("jsonrpc-requests", "jsonrpc_requests_client", "json.php", scenario.JSON),
    ("jsonrpc-requests", "jsonrpc_requests_client", "json.php?types=native", scenario.JSON_NATIVE),
    ("pjrpc", "pjrpc_client", "json.php", scenario.JSON),
    ("pjrpc", "pjrpc_client", "json.php?types=native", scenario.JSON_NATIVE),
]


@pytest.mark.parametrize(
    ("toolkit", "client", "address", "dialect"),
    [*RUNS, *(pytest.param(*run, marks=pytest.mark.slow) for run in SLOW_RUNS)],
)
def test_python_client(
    scene: Scene,
    toolkit_run: toolkits.Run,
    toolkit: str,
    client: str,
    address: str,
    dialect: scenario.Dialect,
) -> None:
    report = tools.report(
        [
            sys.executable,
            tools.HERE / "python" / f"{client}.py",
            f"{scene.server.url}/core/{address}",
        ],
        stdin=scenario.program(scene),
    )
    why = "document/literal" if dialect == scenario.SOAP_12 else ""
    toolkit_run(toolkit, "Python", metadata.version(toolkit), dialect, report, why=why)


def test_suds_loads_the_rpc_contract(scene: Scene) -> None:
    """It refuses types of namespaces that no schema imports."""
    client = suds.client.Client(f"{scene.server.soap}?wsdl&style=rpc", cache=None)
    assert client.service.getVersion() == "1.3.5-1394"
    result = client.service.authenticate(scene.user, scene.password)
    assert scene.world.key(scene.user) in str(result)


@pytest.mark.toolkits
def test_pysimplesoap(scene: Scene, toolkit_run: toolkits.Run) -> None:
    """Debian's own: the one on PyPI is from 2017, and has to be built."""
    python = tools.need("/usr/bin/python3", "apt-get install python3")
    package = "python3-pysimplesoap"
    if subprocess.run([python, "-c", "import pysimplesoap"], check=False).returncode:
        tools.missing("PySimpleSOAP", f"apt-get install {package}")
    report = tools.report(
        [python, tools.HERE / "python" / "pysimplesoap_client.py", f"{scene.server.soap}?wsdl"],
        stdin=scenario.program(scene),
    )
    version = tools.debian_version(package)
    toolkit_run("PySimpleSOAP", "Python", version, scenario.DOCUMENT, report)
