"""The cost of metrics and the access log: the same calls with neither, with one, and with both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from . import comparison, data
from .calls import CALLS, scenario
from .comparison import THIS
from .measure import ratio, side_by_side
from .tables import Table

CANDIDATES = {
    "neither": {"metrics_from": "", "access_log": "false"},
    "metrics": {"metrics_from": "local", "access_log": "false"},
    "access log": {"metrics_from": "", "access_log": "true"},
    "both": {"metrics_from": "local", "access_log": "true"},
}


def measure(kind: str, directory: Path, baseline: Path | None, rounds: int) -> Iterator[Table]:
    with ExitStack() as stack:
        found = {}
        for name, settings in CANDIDATES.items():
            fill = partial(data.fill_small, kimai_keys=kind == "adopted")
            checkout = comparison.checkouts(None)[THIS]
            one = stack.enter_context(
                comparison.installed(name, checkout, kind, directory, fill, **settings)
            )
            found[name] = stack.enter_context(comparison.running(one))
            one.keys = {who: comparison.log_in(one, who) for who in data.KIMAI_KEYS}
        lines = []
        for title in ("getVersion", "getTimesheet, 50 rows"):
            assert title in CALLS
            costs = side_by_side(
                {name: (one, scenario(one, "JSON", title)) for name, one in found.items()}, rounds
            )
            base = costs["neither"]
            lines.append(
                [title, f"{base.server:.2f}", *(ratio(cost, base) for cost in costs.values())]
            )
    headings = ["call", "neither ms", *(f"{name}:neither" for name in CANDIDATES)]
    yield Table(
        f"Processor time of a call with metrics and the access log on {kind}", headings, lines
    )
