"""A session reports blocks that don't do what the page says."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import pytest

from clients import tools
from docs import session, substitutions
from support.markdown import Block, blocks
from support.server import ROOT

PAGE = ROOT / "docs" / "a-page.md"


def follow(folder: Path, *parts: tuple[str, str | None]) -> list[str]:
    """The failures of blocks, each given by its code and what it is said to print."""
    folder.mkdir()
    written = [
        Block(PAGE, line, "sh", code, None, prints) for line, (code, prints) in enumerate(parts, 1)
    ]
    return list(map(str, session.follow(written, folder, lambda text: text)))


def test_a_page_that_holds(tmp_path: Path) -> None:
    failures = follow(
        tmp_path / "home",
        ('NAME=world\nshout() { echo "$1!"; }\ncd ..; cd home\n', None),
        (
            "shout $NAME; pwd; env | grep KIMAI_REMOTE || echo nothing set\n",
            "world!\n…home\nnothing set",
        ),
        ("false; echo $?\nif false; then :; fi; until true; do :; done\n", "1"),
        ("echo one; echo two; echo to standard error >&2\n", "one\n…error\n"),
    )
    assert failures == []


@pytest.mark.parametrize(
    ("code", "prints", "part"),
    [
        ("false\n", None, "status 1 of: false"),
        ("false\ntrue\n", None, "status 1 of: false"),
        ("no-such-command\n", None, "status 127"),
        ("echo yes\n", "no", "printed\nyes"),
        ("echo begin\n", "begin\n…\nend", "says\nbegin"),
        ("exit 0\n", None, "ended here"),
        ("broken() {\n", None, "syntax error"),
    ],
)
def test_a_page_that_does_not(tmp_path: Path, code: str, prints: str | None, part: str) -> None:
    failures = follow(tmp_path / "home", (code, prints), ("true\n", None))
    assert part in "\n".join(failures)


def test_the_port_of_the_test(tmp_path: Path) -> None:
    """A page may serve at the usual port; what it says itself counts."""
    program = tmp_path / "home-records" / "bin" / "kimai-remote"
    assert follow(tmp_path / "home", ("true\n", None)) == []
    text = program.read_text()
    assert str(Path(sys.executable).with_name("kimai-remote")) in text
    text = re.sub(r"exec \S+", "exec echo", text)
    program.write_text(text)

    def asked(*arguments: str, **environ: str) -> str:
        return tools.run([program, *arguments], cwd=tmp_path, environ=environ).strip()

    assert asked("serve", "--demo") == "serve --demo --port 8000"
    assert asked("serve", "--port", "9") == "serve --port 9"
    assert asked("serve", KIMAI_REMOTE_PORT="9") == "serve"
    assert asked("serve", "--help") == "serve --help"
    assert asked("db", "status") == "db status"
    (tmp_path / "kimai-remote.toml").write_text("port = 9\n")
    assert asked("serve") == "serve"


def test_what_a_page_started_is_ended(tmp_path: Path) -> None:
    started = time.monotonic()
    assert follow(tmp_path / "home", ("sleep 300 &\necho $! > number\n", None)) == []
    number = (tmp_path / "home" / "number").read_text().strip()
    assert not Path("/proc", number).exists() or time.monotonic() - started > 60


@pytest.mark.slow
def test_a_page_that_does_not_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "TIMEOUT", 1)
    failure, *_ = follow(tmp_path / "home", ("sleep 300\n", None))
    assert "took too long" in failure


def test_substitutions(tmp_path: Path) -> None:
    page = (
        "serve --port 8000; curl http://127.0.0.1:8000/ and localhost:8000; port 8000; 18000 8000s"
        " KIMAI_REMOTE_PORT=8000 port = 8000 sqlite:////var/lib/kimai-remote/x"
    )
    with substitutions.replaced(page, tmp_path) as substitute:
        text = substitute(page)
    assert text.count("8000") == 2
    assert "18000 8000s" in text
    assert f"sqlite:///{tmp_path}/machine/var/lib/kimai-remote/x" in text


def test_reading_blocks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "1. In a list:\n\n   ```sh\n   one\n     two\n   ```\n\n   ```text\n   printed\n   ```\n"
        '```sh skip="needs root"\nthree\n```\nwords\n```text\nnothing of three\'s\n```\n'
    )
    first, second = blocks(page)
    assert (first.line, first.code, first.prints, first.skip) == (
        4,
        "one\n  two\n",
        "printed\n",
        None,
    )
    assert (second.code, second.prints, second.skip) == ("three\n", None, "needs root")


@pytest.mark.parametrize(
    "text", ["```sh\nno end\n", '```sh skip=""\nx\n```\n', "```sh wrong\nx\n```\n"]
)
def test_blocks_that_are_wrong(tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("support.markdown.ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(ValueError, match=r"page\.md"):
        blocks(page)
