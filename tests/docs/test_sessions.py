"""The commands of the pages do what the pages say."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from clients import tools
from docs import substitutions
from docs.session import Failure, follow
from support.markdown import Block, blocks, matches
from support.server import ROOT, Server

pytestmark = pytest.mark.slow

#: The examples for each language are run by tests/clients.
PAGES = sorted({*(ROOT / "docs").rglob("*.md")} - {*(ROOT / "docs/how-to/clients").glob("*.md")})
#: Installation in README's first command, which the tests have done.
INSTALLED = "python3 -m venv .venv && .venv/bin/pip install -q . && "


def commands(page: Path) -> list[Block]:
    return [block for block in blocks(page) if block.language == "sh"]


def runnable(page: Path) -> list[Block]:
    return [block for block in commands(page) if block.skip is None]


def fail(failures: list[Failure]) -> None:
    if failures:
        pytest.fail("\n".join(map(str, failures)), pytrace=False)


@pytest.mark.parametrize("page", [*filter(runnable, PAGES)], ids=lambda page: page.stem)
def test_page(page: Path, tmp_path: Path) -> None:
    tools.need("curl", "apt-get install curl")
    folder = tmp_path / "home"
    folder.mkdir()
    with substitutions.replaced(page.read_text(encoding="utf-8"), folder) as substitute:
        failures = follow(runnable(page), folder, substitute)
    fail(failures)


@pytest.mark.parametrize(
    "block",
    [block for page in PAGES for block in commands(page) if block.skip is not None],
    ids=lambda block: f"{block.page.stem}-{block.line}",
)
def test_block_that_is_not_run(block: Block) -> None:
    """It is valid shell. The page and the test's report say why it isn't run."""
    assert block.skip
    tools.run(["bash", "-n"], stdin=block.code)
    pytest.skip(f"{block}: {block.skip}")


def test_readme_from_the_first_command_to_a_stopped_timer(
    tmp_path: Path, demo_server: Server
) -> None:
    """Run the commands without a virtualenv of their own, because the tests have one."""
    start, _, session = commands(ROOT / "README.md")[:3]
    assert start.code.startswith(INSTALLED)
    folder = tmp_path / "home"
    folder.mkdir()
    begin = start.code.removeprefix(INSTALLED).strip().replace(".venv/bin/", "")
    begin = begin.replace("serve.py", str(ROOT / "serve.py"))
    port = substitutions.free_port()
    wait = "until curl -s -o /dev/null http://127.0.0.1:8000/; do sleep 0.2; done\n"
    server = Block(start.page, start.line, "sh", f"{begin} --port 8000 &\n{wait}", None, None)

    def substitute(code: str) -> str:
        return code.replace("8000", str(port))

    failures = follow([server, session], folder, substitute)
    fail(failures)
    output = (tmp_path / "home-records" / "1.out").read_text()
    answer, _ = [block.code for block in blocks(ROOT / "README.md") if block.language == "json"]
    assert matches(output, answer)
    for part in ('"projectName":"Online shop"', '"items":[],"total":0', '"formattedDuration":"0:'):
        assert part in output


def test_readme_over_soap(tmp_path: Path, demo_server: Server) -> None:
    (example,) = [block for block in blocks(ROOT / "README.md") if block.language == "python"]
    script = tmp_path / "example.py"
    script.write_text(example.code.replace("http://127.0.0.1:8000", demo_server.url))
    *projects, number, stopped, duration = tools.run([sys.executable, script]).split("\n")[:-1]
    assert "1 Online shop" in projects
    assert number.isdigit()
    assert (stopped, duration[:3]) == ("True", "0:0")
