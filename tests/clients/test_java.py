"""Java proxies generated from the live WSDL by Axis 1.4 (both dialects) and JAX-WS."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients import java_tools, scenario, tools
from clients.conftest import Scene

pytestmark = pytest.mark.clients


def test_jaxws_client(scene: Scene, tmp_path: Path) -> None:
    java_tools.wsimport(f"{scene.server.soap}?wsdl", tmp_path)
    program = java_tools.compiled("JaxWsClient", tmp_path, java_tools.JAXWS)
    run(program, scene, f"{scene.server.soap}?wsdl", scenario.DOCUMENT)


def test_axis_client(scene: Scene, tmp_path: Path) -> None:
    java_tools.wsdl2java(f"{scene.server.soap}?wsdl", tmp_path)
    program = java_tools.compiled("AxisClient", tmp_path, java_tools.AXIS)
    run(program, scene, scene.server.soap, scenario.DOCUMENT)


def test_axis_client_in_rpc_encoded(scene: Scene, tmp_path: Path) -> None:
    java_tools.wsdl2java(f"{scene.server.soap}?wsdl&style=rpc", tmp_path)
    program = java_tools.compiled("AxisEncodedClient", tmp_path, java_tools.AXIS)
    # An int of Java can't be absent, and Kimai's contract doesn't say that this one may be nil.
    run(program, scene, scene.server.soap, scenario.ENCODED, absent_is_zero=True)


def run(
    program: list[str],
    scene: Scene,
    address: str,
    dialect: scenario.Dialect,
    *,
    absent_is_zero: bool = False,
) -> None:
    report = tools.report([*program, address], stdin=scenario.program(scene))
    scenario.check(report, scene, dialect, absent_is_zero=absent_is_zero)
