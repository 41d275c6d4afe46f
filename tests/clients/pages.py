"""Run the examples of docs/how-to/clients against a server of the test.

Each fenced code block of a page is complete. The ``text`` block after it has the expected output
(see :mod:`support.markdown`).
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from clients import java_tools, mono_tools, tools
from clients.web_pages import browser_page
from support.markdown import blocks, matches
from support.server import ROOT

PAGES = ROOT / "docs" / "how-to" / "clients"
#: URL in the examples.
URL = "http://127.0.0.1:8000"


@dataclass(frozen=True)
class Example:
    """A code block and its expected output."""

    page: str
    number: int
    language: str
    code: str
    prints: str

    def __str__(self) -> str:
        return f"{self.page}-{self.number}"

    def run(self, url: str, directory: Path) -> str:
        """Run the code in an empty directory with the server's URL; return its output."""
        directory.mkdir(exist_ok=True)
        return RUNNERS[self.language](self.code.replace(URL, url), directory)

    def matches(self, output: str) -> bool:
        return matches(output, self.prints)


def examples() -> list[Example]:
    """Return the examples of all pages that can be run.

    :raises ValueError: a block in a language with a runner has no output.
    """
    result = []
    for page in sorted(PAGES.glob("*.md")):
        for number, block in enumerate(blocks(page)):
            if block.language in NOT_RUN:
                continue
            if not (block.prints or "").strip("…\n "):
                raise ValueError(f"{block} has no expected output")
            example = Example(page.stem, number, block.language, block.code, block.prints or "")
            result.append(example)
    return result


def _python(code: str, directory: Path) -> str:
    return tools.run([sys.executable, _written(directory / "example.py", code)])


def _php(code: str, directory: Path) -> str:
    php = tools.need_php("curl" if "curl_init" in code else "soap")
    # PHP caches WSDLs in files; the server of the next test may have the same URL.
    script = _written(directory / "example.php", code)
    return tools.run([php, "-d", "soap.wsdl_cache_enabled=0", script])


def _node(code: str, directory: Path) -> str:
    return tools.run(["node", _written(directory / "example.mjs", code)])


def _html(code: str, directory: Path) -> str:
    """Return what a page writes to the browser's console."""
    _written(directory / "example.html", code)
    lines: list[str] = []
    with browser_page(directory) as (page, url):
        page.on("console", lambda message: message.type == "log" and lines.append(message.text))
        page.goto(f"{url}/example.html")
        page.wait_for_load_state("networkidle")
    return "\n".join([*lines, ""])


def _shell(code: str, directory: Path) -> str:
    tools.need("curl", "apt-get install curl")
    return tools.run(["sh", "-eu", _written(directory / "example.sh", code)])


def _perl(code: str, directory: Path) -> str:
    return tools.run([tools.need_perl("SOAP::Lite"), _written(directory / "example.pl", code)])


def _ruby(code: str, directory: Path) -> str:
    command: list[str | Path] = [tools.need_ruby("json", "ruby")]
    if "savon" in code:
        command = tools.savon()
    elif "soap/rpc" in code:
        tools.need_ruby("soap/rpc/driver", "ruby-soap4r")
    return tools.run([*command, _written(directory / "example.rb", code)])


def _java(code: str, directory: Path) -> str:
    if "org.ksoap2" in code:
        java_tools.write_ksoap2(directory / "ksoap2.jar")
    else:
        java_tools.class_path(java_tools.ANDROID if "org.json" in code else java_tools.JAXWS)
    return _commands(directory / "Example.java", code)


def _csharp(code: str, directory: Path) -> str:
    tools.need("svcutil", mono_tools.PACKAGES)
    return _commands(directory / "Example.cs", code)


def _typescript(code: str, directory: Path) -> str:
    return _commands(directory / "example.ts", code)


def _cpp(code: str, directory: Path) -> str:
    for program in ("kdwsdl2cpp", "qmake", "make", "g++"):
        tools.need(program, tools.KDSOAP)
    return _commands(directory / "example.cpp", code)


def _commands(path: Path, code: str) -> str:
    """Run the commands in the first lines, which are comments, where the code is; return the output
    of the last."""
    _written(path, code)
    lines = itertools.takewhile(lambda line: line.startswith("// "), code.splitlines())
    *build, run = (["sh", "-euc", line[3:]] for line in lines)
    for command in build:
        tools.run(command, cwd=path.parent)
    return tools.run(run, cwd=path.parent)


def _written(path: Path, code: str) -> Path:
    path.write_text(code, encoding="utf-8")
    return path


#: Function that runs code in a directory and returns its output, by language.
RUNNERS: dict[str, Callable[[str, Path], str]] = {
    "python": _python,
    "php": _php,
    "javascript": _node,
    "html": _html,
    "sh": _shell,
    "perl": _perl,
    "java": _java,
    "csharp": _csharp,
    "ruby": _ruby,
    "typescript": _typescript,
    "cpp": _cpp,
}
#: Pages whose examples run with the tests marked ``toolkits``; the others with ``clients``.
TOOLKITS = {"android", "csharp", "qt", "ruby", "typescript"}
#: Languages that the tests can't run, and why.
NOT_RUN: dict[str, str] = {
    "xml": "requests for SoapUI, which Debian doesn't have",
}
