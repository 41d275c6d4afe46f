"""All figures about speed and memory, measured side by side in one run.

    python tests/benchmarks/run.py [--part calls] [--database sqlite] [--baseline CHECKOUT]

Parts: ``calls``, each call against the lower bound, Spyne and a baseline; ``rows``, long lists
likewise; ``growth``, by the entries of one user; ``width``, by the number of groups, projects and
users; ``memory``; ``servers``, by the number of processes and threads; ``instrumentation``, metrics
and the access log; ``capacity``, calls, memory and space for planning. Times are milliseconds of
processor time of the server's processes, medians of several rounds; only ``servers`` counts calls
per second. Needs Linux.
"""

from __future__ import annotations

import argparse
import functools
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import calls, capacity, growth, instrumentation_cost, load, rows
from benchmarks.installations import DATABASES
from benchmarks.tables import Table

Part = Callable[[str, Path, Path | None, int], Iterator[Table]]
_PARTS: dict[str, tuple[Part, Sequence[str]]] = {
    "calls": (calls.measure, DATABASES),
    "rows": (rows.measure, DATABASES),
    "growth": (functools.partial(growth.measure, large=False), ["postgresql"]),
    "width": (growth.measure_width, ["postgresql"]),
    "memory": (load.measure_memory, DATABASES),
    "servers": (load.measure_servers, DATABASES),
    "instrumentation": (instrumentation_cost.measure, ["sqlite"]),
    "capacity": (capacity.measure, ["sqlite", "postgresql", "mariadb"]),
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--part", choices=_PARTS, action="append", help="default: all")
    parser.add_argument("--database", choices=DATABASES, action="append", help="default: by part")
    parser.add_argument("--baseline", type=Path, help="another checkout, with its own .venv")
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--large", action="store_true", help="growth up to 10,000,000 entries")
    chosen = parser.parse_args(arguments)
    parts = dict(_PARTS)
    parts["growth"] = (functools.partial(growth.measure, large=chosen.large), _PARTS["growth"][1])
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {chosen.rounds} rounds")
    for name in chosen.part or parts:
        part, usual = parts[name]
        for database in chosen.database or usual:
            with tempfile.TemporaryDirectory() as directory:
                for table in part(database, Path(directory), chosen.baseline, chosen.rounds):
                    print(table, flush=True)


if __name__ == "__main__":
    main()
