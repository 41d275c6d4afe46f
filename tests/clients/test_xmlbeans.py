"""XMLBeans compiles the schema of the live WSDL and validates responses, as SoapUI does."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients import java_tools, scenario, toolkits, tools
from clients.conftest import AWKWARD, Scene
from kimai_remote.api.service import RemoteApi


@pytest.mark.clients
def test_xmlbeans(scene: Scene, toolkit_run: toolkits.Run, tmp_path: Path) -> None:
    program = java_tools.compiled("XmlBeansClient", tmp_path, java_tools.XMLBEANS)
    key = scene.world.key(scene.user)
    report = tools.report([*program, scene.server.soap, key, str(scene.entry), str(scene.expense)])

    assert report["problems"] == []
    assert set(report["operations"]) == set(RemoteApi.public_methods)
    assert "userID" in report["broken"]
    assert report["getProjects.comment"] == ["About internal", AWKWARD, "About shop"]
    # Those of the projects and of their tasks, null but for one.
    assert report["getProjects.effort"].count("8.00") == 1
    assert set(report["getProjects.effort"]) == {None, "8.00"}
    assert report["getTimesheet.wage_decimal"] == ["128.25", "60.0"]
    assert report["getTimesheet.location"] == [None, None]
    assert report["getTimesheetRecord.description"] == [AWKWARD]
    assert report["getExpenses.value"] == ["19.99"]
    assert report["getExpenseRecord.designation"] == [AWKWARD]
    assert report["getActiveRecording.msg"] == ["No active recording."]
    (version,) = report["getVersion.getVersionResult"]
    assert version == "1.3.5-1394"
    toolkit_run.settle(
        "XMLBeans",
        "Java",
        tools.debian_version("libxmlbeans-java"),
        scenario.DOCUMENT,
        steps=len(report["operations"]),
        why="as SoapUI uses it: compiles the schema, makes sample requests and validates responses;"
        " a step is a method",
    )
