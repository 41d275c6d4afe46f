"""Imports point one way: web -> protocols -> api -> tracking -> storage -> config."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import kimai_remote

PACKAGE = Path(kimai_remote.__file__).parent
GROUND = {"config", "errors", "_compat", ""}
#: What each room may import besides itself and the ground.
ROOMS = {
    "web": {"protocols", "api"},
    "protocols": {"api", "tracking"},
    "api": {"tracking", "storage"},
    "tracking": {"storage"},
    "storage": set(),
    "cli": {"web", "api", "tracking", "storage"},
}
#: Packages that belong to one room: nobody else may know them.
OWNERS = {
    "spyne": {"api", "protocols", "_compat"},
    "werkzeug": {"web", "protocols"},
    "granian": {"cli"},
    "typer": {"cli"},
    "rich": {"cli"},
    "lxml": {"protocols"},
    "msgspec": {"protocols", "web", "cli"},
    "prometheus_client": {"web"},
    "alembic": {"storage"},
    "sqlalchemy": {"storage", "tracking", "api", "cli"},
    "argon2": {"tracking"},
}
MODULES = sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """Each imported top-level package, and the room for imports from our own."""
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


def is_room(name: str) -> bool:
    return name in ROOMS or name in GROUND


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    room = room_of(path)
    for top, target in imports(path):
        if top == "kimai_remote" and room in ROOMS and is_room(target):
            assert target in ROOMS[room] | GROUND | {room}, f"{room} imports {target}"
        if top == "kimai_remote" and room in GROUND - {""}:
            assert target in GROUND | {""} or not is_room(target), f"{room} imports {target}"
        if top in OWNERS:
            assert room in OWNERS[top], f"{room} imports {top}"


def test_the_test_sees_imports() -> None:
    """A module known to import sideways is read right, so the test above can fail."""
    found = set(imports(PACKAGE / "web" / "app.py"))
    assert ("kimai_remote", "protocols") in found
    assert any(top == "werkzeug" for top, _ in found)


def test_every_room_is_known() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert rooms - GROUND == set(ROOMS)


def test_no_protocol_knows_a_method_by_name() -> None:
    from kimai_remote.api.service import RemoteApi

    for path in (*(PACKAGE / "protocols").glob("*.py"), *(PACKAGE / "web").glob("*.py")):
        constants = {
            node.value
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        assert not constants & set(RemoteApi.public_methods), path
