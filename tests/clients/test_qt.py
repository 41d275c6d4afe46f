"""C++ made by KDSoap, Qt's SOAP library, from the live WSDL."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from clients import scenario, toolkits, tools
from clients.conftest import Scene


@pytest.mark.toolkits
def test_kdsoap_client(scene: Scene, toolkit_run: toolkits.Run, tmp_path: Path) -> None:
    program = tmp_path / "qt"
    shutil.copytree(tools.HERE / "qt", program)
    kdwsdl2cpp = tools.need("kdwsdl2cpp", tools.KDSOAP)
    tools.run([kdwsdl2cpp, "-both", "kimai", f"{scene.server.soap}?wsdl"], cwd=program)
    tools.run([tools.need("qmake", tools.KDSOAP)], cwd=program)
    tools.run([tools.need("make", tools.KDSOAP), "-s"], cwd=program)
    report = tools.report([program / "client", scene.server.soap], stdin=scenario.program(scene))
    version = tools.debian_version("libkdsoap-dev")
    why = "its classes have 0 for a number that is null, and decimals as float"
    toolkit_run("KDSoap", "C++", version, scenario.DOCUMENT.without_nulls, report, why=why)
