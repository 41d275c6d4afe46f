"""The code to copy runs as it is, with any values."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from clients import tools
from console import browser as browsers
from support.raw_http import call
from support.server import Server

pytestmark = pytest.mark.browser

HOSTILE = (
    "it's \"double\" $HOME ${HOME} `id` $(id) \\ back\\\\slash\\' !! %s {x} #{y} </script> ?> "
    "<b>&amp; ''' \"\"\" 'EOF'\nsecond line\nJSON\nXML\n\ttab \u2028 ☕ שלום"
)


def python(code: str, directory: Path) -> list[str | Path]:
    return [sys.executable, written(directory / "snippet.py", code)]


def php(code: str, directory: Path) -> list[str | Path]:
    return [tools.need_php("soap"), written(directory / "snippet.php", code)]


def node(code: str, directory: Path) -> list[str | Path]:
    program = tools.need("node", "apt-get install nodejs")
    return [program, written(directory / "snippet.mjs", code)]


def shell(code: str, directory: Path) -> list[str | Path]:
    tools.need("curl", "apt-get install curl")
    return ["sh", "-eu", written(directory / "snippet.sh", code)]


def written(path: Path, code: str) -> Path:
    path.write_text(code, encoding="utf-8")
    return path


RUNNERS: dict[str, Callable[[str, Path], list[str | Path]]] = {
    "curl": shell,
    "python": python,
    "php": php,
    "javascript": node,
    "curl-soap": shell,
    "python-soap": python,
    "php-soap": php,
}
#: A day of its own for each language.
DAYS = {language: f"2018-03-{index + 1:02d}" for index, language in enumerate(RUNNERS)}


@pytest.fixture(scope="module")
def snippets(browser: Browser, demo: Server) -> Iterator[dict[str, str]]:
    """The code of a call that adds an entry, by language; and with ``-login``, that of a login."""
    with browsers.console(browser, demo.url) as console:
        page = console.page
        code = page.get_by_role("region", name=" code for ")

        def choose(language: str) -> str:
            page.locator(f"[data-language={language}]").click()
            return code.inner_text()

        code_by_language = {}
        console.open("methods/authenticate")
        page.get_by_label("username").fill("clara")
        for language in RUNNERS:
            code_by_language[f"{language}-login"] = choose(language)
        console.enter("anna", "demo-anna", "methods/setTimesheetRecord")
        expect(page.get_by_role("form", name="setTimesheetRecord")).to_be_visible()
        for name, value in {"projectId": "1", "taskId": "11", "rate": "0.5"}.items():
            console.field(name).fill(value)
        console.field("flagCleared").select_option("false")
        console.field("description").fill(HOSTILE)
        for language, day in DAYS.items():
            console.field("start").fill(f"{day} 10:00")
            console.field("end").fill(f"{day} 11:00")
            code_by_language[language] = choose(language)
        console.page.get_by_label("Show my key").check()
        console.field("start").fill("2018-04-01 10:00")
        console.field("end").fill("2018-04-01 11:00")
        code_by_language["with the key"] = choose("python")
        yield code_by_language


@pytest.mark.parametrize("language", RUNNERS)
def test_code_runs_as_it_is(
    snippets: dict[str, str], demo: Server, tmp_path: Path, language: str
) -> None:
    key = call(demo, "authenticate", "anna", "demo-anna")["items"][0]["apiKey"]
    code = snippets[language]
    assert key not in code
    tools.run(RUNNERS[language](code, tmp_path), environ={"KIMAI_API_KEY": key}, cwd=tmp_path)
    day = DAYS[language]
    rows = call(demo, "getTimesheet", key, f"{day} 00:00", f"{day} 23:59")["items"]
    assert [row["description"] for row in rows] == [HOSTILE]
    assert (rows[0]["duration"], rows[0]["rate"]) == (3600, "0.50")


@pytest.mark.parametrize("language", RUNNERS)
def test_a_password_comes_from_the_environment(
    snippets: dict[str, str], demo: Server, tmp_path: Path, language: str
) -> None:
    key = call(demo, "authenticate", "clara", "demo-clara")["items"][0]["apiKey"]
    command = RUNNERS[language](snippets[f"{language}-login"], tmp_path)
    assert key in tools.run(command, environ={"KIMAI_PASSWORD": "demo-clara"})
    if RUNNERS[language] is not shell:
        return
    # One with quotes is still one value: it is refused, not misread.
    refused = tools.run(command, environ={"KIMAI_PASSWORD": "a\"b'c\\d<e>&"})
    assert "Unknown user or no permissions." in refused


def test_with_the_key_in_it(snippets: dict[str, str], demo: Server, tmp_path: Path) -> None:
    key = call(demo, "authenticate", "anna", "demo-anna")["items"][0]["apiKey"]
    assert key in snippets["with the key"]
    assert '"success": true' in tools.run(python(snippets["with the key"], tmp_path))
