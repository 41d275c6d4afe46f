"""What calls cost as the entries of one user, or the installation, grow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from . import comparison, data
from .calls import entries, expenses, start_and_stop
from .client import Call, Scenario
from .data import BEGIN, SPAN, Grown, Width
from .installations import Installation
from .measure import Cost, side_by_side
from .tables import Table

SIZES = (1_000, 100_000, 1_000_000)
LARGE = 10_000_000
WIDTHS = (Width(50), Width(500))


def _calls(one: Grown) -> dict[str, list[Call]]:
    """Return what a user calls, by title."""
    size = one.size
    middle, window = BEGIN + SPAN // 2, 50 * (SPAN // size)
    return {
        "getTimesheet(limit 50), first page": [entries(50)],
        "page at 50 %": [entries(50, size // 2)],
        "page at 90 %": [entries(50, size * 9 // 10)],
        "from at 10 % of the time": [entries(50, from_=BEGIN + SPAN // 10)],
        "from and to, 50 entries at 50 %": [entries(50, from_=middle, to=middle + window)],
        "to at 10 % of the time": [entries(50, to=BEGIN + SPAN // 10)],
        "cleared, page at 50 %": [entries(50, size // 8, cleared=1)],
        "startRecord + stopRecord": start_and_stop(one.project + 1),
        "getExpenses(limit 50), first page": [expenses(50)],
        "refundable, page at 50 %": [expenses(50, size // 6, refundable=0)],
        "expenses from at 10 % of the time": [expenses(50, from_=BEGIN + SPAN // 10)],
    }


def _customer_calls(_: Grown) -> dict[str, list[Call]]:
    """Return what a customer calls, by title."""
    return {
        "getTimesheet(limit 50)": [entries(50)],
        "getTasks": [Call("getTasks")],
    }


def measure(
    kind: str, directory: Path, baseline: Path | None, rounds: int, *, large: bool
) -> Iterator[Table]:
    """Yield the tables of users and customers with many entries, and of a report."""
    sizes = (*SIZES, LARGE) if large else SIZES
    users = [data.grown(size) for size in sizes]
    for name, checkout in comparison.checkouts(baseline).items():
        with (
            comparison.installed(
                name, checkout, kind, directory, partial(data.fill_grown, sizes=sizes)
            ) as one,
            comparison.running(one),
        ):
            for prefix, calls in (("user", _calls), ("customer", _customer_calls)):
                keys = {user: comparison.log_in(one, f"{prefix} {user.size}") for user in users}
                costs = {
                    title: side_by_side(
                        {
                            f"{user.size:,}": (one, Scenario("JSON", key, calls(user)[title]))
                            for user, key in keys.items()
                        },
                        rounds,
                    )
                    for title in calls(users[0])
                }
                yield _table(f"{kind}, {name}: by the number of entries of one {prefix}", costs)
            yield _report(f"{kind}, {name}: report, of {sum(sizes):,} entries", one)


def _report(title: str, installation: Installation) -> Table:
    """A table of the processor time of the command for a month, and for one without entries."""
    lines = []
    for what, first, last in (
        ("no entries", "1999-03-01", "1999-03-31"),
        ("one month", "2014-03-01", "2014-03-31"),
    ):
        own, database = installation.cli("report", "project", "--from", first, "--to", last)
        lines.append([what, f"{own:.0f}", f"{database:.0f}"])
    return Table(title, ["period", "command ms", "database ms"], lines)


def _calls_by_width(width: Width, login: Call) -> dict[str, list[Call]]:
    return {
        "getTasks(projectId)": [Call("getTasks", {"projectId": width.project})],
        "getTasks": [Call("getTasks")],
        "getProjects(includeTasks)": [Call("getProjects", {"includeTasks": True})],
        "getUsers": [Call("getUsers")],
        "getCustomers": [Call("getCustomers")],
        "startRecord + stopRecord": start_and_stop(width.project, width.task),
        "authenticate": [login],
    }


def measure_width(
    kind: str, directory: Path, baseline: Path | None, rounds: int
) -> Iterator[Table]:
    """Yield the table of installations with more groups, projects, tasks and users."""
    for name, checkout in comparison.checkouts(baseline).items():
        with ExitStack() as stack:
            found: dict[Width, Installation] = {}
            for width in WIDTHS:
                fill = partial(data.fill_wide, width=width)
                one = stack.enter_context(
                    comparison.installed(f"{name} {width.groups}", checkout, kind, directory, fill)
                )
                found[width] = stack.enter_context(comparison.running(one))
            keys = {width: comparison.log_in(one, data.READER) for width, one in found.items()}
            login = comparison.login(found[WIDTHS[0]], data.READER)
            calls = {width: _calls_by_width(width, login) for width in WIDTHS}
            costs = {
                title: side_by_side(
                    {
                        f"{width.projects:,}": (
                            one,
                            Scenario("JSON", keys[width], calls[width][title]),
                        )
                        for width, one in found.items()
                    },
                    rounds,
                )
                for title in calls[WIDTHS[0]]
            }
        yield _table(
            f"{kind}, {name}: by the number of projects and users, 20 of each in a group", costs
        )


def _table(title: str, costs: dict[str, dict[str, Cost]]) -> Table:
    """A table of the processor time of the server and its database together, as ratios to the
    smallest, and of each."""
    smallest, *others = next(iter(costs.values()))
    headings = ["call", f"{smallest}: server ms", "database ms"]
    for size in others:
        headings += [f"{size}: ratio", "server ms", "database ms"]
    lines = []
    for call, by_size in costs.items():
        base = by_size[smallest]
        line = [call, f"{base.server:.2f}", f"{base.database:.2f}"]
        for size in others:
            cost = by_size[size]
            line += [f"{cost.both / base.both:.2f}", f"{cost.server:.2f}", f"{cost.database:.2f}"]
        lines.append(line)
    return Table(title, headings, lines)
