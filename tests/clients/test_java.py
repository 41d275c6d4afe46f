"""Java proxies generated from the live WSDL by Axis 1.4 (both dialects) and JAX-WS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clients import java_tools, scenario, toolkits, tools
from clients.conftest import Scene

pytestmark = pytest.mark.clients


def test_jaxws_client(scene: Scene, toolkit_run: toolkits.Run, tmp_path: Path) -> None:
    java_tools.wsimport(f"{scene.server.soap}?wsdl", tmp_path)
    program = java_tools.compiled("JaxWsClient", tmp_path, java_tools.JAXWS)
    report = run(program, scene, f"{scene.server.soap}?wsdl")
    version = tools.debian_version("libjaxws-java")
    toolkit_run("JAX-WS (Metro)", "Java", version, scenario.DOCUMENT, report)


def test_jaxws_client_in_soap_12(scene: Scene, toolkit_run: toolkits.Run, tmp_path: Path) -> None:
    address = f"{scene.server.soap}?wsdl&soap=1.2"
    java_tools.wsimport(address, tmp_path, "-extension")
    program = java_tools.compiled("JaxWsClient", tmp_path, java_tools.JAXWS)
    toolkit_run(
        "JAX-WS (Metro)",
        "Java",
        tools.debian_version("libjaxws-java"),
        scenario.SOAP_12,
        run(program, scene, address),
        why="document/literal; wsimport needs `-extension`, since it has another name for HTTP in"
        " SOAP 1.2 than WS-I",
    )


def test_axis_client(scene: Scene, toolkit_run: toolkits.Run, tmp_path: Path) -> None:
    java_tools.wsdl2java(f"{scene.server.soap}?wsdl", tmp_path)
    program = java_tools.compiled("AxisClient", tmp_path, java_tools.AXIS)
    report = run(program, scene, scene.server.soap)
    version = tools.debian_version("libaxis-java")
    toolkit_run("Axis", "Java", version, scenario.DOCUMENT, report)


def test_axis_client_in_rpc_encoded(
    scene: Scene, toolkit_run: toolkits.Run, tmp_path: Path
) -> None:
    java_tools.wsdl2java(f"{scene.server.soap}?wsdl&style=rpc", tmp_path)
    program = java_tools.compiled("AxisEncodedClient", tmp_path, java_tools.AXIS)
    toolkit_run(
        "Axis",
        "Java",
        tools.debian_version("libaxis-java"),
        scenario.ENCODED,
        run(program, scene, scene.server.soap),
        absent_is_zero=True,
        why="an int of Java can't be absent, and Kimai's contract doesn't say that one may be nil:"
        " getTasks without a project sends 0",
    )


def run(program: list[str], scene: Scene, address: str) -> Any:
    return tools.report([*program, address], stdin=scenario.program(scene))
