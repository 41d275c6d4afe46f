"""What kSOAP2, Android's SOAP library, sends in both SOAP dialects.

kSOAP2 itself isn't in Debian; ``java/ksoap2`` says what stands in for it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from clients import java_tools, scenario, tools
from clients.conftest import Scene


@pytest.mark.toolkits
@pytest.mark.parametrize(
    "options",
    ["document", "document implicit", "document implicit bare", "encoded", "encoded map"],
)
def test_what_ksoap2_sends(scene: Scene, tmp_path: Path, options: str) -> None:
    program = java_tools.compiled("KSoap2Client", tmp_path, java_tools.KSOAP2)
    report = tools.report(
        [*program, scene.server.soap, *options.split()], stdin=scenario.program(scene)
    )
    if "document" in options:
        scenario.check(report, scene, scenario.UNTYPED)
    else:
        # Its maps leave out what is null.
        scenario.check(report, scene, scenario.ENCODED, complete=False)
