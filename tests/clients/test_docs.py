"""The examples in docs/how-to/clients print what the pages say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clients import pages
from support.server import Server

#: Fixtures with the folder that examples in a language run in, where it has to have something.
FOLDERS = {
    "javascript": "node_project",
    "typescript": "node_project",
    "html": "dojo_project",
}


def marked(example: pages.Example) -> Any:
    # Pages of HTML load Dojo, which is large.
    needs_toolkits = example.page in pages.TOOLKITS or example.language == "html"
    mark = pytest.mark.toolkits if needs_toolkits else pytest.mark.clients
    return pytest.param(example, id=str(example), marks=mark)


@pytest.mark.parametrize("example", [marked(one) for one in pages.examples()])
def test_example(
    demo_server: Server, request: pytest.FixtureRequest, tmp_path: Path, example: pages.Example
) -> None:
    directory = tmp_path / "example"
    if example.language in FOLDERS:
        directory = request.getfixturevalue(FOLDERS[example.language])
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
