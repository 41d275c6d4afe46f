"""The files of the console over HTTP."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import kimai_remote.web
from support.live_server import LiveServer
from support.raw_http import get, request

FOLDER = Path(kimai_remote.web.__file__).parent / "console" / "static"
FILES = sorted(path.name for path in FOLDER.iterdir())
TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


def path_of(name: str) -> str:
    return "/" if name == "index.html" else f"/console/{name}"


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_served(live_server: LiveServer, name: str) -> None:
    response = get(live_server.server, path_of(name))
    assert (response.status, response.body) == (200, (FOLDER / name).read_bytes())
    assert response.headers["Content-Type"] == TYPES[name.rpartition(".")[2]]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-cache"
    again = get(live_server.server, path_of(name), {"If-None-Match": response.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")


def test_the_policy_allows_nothing_from_elsewhere(live_server: LiveServer) -> None:
    policies = {
        get(live_server.server, path_of(name)).headers["Content-Security-Policy"] for name in FILES
    }
    (policy,) = policies
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert parts == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": "'self'",
        "img-src": "'self' data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }


def test_nothing_is_loaded_from_elsewhere() -> None:
    namespaces = ("http://www.w3.org/", "http://schemas.xmlsoap.org/")
    for path in FOLDER.iterdir():
        urls = re.findall(r"""(?:https?:)?//[\w.-]+\.\w[^\s"'`]*""", path.read_text("utf-8"))
        assert [each for each in urls if not each.startswith(namespaces)] == [], path.name


def test_markup_has_no_script_or_style_of_its_own() -> None:
    text = (FOLDER / "index.html").read_text("utf-8")
    assert re.findall(r"<script(?![^>]* src=)|<style|\s(?:style|on\w+)=", text) == []
    assert re.findall(r'(?:href|src)="(/[^"]*)"', text) == []
    assert "<noscript>" in text


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.js")), ids=lambda path: path.name)
def test_no_script_makes_markup_or_code_of_texts(path: Path) -> None:
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setHTML"
        r"|document\.cookie|localStorage\.\w",
        path.read_text("utf-8"),
    )


@pytest.mark.parametrize(
    "target",
    [
        "/console",
        "/console/",
        "/console/index.html",
        "/console/../app.py",
        "/console/..%2fapp.py",
        "/console/%2e%2e/app.py",
        "/console/main.js/",
        "/console//main.js",
        "/console/main.js%00",
        "/console/MAIN.JS",
        "/main.js",
        "/index.html",
        "/console/app.py",
        "/kimai/console/main.js",
    ],
)
def test_nothing_else_is_served(live_server: LiveServer, target: str) -> None:
    assert get(live_server.server, target).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_files_are_only_read(live_server: LiveServer, method: str) -> None:
    for target in ("/", "/console/main.js"):
        response = request(live_server.server, method, target, b"")
        assert response.status == 405
        assert response.headers["Allow"] == "GET, HEAD"


def test_soap_in_a_browser_leads_to_the_console(live_server: LiveServer) -> None:
    assert '<a href="../">console</a>' in get(live_server.server, "/core/soap.php").text
    # Below a folder that no proxy declared, the console is nowhere.
    assert "console" not in get(live_server.server, "/kimai/core/soap.php").text


def test_the_server_says_where_it_is(live_server: LiveServer) -> None:
    assert f"Console   {live_server.server.url}/\n" in live_server.server.output
