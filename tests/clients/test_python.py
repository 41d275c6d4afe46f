"""SOAP and JSON-RPC libraries for Python that aren't ours."""

from __future__ import annotations

import sys

import pytest

from clients import scenario, tools
from clients.conftest import Scene


@pytest.mark.parametrize(
    ("client", "address", "dialect"),
    [
        ("zeep_client", "soap.php?wsdl", scenario.DOCUMENT),
        ("suds_client", "soap.php?wsdl", scenario.DOCUMENT),
        pytest.param("pelix_client", "json.php", scenario.JSON, marks=pytest.mark.slow),
        ("pelix_client", "json.php?types=native", scenario.JSON_NATIVE),
        pytest.param("jsonrpcclient_client", "json.php", scenario.JSON, marks=pytest.mark.slow),
    ],
)
def test_python_client(scene: Scene, client: str, address: str, dialect: scenario.Dialect) -> None:
    report = tools.report(
        [
            sys.executable,
            tools.HERE / "python" / f"{client}.py",
            f"{scene.server.url}/core/{address}",
        ],
        stdin=scenario.program(scene),
    )
    scenario.check(report, scene, dialect)
