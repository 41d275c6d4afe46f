"""Running the examples of docs/clients as a reader would, against a server of the test's.

A page has fenced code blocks; each is complete, and right after it comes a ``text`` block with what
it prints. An ellipsis there stands for anything, and more may follow.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from clients import java_tools, tools
from support.server import ROOT

PAGES = ROOT / "docs" / "clients"
#: The address in the examples.
ADDRESS = "http://127.0.0.1:8000"
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


@dataclass(frozen=True)
class Example:
    """A code block and what it prints."""

    page: str
    number: int
    language: str
    code: str
    prints: str

    def __str__(self) -> str:
        return f"{self.page}-{self.number}"

    def run(self, url: str, directory: Path) -> str:
        """Run it in an empty folder, with the server's address put in; what it printed."""
        directory.mkdir(exist_ok=True)
        return RUNNERS[self.language](self.code.replace(ADDRESS, url), directory)

    def matches(self, output: str) -> bool:
        pattern = ".*".join(map(re.escape, self.prints.strip().split("…")))
        return re.match(pattern, output, re.S) is not None


def examples() -> list[Example]:
    """The examples of all pages that can be run here.

    :raises ValueError: a block without its output, in a language that has a runner.
    """
    found = []
    for page in sorted(PAGES.glob("*.md")):
        blocks = _FENCE.findall(page.read_text(encoding="utf-8"))
        for number, (language, code) in enumerate(blocks):
            if language == "text" or language in NOT_RUN:
                continue
            following = blocks[number + 1 : number + 2]
            if not following or following[0][0] != "text" or not following[0][1].strip("…\n "):
                raise ValueError(f"{page.name}: block {number} doesn't say what it prints")
            found.append(Example(page.stem, number, language, code, following[0][1]))
    return found


def _python(code: str, directory: Path) -> str:
    return tools.run([sys.executable, _written(directory / "example.py", code)])


def _php(code: str, directory: Path) -> str:
    php = tools.need_php("curl" if "curl_init" in code else "soap")
    # PHP keeps contracts in files; the next test's server may have the same address.
    script = _written(directory / "example.php", code)
    return tools.run([php, "-d", "soap.wsdl_cache_enabled=0", script])


def _node(code: str, directory: Path) -> str:
    return tools.run(["node", _written(directory / "example.mjs", code)])


def _shell(code: str, directory: Path) -> str:
    tools.need("curl", "apt-get install curl")
    return tools.run(["sh", "-eu", _written(directory / "example.sh", code)])


def _perl(code: str, directory: Path) -> str:
    return tools.run([tools.need_perl("SOAP::Lite"), _written(directory / "example.pl", code)])


def _java(code: str, directory: Path) -> str:
    """By the commands in the comment that the code starts with."""
    java_tools.class_path(java_tools.JAXWS)
    _written(directory / "Example.java", code)
    commands = [line[3:] for line in code.splitlines() if line.startswith("// ")]
    return tools.run(["sh", "-euc", "\n".join(commands)], cwd=directory)


def _written(path: Path, code: str) -> Path:
    path.write_text(code, encoding="utf-8")
    return path


#: How an example in a language is run: takes the code and a folder, returns the output.
RUNNERS: dict[str, Callable[[str, Path], str]] = {
    "python": _python,
    "php": _php,
    "javascript": _node,
    "sh": _shell,
    "perl": _perl,
    "java": _java,
}
#: Languages that no test here can run, and why.
NOT_RUN: dict[str, str] = {
    "csharp": "Debian has no .NET",
    "xml": "requests for SoapUI, which Debian doesn't have",
}
