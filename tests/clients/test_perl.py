"""Perl's SOAP::Lite, in both SOAP dialects."""

from __future__ import annotations

import pytest

from clients import scenario, toolkits, tools
from clients.conftest import Scene

pytestmark = pytest.mark.clients


@pytest.mark.parametrize(
    ("client", "dialect"), [("document", scenario.DOCUMENT), ("encoded", scenario.ENCODED)]
)
def test_perl_client(
    scene: Scene, toolkit_run: toolkits.Run, client: str, dialect: scenario.Dialect
) -> None:
    report = tools.report(
        [tools.need_perl("SOAP::Lite"), tools.HERE / "perl" / f"{client}.pl", scene.server.soap],
        stdin=scenario.program(scene),
    )
    version = tools.perl_version("SOAP::Lite")
    toolkit_run("SOAP::Lite", "Perl", version, dialect.untyped, report)
