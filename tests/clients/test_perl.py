"""Perl's SOAP::Lite, in both SOAP dialects."""

from __future__ import annotations

import pytest

from clients import scenario, tools
from clients.conftest import Scene

pytestmark = pytest.mark.clients


@pytest.mark.parametrize("client", ["document", "encoded"])
def test_perl_client(scene: Scene, client: str) -> None:
    report = tools.report(
        [tools.need_perl("SOAP::Lite"), tools.HERE / "perl" / f"{client}.pl", scene.server.soap],
        stdin=scenario.program(scene),
    )
    scenario.check(report, scene, scenario.UNTYPED)
