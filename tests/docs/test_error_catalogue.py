"""The catalogues of errors and findings are complete."""

from __future__ import annotations

import ast
import re

from docs.error_messages import PACKAGE, api_messages, http_messages
from support.server import ROOT

ERRORS = (ROOT / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
CHECKS = (ROOT / "docs" / "reference" / "checks.md").read_text(encoding="utf-8")


def test_every_message_of_the_api_is_listed() -> None:
    messages = api_messages()
    assert {"Unknown user or no permissions.", "Invalid ID", "Method not found"} <= messages
    assert {text for text in messages if f"`{text}" not in ERRORS} == set()


def test_every_message_of_http_is_listed() -> None:
    messages = http_messages()
    assert len(messages) > 5
    assert {text for text in messages if text not in ERRORS} == set()


def test_every_code_is_listed() -> None:
    sources = [*PACKAGE.glob("protocols/*.py"), PACKAGE / "errors.py"]
    codes = {code for path in sources for code in re.findall(r"-32\d{3}\b", path.read_text())}
    assert len(codes) > 4
    assert {code for code in codes if f"| {code} |" not in ERRORS} == set()


def test_every_finding_of_check_has_a_row() -> None:
    tree = ast.parse((PACKAGE / "kimai1" / "inspection.py").read_text(encoding="utf-8"))
    topics = {
        argument.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("DataFinding", "_finding")
        for argument in node.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }
    # Other literals are levels and sentences; topics are given in the loop of _orphans too.
    topics = {topic for topic in topics if len(topic.split()) < 3} | {"orphans", "links to nothing"}
    assert len(topics) > 9
    assert {topic for topic in topics if f"| `{topic}` |" not in CHECKS} == set()


def test_every_subject_of_doctor_has_a_row() -> None:
    levels, subjects = {"right", "warning", "wrong"}, set[str]()
    for path in (PACKAGE / "cli" / "doctor").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in levels:
                subjects.update(_literals(node.args[:1]))
            elif isinstance(node, ast.Assign) and "about" in ast.unparse(node.targets[0]):
                values = node.value.elts[:1] if isinstance(node.value, ast.Tuple) else [node.value]
                subjects.update(_literals(values))
    assert len(subjects) > 15
    assert {subject for subject in subjects if f"| `{subject}` |" not in CHECKS} == set()


def _literals(nodes: list[ast.expr]) -> set[str]:
    return {
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
