"""The messages that the API can send, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import kimai_remote
from kimai_remote import errors

PACKAGE = Path(kimai_remote.__file__).parent
#: Classes whose texts go over the wire, and functions that make a failure of a text.
_OURS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.KimaiRemoteError)
} - {"KimaiRemoteError", "ConfigurationError"}
_SENDERS = _OURS | {"Fault", "JsonRpcError", "InvalidValue", "failure", "RequestTimeout"}
_HTTP = {
    "BadRequest",
    "Forbidden",
    "NotFound",
    "NotImplemented",
    "RequestEntityTooLarge",
    "RequestTimeout",
    "Unauthorized",
    "UnsupportedMediaType",
}


def api_messages() -> set[str]:
    """Messages of JSON-RPC errors, faults and failures; an ellipsis stands for a value."""
    paths = {
        *_imported_by(PACKAGE / "api" / "service.py"),
        *(PACKAGE / "api").glob("*.py"),
        *(PACKAGE / "protocols").glob("*.py"),
        PACKAGE / "errors.py",
    }
    return {text for path in paths for text in _messages(path, _SENDERS)}


def http_messages() -> set[str]:
    """Messages of HTTP errors."""
    return {text for path in (PACKAGE / "web").glob("*.py") for text in _messages(path, _HTTP)}


def _imported_by(start: Path) -> set[Path]:
    """A module of the package and all that it imports, directly or indirectly."""
    paths, queue = set[Path](), [start]
    while queue:
        path = queue.pop()
        if path in paths or not path.exists():
            continue
        paths.add(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                folder = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
                queue.append(folder.with_suffix(".py"))
                queue += [folder / f"{alias.name}.py" for alias in node.names]
    return paths


def _messages(path: Path, senders: set[str]) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        arguments: list[ast.expr] = []
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in senders:
            arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        elif isinstance(node, ast.ClassDef) and node.name in senders:
            for inner in ast.walk(node):
                if isinstance(inner, ast.Call) and ast.unparse(inner.func) == "super().__init__":
                    arguments += inner.args
                elif isinstance(inner, ast.arguments):
                    arguments += inner.defaults
        for argument in arguments:
            text = _text(argument, constants)
            if " " in text.strip("… "):  # not a code
                yield text


def _text(node: ast.expr, constants: dict[str, ast.expr]) -> str:
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
        return "".join(map(str, parts))
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".format"):
        assert isinstance(node.func, ast.Attribute)
        return _without_fields(_text(node.func.value, constants))
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Name) and node.id in constants:
        return _text(constants[node.id], {})
    return ""


def _without_fields(template: str) -> str:
    head, _, rest = template.partition("{")
    return head + ("…" + _without_fields(rest.partition("}")[2]) if rest else "")
