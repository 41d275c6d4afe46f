"""C++ made by KDSoap, Qt's SOAP library, from the live WSDL."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from clients import scenario, tools
from clients.conftest import Scene


@pytest.mark.toolkits
def test_kdsoap_client(scene: Scene, tmp_path: Path) -> None:
    program = tmp_path / "qt"
    shutil.copytree(tools.HERE / "qt", program)
    kdwsdl2cpp = tools.need("kdwsdl2cpp", tools.KDSOAP)
    tools.run([kdwsdl2cpp, "-both", "kimai", f"{scene.server.soap}?wsdl"], cwd=program)
    tools.run([tools.need("qmake", tools.KDSOAP)], cwd=program)
    tools.run([tools.need("make", tools.KDSOAP), "-s"], cwd=program)
    report = tools.report([program / "client", scene.server.soap], stdin=scenario.program(scene))
    scenario.check(report, scene, scenario.DOCUMENT.without_nulls)
