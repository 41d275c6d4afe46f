"""The architecture: imports point down the layers, names are unique, and a call has a short way."""

from __future__ import annotations

import ast
import json
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from werkzeug.test import Client

import kimai_remote
from kimai_remote.api.service import RemoteApi
from kimai_remote.app import create_app
from support.world import World

PACKAGE = Path(kimai_remote.__file__).parent
#: Layers, the topmost first. A layer imports only those below it.
LAYERS = (
    "cli",
    "server",
    "app",
    "web",
    "protocols",
    "api",
    "kimai1",
    "tracking",
    "storage",
    "config",
    "errors",
)
#: Imports of a lower layer that are unwanted nevertheless.
UNWANTED = {"web": {"kimai1", "tracking"}, "protocols": {"storage", "kimai1"}, "cli": {"protocols"}}
#: Packages that only these layers may import.
OWNERS = {
    "spyne": {"api", "protocols", "_compat"},
    "werkzeug": {"app", "web", "protocols"},
    "granian": {"server"},
    "click": {"cli"},
    "rich": {"cli"},
    "lxml": {"protocols"},
    "msgspec": {"protocols", "web", "cli"},
    "prometheus_client": {"web", "server"},
    "alembic": {"storage"},
    "sqlalchemy": {"storage", "kimai1", "tracking", "api", "server", "cli"},
    "argon2": {"tracking"},
}
MODULES = sorted(PACKAGE.rglob("*.py"))
#: The maximum number of the package's files in which a call of startRecord runs functions.
MAX_FILES_OF_A_CALL = 22


def layer_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """Yield each imported top-level package, and the layer for imports of our own."""
    package = ("kimai_remote", *path.relative_to(PACKAGE).parent.parts)
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1]
            target = [*base, *(node.module or "").split(".")] if node.module else list(base)
            names = [".".join([*target, alias.name]) for alias in node.names]
        for name in names:
            top, *rest = name.split(".")
            yield top, rest[0] if rest else ""


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    layer = layer_of(path)
    below = set(LAYERS[LAYERS.index(layer) :]) if layer in LAYERS else set()
    for top, target in imports(path):
        if top == "kimai_remote" and layer in LAYERS and target in LAYERS:
            assert target in below, f"{layer} imports {target}"
            assert target not in UNWANTED.get(layer, ()), f"{layer} imports {target}"
        if top in OWNERS:
            assert layer in OWNERS[top], f"{layer} imports {top}"


def test_imports_of_a_known_module_are_found() -> None:
    """The imports of a known module are found, so the test above can fail."""
    imported = set(imports(PACKAGE / "web" / "routes.py"))
    assert ("kimai_remote", "protocols") in imported
    assert any(top == "werkzeug" for top, _ in imported)


def test_every_layer_is_known() -> None:
    modules = {path.name.removesuffix(".py") for path in PACKAGE.iterdir() if path.name[0] != "_"}
    assert modules - {"py.typed"} <= set(LAYERS)


def test_no_protocol_knows_a_method_by_name() -> None:
    for path in (*(PACKAGE / "protocols").glob("*.py"), *(PACKAGE / "web").glob("*.py")):
        constants = {
            node.value
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        assert not constants & set(RemoteApi.public_methods), path


#: Where a database may be named: its dialect, the migrations (history), and the setting's URL.
NAMING_DATABASES = ("storage/dialects/", "storage/migrations/versions/", "config/loading.py")


def database_comparisons(source: str) -> list[int]:
    """Lines that compare or match something with the name of a database."""
    names = {"sqlite", "postgresql", "postgres", "mariadb", "mysql"}
    lines = []
    for node in ast.walk(ast.parse(source)):
        is_lookup = isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".startswith")
        if isinstance(node, ast.Compare | ast.MatchValue | ast.Dict) or is_lookup:
            keys = node.keys if isinstance(node, ast.Dict) else [node]
            constants = [part for key in keys if key for part in ast.walk(key)]
            values = {part.value for part in constants if isinstance(part, ast.Constant)}
            if values & names:
                lines.append(node.lineno)
    return lines


@pytest.mark.parametrize(
    "source",
    ['dialect.name == "sqlite"', 'name in ("mysql", "mariadb")', '{"postgresql": 1}[name]'],
)
def test_comparisons_are_found(source: str) -> None:
    assert database_comparisons(source) == [1]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_dialects_tell_databases_apart(path: Path) -> None:
    if not path.relative_to(PACKAGE).as_posix().startswith(NAMING_DATABASES):
        assert not database_comparisons(path.read_text())


@pytest.mark.parametrize("path", sorted((PACKAGE / "storage/migrations/versions").glob("v*.py")))
def test_migrations_are_history(path: Path) -> None:
    assert {top for top, _ in imports(path)} <= {"__future__", "typing", "sqlalchemy", "alembic"}


def test_module_names_are_unique() -> None:
    paths = defaultdict(list)
    for path in MODULES:
        if path.name != "__init__.py" and path.parent.name != "versions":
            paths[path.stem].append(str(path.relative_to(PACKAGE)))
    assert [shared for shared in paths.values() if len(shared) > 1] == []


def test_a_call_runs_through_few_files(file_world: World) -> None:
    """Trace a call that writes, over JSON, after others that warm up."""
    client = Client(create_app(file_world.service))
    params = [file_world.key("alice"), file_world.shop, file_world.coding]
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "startRecord", "params": params})
    functions: dict[str, set[str]] = defaultdict(set)

    def record(frame: FrameType, event: str, _: Any) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(PACKAGE):
            functions[str(path.relative_to(PACKAGE))].add(frame.f_code.co_name)

    for _ in range(2):  # of which the second stops the first one's recording
        client.post("/core/json.php", data=body)
    threading.setprofile(record)
    sys.setprofile(record)
    try:
        response = client.post("/core/json.php", data=body)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    assert response.json["result"]["success"]
    if len(functions) > MAX_FILES_OF_A_CALL:
        lines = [f"{file}: {', '.join(sorted(functions[file]))}" for file in sorted(functions)]
        pytest.fail("\n  ".join([f"{len(functions)} files:", *lines]), pytrace=False)
