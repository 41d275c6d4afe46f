"""The table of toolkits says what ran: no row without a run, no run without a row."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from clients import scenario, toolkits, tools
from docs import toolkits_page
from support.server import ROOT

ROW = toolkits.Row("Perl", "X", "1.0", scenario.DOCUMENT.name, "tests/x.py::test_x", steps=36)
PARTIAL = replace(ROW, failing=("fault",), why="it can't")


def test_each_row_has_a_test_and_each_test_its_row() -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:sugar", "--collect-only", "-q"]
    found = subprocess.run(
        [*command, "-m", "recorded", tools.HERE.relative_to(ROOT)],
        cwd=ROOT,
        env={**os.environ, "PYTEST_ADDOPTS": ""},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    tests = {line for line in found.stdout.splitlines() if "::" in line}
    assert tests == {row.test for row in toolkits.rows()}, "see --record-toolkits"


def test_each_row_is_there_once() -> None:
    rows = toolkits.rows()
    keys = [row.key for row in rows]
    assert sorted(set(keys)) == sorted(keys)
    assert {row.dialect for row in rows} <= {dialect.name for dialect in scenario.DIALECTS}
    assert not [row for row in rows if row.failing and not row.why]


def test_no_client_is_checked_without_a_row() -> None:
    checking = {
        path.name
        for path in tools.HERE.glob("*.py")
        if "scenario.check(" in path.read_text("utf-8")
    }
    # They check the scenario itself.
    assert checking - {"test_scenario.py", Path(__file__).name} == set()


@pytest.mark.parametrize("changed", [replace(ROW, steps=35), PARTIAL, replace(ROW, why="a remark")])
def test_a_run_that_differs_from_its_row_fails(changed: toolkits.Row) -> None:
    toolkits.compare(replace(ROW, version="2.0"), [ROW, PARTIAL, replace(ROW, test="other")][::2])
    with pytest.raises(AssertionError, match="--record-toolkits"):
        toolkits.compare(changed, [ROW])
    with pytest.raises(AssertionError, match="--record-toolkits"):
        toolkits.compare(changed, [])


def test_recording_replaces_the_row_of_the_same_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(toolkits, "RECORDED", tmp_path / "rows")
    toolkits.RECORDED.touch()
    other = replace(ROW, toolkit="A")
    for row in (ROW, other, PARTIAL):
        toolkits.record(row)
    assert toolkits.rows() == [other, PARTIAL]


def test_page_names_partial_results_and_their_reason() -> None:
    encoded = replace(ROW, dialect=scenario.ENCODED.name)
    page = toolkits_page.table([ROW, replace(PARTIAL, test="other"), encoded])
    assert "| Perl | X | 1.0 | partial, 35 of 36 | pass |  |  |  |" in page
    assert f"| X | {ROW.dialect} | 35 of 36 | `fault`: it can't |" in page


class TestRun:
    """What :class:`toolkits.Run` makes of a report, with the problems given."""

    @pytest.fixture
    def run(
        self, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> toolkits.Run:
        monkeypatch.setattr(toolkits, "RECORDED", tmp_path / "rows")
        toolkits.RECORDED.touch()
        # The report of these tests is the problems that it has.
        monkeypatch.setattr(scenario, "problems", lambda report, *_: report)
        return toolkits.Run(scene=None, test=ROW.test, recording=True)  # type: ignore[arg-type]

    def test_partial_is_recorded_with_the_steps_that_fail(self, run: toolkits.Run) -> None:
        report = {"fault": ["no fault"]}
        run("X", "Perl", "1.0", scenario.DOCUMENT, report, failing=["fault"], why="it can't")
        assert toolkits.rows() == [replace(PARTIAL, steps=1)]

    @pytest.mark.parametrize(
        ("report", "message"),
        [
            ({"fault": ["no fault"], "getUsers": ["no users"]}, "^no users"),
            ({}, "aren't failing any more"),
        ],
    )
    def test_other_steps_fail(
        self, run: toolkits.Run, report: dict[str, list[str]], message: str
    ) -> None:
        with pytest.raises(AssertionError, match=message):
            run("X", "Perl", "1", scenario.DOCUMENT, report, failing=["fault"], why="it can't")
        assert toolkits.rows() == []

    def test_a_reason_is_needed(self, run: toolkits.Run) -> None:
        with pytest.raises(AssertionError, match="say why"):
            run("X", "Perl", "1", scenario.DOCUMENT, {"fault": ["no fault"]}, failing=["fault"])
