"""The processor time of each call against the lower bound, Spyne and a baseline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from . import comparison, data
from .client import LAST_ID, PROTOCOLS, Call, Scenario
from .comparison import BASELINE, BEHIND_ADAPTER, LOWER_BOUND, SPYNE, THIS
from .installations import Installation
from .measure import Cost, ratio, side_by_side
from .tables import Table

_ENTRY = {
    "projectId": data.PROJECT,
    "taskId": data.TASK,
    "start": "1740000000",
    "end": "1740003600",
    "description": "Meeting & notes",
}


def entries(limit: int, start: int = 0, *, from_: int = 0, to: int = 0, cleared: int = -1) -> Call:
    """A call of getTimesheet."""
    parameters = {"from": str(from_), "to": str(to), "cleared": cleared}
    return Call("getTimesheet", parameters | {"start": start, "limit": limit})


def expenses(limit: int, start: int = 0, *, from_: int = 0, refundable: int = -1) -> Call:
    """A call of getExpenses."""
    parameters = {"from": str(from_), "to": "0", "refundable": refundable, "cleared": -1}
    return Call("getExpenses", parameters | {"start": start, "limit": limit})


def start_and_stop(project: int = data.PROJECT, task: int = data.TASK) -> list[Call]:
    start = Call("startRecord", {"projectId": project, "activityId": task})
    return [start, Call("stopRecord", {"entryId": 0})]


#: By title: who calls, and what.
CALLS: dict[str, tuple[str, list[Call]]] = {
    "getVersion": (data.READER, [Call("getVersion", needs_key=False)]),
    "authenticate": (data.READER, []),
    "getActiveRecording": (data.READER, [Call("getActiveRecording")]),
    "getUsers": (data.READER, [Call("getUsers")]),
    "getProjects": (data.READER, [Call("getProjects", {"includeTasks": False})]),
    "getProjects with tasks": (data.READER, [Call("getProjects", {"includeTasks": True})]),
    "getTasks of a project": (data.READER, [Call("getTasks", {"projectId": data.PROJECT + 5})]),
    "getTimesheet, 50 rows": (data.READER, [entries(50)]),
    "getExpenses, 50 rows": (data.READER, [expenses(50)]),
    "startRecord + stopRecord": (data.WRITER, start_and_stop()),
    "setTimesheetRecord + remove…": (
        data.WRITER,
        [
            Call("setTimesheetRecord", {"record": _ENTRY, "doUpdate": False}),
            Call("removeTimesheetRecord", {"id": LAST_ID}),
        ],
    ),
}


def scenario(installation: Installation, protocol: str, title: str) -> Scenario:
    who, calls = CALLS[title]
    return Scenario(
        protocol,
        installation.keys[who],
        calls or [comparison.login(installation, who)],
    )


def candidates(
    found: dict[str, Installation], protocol: str, scenarios: dict[str, Scenario]
) -> dict[str, tuple[Installation, Scenario]]:
    """Return those that a protocol is compared between."""
    chosen = {
        name: (found[name], scenarios[name])
        for name in (LOWER_BOUND, BEHIND_ADAPTER, THIS, BASELINE)
        if name in found
    }
    spyne = SPYNE.get(protocol)
    if spyne in found:
        chosen["Spyne"] = (found[spyne], scenarios[spyne])
    return chosen


def measure(kind: str, directory: Path, baseline: Path | None, rounds: int) -> Iterator[Table]:
    with comparison.small(kind, directory, baseline) as found:
        for protocol in PROTOCOLS:
            yield table(
                f"{protocol} on {kind}: processor time of a call",
                {
                    title: side_by_side(
                        candidates(
                            found,
                            protocol,
                            {name: scenario(one, protocol, title) for name, one in found.items()},
                        ),
                        rounds,
                    )
                    for title in CALLS
                },
            )


def table(title: str, costs: dict[str, dict[str, Cost]], first: str = "call") -> Table:
    """A table of the server's milliseconds, the ratios of this checkout to the others, and the
    database server's milliseconds.

    :param costs: by the first column, and by the name of what was measured.
    """
    names = [THIS, *(name for name in next(iter(costs.values())) if name != THIS)]
    with_database = [name for name in names if any(one[name].database for one in costs.values())]
    headings = [
        first,
        *(f"{name} ms" for name in names),
        *(f"{THIS}:{name}" for name in names[1:]),
        *(f"DB of {name}" for name in with_database),
    ]
    lines = [
        [
            call,
            *(f"{one[name].server:.2f}" for name in names),
            *(ratio(one[THIS], one[name]) for name in names[1:]),
            *(f"{one[name].database:.2f}" for name in with_database),
        ]
        for call, one in costs.items()
    ]
    return Table(title, headings, lines)
