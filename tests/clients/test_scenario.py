"""The check of a scenario's report finds errors."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable
from typing import Any

import pytest

from clients import scenario, tools
from clients.conftest import CONTROL, Scene


def _first(report: Any, step: str) -> dict[str, Any]:
    record: dict[str, Any] = report[step]["items"][0]
    return record


def _reverse_tasks(report: Any) -> None:
    _first(report, "getProjects")["tasks"].reverse()


#: Changes to a correct report that errors of a server or client would cause.
SPOILED: dict[str, Callable[[Any], object]] = {
    "a step is missing": lambda report: report.pop("getVersion"),
    "a number": lambda report: _first(report, "getUsers").update(userID=7),
    "true for 1": lambda report: _first(report, "getCustomers").update(visible=True),
    "empty for null": lambda report: _first(report, "getTimesheetRecord").update(location=""),
    "a lost field": lambda report: _first(report, "getTimesheetRecord").pop("trackingNumber"),
    "a field too many": lambda report: _first(report, "getExpenseRecord").update(password="x"),
    "a lost cent": lambda report: _first(report, "createdExpense").update(value="7.3"),
    "a string for a computed number": lambda report: _first(report, "getTimesheet").update(
        wage_decimal="128.25"
    ),
    "a lost character": lambda report: _first(report, "getTimesheet").update(comment=CONTROL[:-1]),
    "tasks where none belong": lambda report: _first(report, "getProjectsOnly").update(tasks=[]),
    "tasks in another order": _reverse_tasks,
    "another record": lambda report: _first(report, "createdEntry").update(timeEntryID="1"),
    "the wrong time": lambda report: _first(report, "getActiveRecording").update(start="1"),
    "the total of a page": lambda report: report["getTimesheet"].update(total=1),
    "another text": lambda report: report["noneActive"]["error"].update(msg="No active recording"),
    "a success": lambda report: report.update(wrongPassword=report["authenticate"]),
    "a fault that says nothing": lambda report: report["fault"]["fault"].update(message="Error"),
    "a fault of the server's": lambda report: report["fault"]["fault"].update(code=-32603),
}


@pytest.mark.slow
def test_checker_refuses_spoiled_reports(scene: Scene) -> None:
    client = tools.HERE / "python" / "jsonrpcclient_client.py"
    right = tools.report([sys.executable, client, scene.server.json], stdin=scenario.program(scene))
    scenario.check(right, scene, scenario.JSON)
    for what, spoil in SPOILED.items():
        report = copy.deepcopy(right)
        spoil(report)
        with pytest.raises(AssertionError):
            scenario.check(report, scene, scenario.JSON)
            pytest.fail(f"{what} went unnoticed")
    for dialect in (scenario.JSON_NATIVE, scenario.ENCODED):
        with pytest.raises(AssertionError):
            scenario.check(right, scene, dialect)
