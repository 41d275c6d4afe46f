"""All figures about speed, as ratios measured side by side in one run.

    python tests/benchmarks/run.py [--database postgresql] [rows] [growth] [memory] [http] [servers]
                                                            [instrumentation]

``rows``: 10,000 time entries against the lower bound and against plain Spyne. ``growth``: a page of
50 entries of a user with 1,000 to 1,000,000. ``memory``: after the start, and the peak for large
responses. ``http``: calls per second by method. ``servers``: the number of processes and threads
with the highest throughput. ``instrumentation``: the cost of metrics and the access log.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from rich.console import Console
from rich.table import Table

from benchmarks import instrumentation_cost, spyne_baseline
from benchmarks.harness import ENVELOPE, Caller, benchmark_world, fill
from benchmarks.http_load import Request, calls_per_second
from benchmarks.lower_bound import LowerBound
from benchmarks.measure import Timing, side_by_side
from support import world as worlds
from support.databases import KINDS
from support.server import serving
from support.world import World

console = Console(width=110)


def show(title: str, timings: dict[str, Timing], base: str) -> None:
    """A table of medians, spreads and ratios to one of the candidates."""
    table = Table(title=title, title_justify="left")
    table.add_column("candidate")
    for heading in ("median ms", "min-max ms", f"ratio to {base}"):
        table.add_column(heading, justify="right")
    for name, timing in timings.items():
        ratio = timing.median / timings[base].median
        table.add_row(name, f"{timing.median:.2f}", timing.spread, f"{ratio:.2f}")
    console.print(table)


def rows(world: World) -> None:
    """10,000 rows: the lower bound, the service, and the service on plain Spyne."""
    fill(world, 10_000)
    lower_bound, caller = LowerBound(world), Caller(world)
    spyne_over_soap, spyne_over_json = (
        Caller(world, spyne_baseline.soap(world)),
        Caller(world, spyne_baseline.json(world)),
    )
    show(
        "getTimesheet, 10,000 rows, JSON",
        side_by_side(
            {"lower bound": lower_bound.json, "service": lambda: caller.json("getTimesheet")}
        ),
        "lower bound",
    )
    show(
        "getTimesheet, 10,000 rows, SOAP",
        side_by_side(
            {"lower bound": lower_bound.soap, "service": lambda: caller.soap("getTimesheet")}
        ),
        "lower bound",
    )
    show(
        "getTimesheet, 10,000 rows, against plain Spyne",
        side_by_side(
            {
                "service JSON": lambda: caller.json("getTimesheet"),
                "Spyne JSON": lambda: spyne_over_json.spyne_json("getTimesheet"),
                "service SOAP": lambda: caller.soap("getTimesheet"),
                "Spyne SOAP": lambda: spyne_over_soap.soap("getTimesheet"),
            },
            rounds=3,
        ),
        "service JSON",
    )
    small = {
        f"{name} {protocol}": call
        for name, parameters in (
            ("getVersion", {}),
            ("getProjects", {"includeTasks": "true"}),
            ("getTimesheet", {"limit": 50}),
        )
        for protocol, call in (
            ("JSON", lambda n=name, p=parameters: caller.json_named(n, **p)),
            ("SOAP", lambda n=name, p=parameters: caller.soap(n, **p)),
            ("Spyne SOAP", lambda n=name, p=parameters: spyne_over_soap.soap(n, **p)),
        )
    }
    show("Small calls", side_by_side(small, rounds=31), "getVersion JSON")
    lower_bound.close()


def growth(world: World) -> None:
    """Pages of 50, the newest entries and the clock as the number of entries of one user grows."""
    caller = Caller(world)

    def start_and_stop() -> None:
        caller.json("startRecord", world.shop, world.coding)
        caller.json("stopRecord", 0)

    pages = {
        "first page": 0.0,
        "page at offset 50 % (the farthest)": 0.5,
        "page at offset 90 %": 0.9,
    }
    found: dict[str, dict[str, Timing]] = {}
    for count in (1_000, 10_000, 100_000, 1_000_000):
        fill(world, count)
        calls: dict[str, Callable[[], object]] = {}
        for name, part in pages.items():
            page = {"start": int(count * part), "limit": 50}
            title = f"getTimesheet(limit 50), {name}"
            calls[f"JSON, {title}"] = lambda p=page: caller.json_named("getTimesheet", **p)
            calls[f"SOAP, {title}"] = lambda p=page: caller.soap("getTimesheet", **p)
        newest = {"from": 600_000_000 + 1000 * (count - 50)}
        calls["JSON, getTimesheet from a date on (50 entries)"] = lambda p=newest: (
            caller.json_named("getTimesheet", **p)
        )
        calls["JSON, startRecord and stopRecord"] = start_and_stop
        for name, timing in side_by_side(calls, rounds=15).items():
            found.setdefault(name, {})[f"{count:,} entries"] = timing
    for name, timings in found.items():
        show(name, timings, "1,000 entries")


def memory(world: World) -> None:
    """Memory of a process that was just started, and its peak when it answers with many rows."""
    with tempfile.TemporaryDirectory() as directory, _serve(world, Path(directory), 1, 8) as server:
        (process,) = server.workers
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]
    sizes = {
        name: int(size.split()[0]) / 1024 for name, size in (line.split(":") for line in lines)
    }
    table = Table(title="Memory of a process that was just started", title_justify="left")
    for heading in ("its own (PSS) MiB", "resident MiB"):
        table.add_column(heading, justify="right")
    table.add_row(*(f"{sizes[name]:.0f}" for name in ("Pss", "Rss")))
    console.print(table)
    table = Table(title="Peak memory of a process after a whole response", title_justify="left")
    for heading in ("rows", "JSON MiB", "SOAP MiB", "idle MiB"):
        table.add_column(heading, justify="right")
    for count in (10_000, 100_000):
        fill(world, count)
        idle = _peak(world, "idle")
        table.add_row(
            f"{count:,}", *(f"{_peak(world, name):.0f}" for name in ("json", "soap")), f"{idle:.0f}"
        )
    console.print(table)


def _peak(world: World, protocol: str) -> float:
    """Run one call in a process of its own and return its peak memory in MiB."""
    url = world.database.url.render_as_string(hide_password=False)
    program = Path(__file__).with_name("peak_memory.py")
    command = [sys.executable, str(program), url, world.database.prefix, world.key("alice")]
    finished = subprocess.run([*command, protocol], check=True, capture_output=True, text=True)
    return float(finished.stdout)


def _requests(world: World) -> dict[str, list[Request]]:
    key = world.key("alice")

    def call(method: str, *parameters: Any) -> Request:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": [key, *parameters]}
        return "/core/json.php", json.dumps(request).encode(), "application/json"

    def soap(method: str, **parameters: Any) -> Request:
        inner = "".join(
            f"<t:{name}>{value}</t:{name}>"
            for name, value in ({"apiKey": key} | parameters).items()
        )
        body = ENVELOPE.format(method=method, parameters=inner)
        return "/core/soap.php", body.encode(), "text/xml"

    login = {"jsonrpc": "2.0", "id": 1, "method": "authenticate"}
    login["params"] = ["alice", worlds.PASSWORD]
    return {
        "getVersion JSON": [call("getVersion")],
        "authenticate JSON": [("/core/json.php", json.dumps(login).encode(), "application/json")],
        "getUsers JSON": [call("getUsers")],
        "getProjects+tasks JSON": [call("getProjects", True)],
        "getProjects+tasks SOAP": [soap("getProjects", includeTasks="true")],
        "getTimesheet 50 JSON": [call("getTimesheet", 0, 0, -1, 0, 50)],
        "getTimesheet 50 SOAP": [soap("getTimesheet", limit=50)],
        "getTimesheet 10,000 JSON": [call("getTimesheet", 0, 0, -1, 0, 10_000)],
        "getTimesheet 10,000 SOAP": [soap("getTimesheet", limit=10_000)],
        "start+stop JSON": [call("startRecord", world.shop, world.coding), call("stopRecord", 0)],
        "start+stop SOAP": [
            soap("startRecord", projectId=world.shop, activityId=world.coding),
            soap("stopRecord"),
        ],
    }


def _serve(world: World, directory: Path, workers: int, threads: int) -> Any:
    environ = {
        "KIMAI_REMOTE_SECRET": worlds.SECRET.decode(),
        "KIMAI_REMOTE_DATABASE_URL": world.database.url.render_as_string(hide_password=False),
        "KIMAI_REMOTE_TABLE_PREFIX": world.database.prefix,
    }
    scale = ("--workers", str(workers), "--threads", str(threads))
    return serving(directory, *scale, environ=environ)


def http(world: World) -> None:
    """Calls per second through HTTP with 1 and with 8 connections."""
    fill(world, 10_000)
    table = Table(title="Calls per second over HTTP, one process", title_justify="left")
    for heading in ("call", "1 connection", "8 connections", "8 : 1"):
        table.add_column(heading, justify="right")
    with (
        tempfile.TemporaryDirectory() as directory,
        _serve(world, Path(directory), 1, 8) as server,
    ):
        port = int(server.url.rpartition(":")[2])
        for name, requests in _requests(world).items():
            one, eight = (calls_per_second(port, requests, count, 2) for count in (1, 8))
            table.add_row(name, f"{one:.0f}", f"{eight:.0f}", f"{eight / one:.2f}")
    console.print(table)


def servers(world: World) -> None:
    """Calls per second of a typical mixture by number of processes and threads."""
    fill(world, 10_000)
    every = _requests(world)
    names = ("getUsers JSON", "getProjects+tasks SOAP", "getTimesheet 50 JSON", "start+stop JSON")
    mixture = [request for name in names for request in every[name]]
    table = Table(title="Calls per second of a mixture, 8 connections", title_justify="left")
    for heading in ("processes", "threads", "calls per second", "ratio to 1 x 8"):
        table.add_column(heading, justify="right")
    base = 0.0
    for workers, threads in ((1, 8), (1, 2), (1, 4), (2, 2), (2, 4), (2, 8), (4, 4)):
        with (
            tempfile.TemporaryDirectory() as directory,
            _serve(world, Path(directory), workers, threads) as server,
        ):
            port = int(server.url.rpartition(":")[2])
            rate = calls_per_second(port, mixture, 8, 4)
        base = base or rate
        table.add_row(str(workers), str(threads), f"{rate:.0f}", f"{rate / base:.2f}")
    console.print(table)


def instrumentation(world: World) -> None:
    """The cost of metrics and the access log."""
    fill(world, 1_000)
    with tempfile.TemporaryDirectory() as directory:
        for title, timings in instrumentation_cost.measure(world, Path(directory)):
            show(title, timings, "neither")


PARTS: dict[str, Callable[[World], None]] = {
    "rows": rows,
    "growth": growth,
    "memory": memory,
    "http": http,
    "servers": servers,
    "instrumentation": instrumentation,
}


def main(arguments: Iterable[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all")
    parser.add_argument("--database", choices=KINDS, default="sqlite")
    chosen = parser.parse_args(arguments)
    for name in chosen.parts or PARTS:
        console.rule(f"{name} on {chosen.database}")
        with (
            tempfile.TemporaryDirectory() as directory,
            benchmark_world(chosen.database, Path(directory)) as world,
        ):
            PARTS[name](world)


if __name__ == "__main__":
    main()
