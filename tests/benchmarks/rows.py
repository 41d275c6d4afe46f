"""Long lists: against the lower bound, Spyne and a baseline, and against Kimai's PHP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from . import comparison, data
from .calls import candidates, entries, table
from .client import PROTOCOLS, Scenario
from .comparison import BASELINE, THIS
from .installations import Store
from .measure import Cost, side_by_side
from .tables import Table

ROWS = 10_000
#: Milliseconds of Kimai 1.3.5 in PHP 8 for a list by protocol and number of rows, measured where
#: the baseline took 255 ms for 5,000 rows of JSON: the first release that was measured beside it.
PHP = {
    ("JSON", 5_000): 80,
    ("JSON", 20_000): 320,
    ("SOAP rpc", 5_000): 830,
    ("SOAP rpc", 20_000): 2_980,
}
_PHP_SCALE = 255


def _more_entries(store: Store) -> None:
    data.add_entries(store, data.ALICE, 20_000, first_project=data.PROJECT)


def measure(kind: str, directory: Path, baseline: Path | None, rounds: int) -> Iterator[Table]:
    # Spyne takes seconds for a list, and hardly differs by database.
    with comparison.small(
        kind, directory, baseline, _more_entries, spyne=kind == "sqlite"
    ) as found:

        def measured(protocol: str, rows: int) -> dict[str, Cost]:
            scenarios = {
                name: Scenario(protocol, one.keys[data.READER], [entries(rows)])
                for name, one in found.items()
            }
            chosen = candidates(found, protocol, scenarios)
            if protocol == "JSON" and "spyne_json" in found:
                spyne = found["spyne_json"]
                with_names = Scenario("Spyne JSON", spyne.keys[data.READER], [entries(rows)])
                chosen["Spyne"] = (spyne, with_names)
            if rows != ROWS:
                chosen = {name: chosen[name] for name in (THIS, BASELINE) if name in chosen}
            return side_by_side(chosen, rounds)

        for protocol in PROTOCOLS:
            title = f"getTimesheet, {ROWS:,} rows, {protocol} on {kind}"
            yield table(title, {f"{ROWS:,} rows": measured(protocol, ROWS)}, "rows")
        if kind == "adopted":
            costs = {key: measured(*key) for key in PHP}
            yield _beside_php(costs)


def _beside_php(costs: dict[tuple[str, int], dict[str, Cost]]) -> Table:
    """A table of long lists on an adopted database, beside PHP scaled to this machine."""
    headings = ["list", *(f"{name} ms" for name in next(iter(costs.values())))]
    reference = costs["JSON", 5_000].get(BASELINE)
    if reference is not None:
        headings += ["PHP ms, scaled", f"{THIS}:PHP"]
    lines = []
    for (protocol, rows), by_name in costs.items():
        line = [f"{rows:,} rows, {protocol}", *(f"{cost.server:.0f}" for cost in by_name.values())]
        if reference is not None:
            php = PHP[protocol, rows] * reference.server / _PHP_SCALE
            line += [f"{php:.0f}", f"{by_name[THIS].server / php:.2f}"]
        lines.append(line)
    return Table("getTimesheet on adopted, beside Kimai's PHP", headings, lines)
