"""What the page on architecture names is there, and its recipe for a method works."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import zeep

import kimai_remote
from support.markdown import blocks
from support.raw_http import call, envelope, get, post_soap
from support.server import ROOT, Server, free_port

PAGE = ROOT / "docs" / "explanation" / "architecture.md"
PACKAGE = Path(kimai_remote.__file__).parent
_CODE = re.compile(r"`([^`\n]+)`")


def named() -> set[str]:
    text = re.sub(r"^```.*?^```$", "", PAGE.read_text(), flags=re.M | re.S)
    return set(_CODE.findall(text))


def defined() -> set[str]:
    source = "\n".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    functions = re.findall(r"^\s*(?:async )?def (\w+)", source, re.M)
    return {
        *functions,
        *re.findall(r"^class (\w+)", source, re.M),
        *re.findall(r"^([A-Z_]+)(?: =|:)", source, re.M),
    }


def test_files_are_there() -> None:
    paths = {name for name in named() if re.fullmatch(r"[\w./]+(\.py|/)", name)}
    missing = {name for name in paths if not (PACKAGE / name).exists()}
    assert not {name for name in missing if not (ROOT / name).exists()}
    assert len(paths) > 25


def test_functions_and_classes_are_there() -> None:
    known = defined()
    functions = {name.removesuffix("()") for name in named() if name.endswith("()")}
    classes = {name for name in named() if re.fullmatch(r"_?(?:[A-Z][a-z]+){1,3}", name)}
    members = {
        found[1] for name in named() if (found := re.fullmatch(r"[A-Za-z]+\.([a-z_]+)", name))
    }
    assert functions <= known
    assert classes <= known
    assert members - {"py", "toml", "columns"} <= known
    assert min(len(functions), len(classes), len(members)) > 3


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of a copy of the source to which the page's blocks were added."""
    folder = tmp_path_factory.mktemp("extended")
    source = folder / "src" / "kimai_remote"
    shutil.copytree(PACKAGE, source, ignore=shutil.ignore_patterns("__pycache__"))
    recipe = [block for block in blocks(PAGE) if block.language == "python"]
    assert len(recipe) == 3
    for block in recipe:
        first, code = block.code.split("\n", 1)
        path = folder / first.strip().removeprefix("# ")
        path.write_text(path.read_text() + "\n\n" + code)
    clean = {name: text for name, text in os.environ.items() if "KIMAI_REMOTE_" not in name}
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "kimai_remote",
        "serve",
        "--port",
        str(port),
        "--data-dir",
        str(folder / "data"),
        "--demo",
    ]
    clean["PYTHONPATH"] = str(folder / "src")
    server = Server(command, clean, f"http://127.0.0.1:{port}", folder / "log")
    server.start()
    try:
        yield server
    finally:
        server.stop()


STATES = ["open", "review", "closed"]


@pytest.mark.slow
def test_the_new_method_over_json(extended: Server) -> None:
    key = call(extended, "authenticate", "anna", "demo-anna")["items"][0]["apiKey"]
    assert call(extended, "getStatuses", key)["items"] == [
        {"statusID": str(number), "status": state} for number, state in enumerate(STATES, 1)
    ]
    assert call(extended, "getStatuses", key, query="?types=native")["items"][0]["statusID"] == 1
    assert not call(extended, "getStatuses", "wrong")["success"]


@pytest.mark.slow
def test_the_new_method_over_soap(extended: Server) -> None:
    api = zeep.Client(f"{extended.soap}?wsdl").service
    key = api.authenticate("anna", "demo-anna")["items"]["ApiKey"][0]["apiKey"]
    assert [state["status"] for state in api.getStatuses(key)["items"]["Status"]] == STATES
    encoded = f'<x:getStatuses xmlns:x="urn:x"><apiKey>{key}</apiKey></x:getStatuses>'
    answer = post_soap(extended, envelope(encoded))
    assert re.findall(r">status</key><value[^>]*>(\w+)<", answer.text) == STATES


@pytest.mark.slow
def test_the_new_method_in_every_contract(extended: Server) -> None:
    for target in ("/core/soap.php?wsdl", "/core/soap.php?wsdl&style=rpc"):
        text = get(extended, target).text
        assert 'operation name="getStatuses"' in text
        assert "States that a time entry can be in." in text
    assert "getStatuses" in get(extended, "/core/json.php").json["services"]
    described = get(extended, "/core/json.php?openrpc").json
    assert "getStatuses" in [one["name"] for one in described["methods"]]
    assert described["components"]["schemas"]["Status"]["required"] == ["statusID", "status"]


@pytest.mark.slow
def test_the_contracts_are_written_with_it(extended: Server, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "kimai_remote.protocols.contracts", str(tmp_path)],
        check=True,
        env=extended.environ,
        stdout=subprocess.DEVNULL,
    )
    assert "getStatuses" in json.loads((tmp_path / "smd.json").read_text())["services"]
