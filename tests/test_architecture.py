"""Imports point down the list of layers only."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import kimai_remote

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
#: Known to all: the package itself and what makes Spyne importable.
COMMON = {"", "_compat"}
#: Imports of a lower layer that are not wanted all the same.
UNWANTED = {"web": {"kimai1", "tracking"}, "protocols": {"storage", "kimai1"}, "cli": {"protocols"}}
#: Packages that belong to some layers: no other may know them.
OWNERS = {
    "spyne": {"api", "protocols", "_compat"},
    "werkzeug": {"app", "web", "protocols"},
    "granian": {"server"},
    "typer": {"cli"},
    "rich": {"cli"},
    "lxml": {"protocols"},
    "msgspec": {"protocols", "web", "cli"},
    "prometheus_client": {"web", "server"},
    "alembic": {"storage"},
    "sqlalchemy": {"storage", "kimai1", "tracking", "api", "server", "cli"},
    "argon2": {"tracking"},
}
MODULES = sorted(PACKAGE.rglob("*.py"))


def layer_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """Each imported top-level package, and the layer for imports from our own."""
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


def test_the_test_sees_imports() -> None:
    """A module known to import sideways is read right, so the test above can fail."""
    found = set(imports(PACKAGE / "web" / "routes.py"))
    assert ("kimai_remote", "protocols") in found
    assert any(top == "werkzeug" for top, _ in found)


def test_every_layer_is_known() -> None:
    modules = {path.name.removesuffix(".py") for path in PACKAGE.iterdir() if path.name[0] != "_"}
    assert modules - {"py.typed"} <= set(LAYERS)


def test_no_protocol_knows_a_method_by_name() -> None:
    from kimai_remote.api.service import RemoteApi

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
def test_the_test_sees_comparisons(source: str) -> None:
    assert database_comparisons(source) == [1]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_dialects_tell_databases_apart(path: Path) -> None:
    if not path.relative_to(PACKAGE).as_posix().startswith(NAMING_DATABASES):
        assert not database_comparisons(path.read_text())


@pytest.mark.parametrize("path", sorted((PACKAGE / "storage/migrations/versions").glob("v*.py")))
def test_migrations_are_history(path: Path) -> None:
    assert {top for top, _ in imports(path)} <= {"__future__", "typing", "sqlalchemy", "alembic"}
