"""What kSOAP2, Android's SOAP library, sends in both SOAP dialects.

kSOAP2 itself isn't in Debian; ``java/ksoap2`` says what stands in for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clients import java_tools, scenario, toolkits, tools
from clients.conftest import Scene

pytestmark = pytest.mark.toolkits

#: Dialect and options of :func:`scenario.problems` by the value of dotNet. Maps leave out nulls.
DIALECTS = {
    "document": (scenario.DOCUMENT.untyped, {}),
    "encoded": (scenario.ENCODED, {"complete": False}),
}


@pytest.mark.parametrize("style", DIALECTS)
def test_what_ksoap2_sends(
    scene: Scene, toolkit_run: toolkits.Run, tmp_path: Path, style: str
) -> None:
    dialect, options = DIALECTS[style]
    report = run(scene, tmp_path, style)
    why = f"its requests, written by the tests, with dotNet = {str(style == 'document').lower()}"
    toolkit_run("kSOAP2", "Java", "", dialect, report, why=why, **options)


@pytest.mark.parametrize(
    ("style", "settings"),
    [("document", ["implicit"]), ("document", ["implicit", "bare"]), ("encoded", ["map"])],
)
def test_settings_of_ksoap2(scene: Scene, tmp_path: Path, style: str, settings: list[str]) -> None:
    dialect, options = DIALECTS[style]
    assert (
        scenario.problems(run(scene, tmp_path, style, *settings), scene, dialect, **options) == {}
    )


def run(scene: Scene, directory: Path, *arguments: str) -> Any:
    program = java_tools.compiled("KSoap2Client", directory, java_tools.KSOAP2)
    return tools.report([*program, scene.server.soap, *arguments], stdin=scenario.program(scene))
