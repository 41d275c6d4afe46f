"""The examples in docs/clients do what the pages say."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients import pages
from support.server import Server


@pytest.mark.clients
@pytest.mark.parametrize("example", pages.examples(), ids=str)
def test_example(
    demo_server: Server, request: pytest.FixtureRequest, tmp_path: Path, example: pages.Example
) -> None:
    directory = tmp_path / "example"
    if example.language == "javascript":
        directory = request.getfixturevalue("node_project")
    output = example.run(demo_server.url, directory)
    assert example.matches(output), f"printed:\n{output}\ninstead of:\n{example.prints}"
