"""The examples in docs/how-to/clients print what the pages say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clients import pages
from support.server import Server


def marked(example: pages.Example) -> Any:
    mark = pytest.mark.toolkits if example.page in pages.TOOLKITS else pytest.mark.clients
    return pytest.param(example, id=str(example), marks=mark)


@pytest.mark.parametrize("example", [marked(one) for one in pages.examples()])
def test_example(
    demo_server: Server, request: pytest.FixtureRequest, tmp_path: Path, example: pages.Example
) -> None:
    directory = tmp_path / "example"
    if example.language in ("javascript", "typescript"):
        directory = request.getfixturevalue("node_project")
    output = example.run(demo_server.url, directory)
    assert example.matches(output), f"printed:\n{output}\ninstead of:\n{example.prints}"


def test_pages_say_what_is_not_run() -> None:
    silent = []
    for page in pages.PAGES.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        fences = [f"```{language}\n" for language in pages.NOT_RUN]
        if any(fence in text for fence in fences) and "Not run by the tests" not in text:
            silent.append(page.name)
    assert not silent
