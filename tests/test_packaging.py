"""The release: metadata in pyproject.toml, the changelog, and the files of the package."""

from __future__ import annotations

import datetime
import importlib.resources
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from kimai_remote import __version__
from kimai_remote.web import console
from support.markdown import links
from support.server import ROOT

PREFIX = "Programming Language :: Python :: "


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def test_the_newest_changes_are_those_of_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    headings = [
        heading for heading in re.findall(r"^## (.+)$", text, re.M) if heading != "Unreleased"
    ]
    version, _, date = headings[0].partition(" - ")
    assert version == __version__
    assert datetime.date.fromisoformat(date)


def test_the_license_is_shipped(pyproject: dict[str, Any]) -> None:
    project = pyproject["project"]
    assert (project["license"], project["license-files"]) == ("MIT", ["LICENSE"])
    assert (ROOT / "LICENSE").read_text("utf-8").startswith("MIT License\n\nCopyright (c) ")


def test_the_oldest_python_is_the_same_everywhere(pyproject: dict[str, Any]) -> None:
    classifiers = pyproject["project"]["classifiers"]
    versions = [
        tuple(map(int, name.removeprefix(PREFIX).split(".")))
        for name in classifiers
        if re.fullmatch(rf"{PREFIX}\d+\.\d+", name)
    ]
    assert versions == [(3, minor) for minor in range(versions[0][1], versions[-1][1] + 1)]
    major, minor = versions[0]
    assert pyproject["project"]["requires-python"] == f">={major}.{minor}"
    assert pyproject["tool"]["ruff"]["target-version"] == f"py{major}{minor}"
    assert f"python_version = {major}.{minor}\n" in (ROOT / "setup.cfg").read_text("utf-8")


def test_the_console_has_every_file_that_it_loads() -> None:
    """The files that the page and its scripts load are served, and there are no others."""
    folder = importlib.resources.files("kimai_remote.web.console") / "static"
    files = {file.name: file.read_text("utf-8") for file in folder.iterdir()}
    served = {path.rpartition("/")[2] or "index.html" for path in console.pages()}
    assert served == set(files)
    named = set(re.findall(r'(?:href|src)="console/([^"]+)"', files["index.html"]))
    for text in files.values():
        named.update(re.findall(r'(?:from|import) "\./([^"]+)"', text))
        named.update(re.findall(r'import\("\./([^"]+)"\)', text))
    assert named | {"index.html"} == served


def test_the_package_index_shows_no_relative_link(
    pyproject: dict[str, Any], tmp_path: Path
) -> None:
    """README's links to files of the repository become their paths, and other links stay."""
    hook = pyproject["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    (fragment,) = hook["fragments"]
    readme, shown = ROOT / fragment["path"], tmp_path / "shown.md"
    text = readme.read_text("utf-8")
    for substitution in hook["substitutions"]:
        text = re.sub(substitution["pattern"], substitution["replacement"], text)
    shown.write_text(text, "utf-8")
    relative = [link for link in links(readme) if link[1]]
    assert list(links(shown)) == [link for link in links(readme) if not link[1]]
    assert relative
    assert [path for path, *_ in relative if f"`{path}`" not in text] == []


def test_one_version_of_the_linter(pyproject: dict[str, Any]) -> None:
    (pinned,) = [
        name
        for name in pyproject["project"]["optional-dependencies"]["dev"]
        if name.startswith("ruff")
    ]
    assert f'"{pinned}"' in (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
