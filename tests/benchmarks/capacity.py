"""What an installation needs: processor time and calls per second, memory, and space on disk."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from . import comparison, data
from .calls import scenario
from .comparison import THIS
from .cpu import memory
from .installations import PREFIX, Installation, Store
from .measure import Cost, side_by_side
from .tables import Table

CALLS = (
    "getVersion",
    "authenticate",
    "getProjects",
    "getTimesheet, 50 rows",
    "getExpenses, 50 rows",
    "startRecord + stopRecord",
)
PROTOCOLS = ("JSON", "SOAP doc")
#: Entries whose space on disk is measured.
ENTRIES = 100_000


def measure(kind: str, directory: Path, baseline: Path | None, rounds: int) -> Iterator[Table]:
    """Yield the tables of one database: calls, memory and space."""
    checkout = comparison.checkouts(None)[THIS]
    fill = partial(data.fill_small, kimai_keys=kind == "adopted")
    with comparison.installed("capacity", checkout, kind, directory, fill) as one:
        with comparison.running(one):
            one.keys = {who: comparison.log_in(one, who) for who in data.KIMAI_KEYS}
            costs = {
                (title, protocol): side_by_side(
                    {THIS: (one, scenario(one, protocol, title))}, rounds
                )[THIS]
                for title in CALLS
                for protocol in PROTOCOLS
            }
            yield _calls(kind, costs)
            yield _memory(kind, one)
        yield _space(kind, one)


def _calls(kind: str, costs: dict[tuple[str, str], Cost]) -> Table:
    """A table of the processor time of calls, and of how many of them a core serves if server and
    database share it."""
    headings = ["call"]
    for protocol in PROTOCOLS:
        headings += [f"{protocol}: server ms", "database ms", "calls per second and core"]
    lines = []
    for title in CALLS:
        line = [title]
        for protocol in PROTOCOLS:
            cost = costs[title, protocol]
            calls = 1000 * (1 + title.count("+")) / cost.both
            line += [f"{cost.server:.2f}", f"{cost.database:.2f}", f"{calls:.0f}"]
        lines.append(line)
    return Table(f"Calls on {kind}", headings, lines)


def _memory(kind: str, one: Installation) -> Table:
    """A table of the memory of the processes of the server, and of the database for each of their
    connections."""
    lines = [
        [title, f"{sizes['pss']:.1f}", f"{sizes['rss']:.1f}"]
        for title, sizes in (
            ("worker process", memory(one.worker)),
            ("main process", memory(one.server.process.pid)),
        )
    ]
    for size in one.store.clock.memory():
        lines.append(["connection to the database", f"{size:.1f}", ""])
    return Table(f"Memory on {kind}", ["process", "MiB of its own", "resident"], lines)


def _space(kind: str, one: Installation) -> Table:
    """A table of the bytes on disk of a time entry."""
    store = one.store
    before = _sizes(store)
    data.add_entries(store, data.BEN, ENTRIES, first_project=data.PROJECT)
    one.cli("db", "recount")
    store.analyze()
    after = _sizes(store)
    rows = [(after[name] - before[name]) / ENTRIES for name in ("table", "all")]
    headings = ["entries", "bytes of a row", "with indexes and counts"]
    return Table(
        f"Space on {kind}", headings, [[f"{ENTRIES:,}", *(f"{size:.0f}" for size in rows)]]
    )


def _sizes(store: Store) -> dict[str, int]:
    """Return the bytes of the ``table`` of time entries, and of ``all`` tables with their
    indexes."""
    name = f"{PREFIX}timeSheet"
    statement = {
        "sqlite": f"""SELECT (SELECT sum(pgsize) FROM dbstat WHERE name = '{name}'),
            (SELECT sum(pgsize) FROM dbstat)""",
        "postgresql": f"""SELECT pg_relation_size('"{name}"'), sum(pg_total_relation_size(oid))
            FROM pg_class WHERE relkind = 'r' AND relname LIKE '{PREFIX}%'""",
        "mariadb": f"""SELECT sum(CASE WHEN table_name = '{name}' THEN data_length ELSE 0 END),
            sum(data_length + index_length) FROM information_schema.tables
            WHERE table_schema = DATABASE()""",
    }[store.server_kind]
    with store.engine.connect() as connection:
        table, all_ = connection.exec_driver_sql(statement.replace("%", "%%")).one()
    return {"table": int(table), "all": int(all_)}
