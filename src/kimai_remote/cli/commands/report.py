"""``kimai-remote report``: hours and money of a period."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from ..error_messages import fail
from ..output import console, count, make_table, note, say
from ..parameters import examples, json_option

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from ...tracking.periods import Period
    from ...tracking.reports import Line, Report
    from ..admin_context import AdminContext

#: Characters of the longest bar.
_BAR = 40


def filter_option(name: str, parameter: str, help_: str) -> Callable[[Any], Any]:
    return click.option(
        name,
        parameter,
        metavar=name.strip("-").upper(),
        multiple=True,
        help=f"{help_}; may be repeated.",
    )


@click.command(
    epilog=examples(
        "kimai-remote report",
        "kimai-remote report customer --last-month --open",
        "kimai-remote report month --year 2026 --project 'Online shop' --chart",
        "kimai-remote report user --from 2026-03-01 --to 2026-03-31 --csv > march.csv",
    )
)
@click.argument(
    "by",
    type=click.Choice(["user", "project", "customer", "activity", "month"]),
    default="project",
    help="What each line is for; project by default.",
)
@click.option("--from", "begin", metavar="DATE", help="First day, or a date and time.")
@click.option("--to", "end", metavar="DATE", help="Last day, included, or a date and time.")
@click.option("--last-month", is_flag=True, help="The previous month.")
@click.option("--year", type=int, metavar="YEAR", help="A whole year.")
@filter_option("--user", "users", "Only time of this user")
@filter_option("--project", "projects", "Only time on this project")
@filter_option("--customer", "customers", "Only time for this customer")
@filter_option("--activity", "activities", "Only time on this activity")
@click.option("--cleared/--open", default=None, help="Only what is cleared, or what is not.")
@click.option("--billable/--not-billable", default=None, help="Only what is billable, or not.")
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@click.option("--chart", is_flag=True, help="Draw the hours as bars.")
def report(
    by: Any,
    begin: str | None,
    end: str | None,
    last_month: bool,
    year: int | None,
    users: Sequence[str],
    projects: Sequence[str],
    customers: Sequence[str],
    activities: Sequence[str],
    cleared: bool | None,
    billable: bool | None,
    as_json: bool,
    as_csv: bool,
    chart: bool,
) -> None:
    """Add up hours and money of a period; by default of this month.

    Time entries count as in getTimesheet: cut to the period in the server's time zone, with each
    wage rounded to the cent. Running recordings are left out. There are no expenses per activity,
    nor with --activity, --billable or --not-billable.
    """
    if as_json + as_csv + chart > 1:
        fail("Give one of --json, --csv and --chart.")
    from ...tracking import reports
    from ..admin_context import open_admin
    from ..output import print_csv, print_json

    with open_admin() as admin:
        period = _period(admin, begin, end, last_month, year)

        def work(session: Session) -> Report:
            ids = _ids(
                session,
                users=users,
                projects=projects,
                customers=customers,
                activities=activities,
            )
            selection = reports.Filter(**ids, cleared=cleared, billable=billable)
            return reports.report(session, by, period, selection, admin.zone)

        result = admin.read(work)
    if as_json:
        print_json(_as_json(result, admin))
    elif as_csv:
        headings = list(_fields(result, result.total))
        print_csv(headings, [list(_fields(result, line).values()) for line in result.lines])
    elif chart:
        _draw(result, admin)
    else:
        _show(result, admin)
    _add_notes(result)


def _period(
    admin: AdminContext, begin: str | None, end: str | None, last_month: bool, year: int | None
) -> Period:
    from ...tracking import periods

    periods_given = [begin is not None or end is not None, last_month, year is not None]
    if sum(periods_given) > 1:
        fail("Give one period: --from and --to, --last-month or --year.")
    now = int(time.time())
    if year is not None:
        return periods.year(year, admin.zone)
    if last_month:
        return periods.last_month(now, admin.zone)
    if periods_given[0]:
        return periods.between(begin, end, now, admin.zone)
    return periods.this_month(now, admin.zone)


def _ids(session: Session, **references: Sequence[str]) -> dict[str, list[int]]:
    """Return the IDs of the objects that options name."""
    from ...tracking.admin.entities import ACTIVITY, CUSTOMER, PROJECT, USER, find_id

    types = {each.plural: each for each in (USER, PROJECT, CUSTOMER, ACTIVITY)}
    return {
        plural: [find_id(session, types[plural], each) for each in names]
        for plural, names in references.items()
        if names
    }


def _fields(result: Report, line: Line) -> dict[str, Any]:
    """Return a line for JSON and CSV."""
    if result.by == "month":
        fields: dict[str, Any] = {"month": line.name}
    else:
        fields = {f"{result.by}ID": line.id, f"{result.by}Name": line.name}
    if result.by == "project":
        fields["customerName"] = line.customer
    return fields | {
        "entries": line.entries,
        "seconds": line.seconds,
        "hours": line.hours,
        "wages": line.wages,
        "expenses": line.expenses,
    }


def _as_json(result: Report, admin: AdminContext) -> dict[str, Any]:
    sums = ("entries", "seconds", "hours", "wages", "expenses")
    total = _fields(result, result.total)
    return {
        "by": result.by,
        "from": _local(result.period.begin, admin).isoformat(),
        "to": _local(result.period.end, admin).isoformat(),
        "timezone": admin.zone.key,
        "lines": [_fields(result, line) for line in result.lines],
        "total": {name: total[name] for name in sums},
        "running": result.running,
        "spanning": result.spanning,
    }


def _show(result: Report, admin: AdminContext) -> None:
    from ..output import shown

    table = make_table(title=_title(result, admin), show_footer=True)
    table.add_column("ID", justify="right")
    table.add_column(result.by.capitalize(), footer="Total")
    if result.by == "project":
        table.add_column("Customer")
    for heading, value in _sums(result.total).items():
        # The total is the widest; a name may be cut off, a number may not.
        width = max(map(len, (heading, value)))
        table.add_column(heading, justify="right", footer=value, min_width=width)
    if result.by == "month":
        table.columns.pop(0)
    for line in result.lines:
        cells = [] if result.by == "month" else [shown(line.id)]
        cells.append(_name(line))
        if result.by == "project":
            cells.append(shown(line.customer))
        table.add_row(*cells, *_sums(line).values())
    console().print(table)


def _sums(line: Line) -> dict[str, str]:
    from ...tracking.timesheet import format_duration
    from ..output import shown

    sums = {
        "Entries": f"{line.entries:,}",
        "Hours": format_duration(line.seconds),
        "Wages": shown(line.wages),
    }
    if line.expenses is not None:
        sums |= {"Expenses": shown(line.expenses), "Money": shown(line.wages + line.expenses)}
    return sums


def _draw(result: Report, admin: AdminContext) -> None:
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(justify="left")
    table.add_column(justify="right")
    table.add_column(justify="left", no_wrap=True)
    longest = max((line.seconds for line in result.lines), default=0)
    block = "█" if (console().encoding or "").lower().startswith("utf") else "#"
    for line in result.lines:
        width = round(_BAR * line.seconds / longest) if longest > 0 and line.seconds > 0 else 0
        bar = block * max(width, int(line.seconds > 0))
        table.add_row(_name(line), f"{line.hours:,} h", bar)
    say(_title(result, admin))
    console().print(table)


def _name(line: Line) -> str:
    from ..output import shown

    if line.name is not None:
        return shown(line.name)
    return "(none)" if line.id is None else "(deleted)"


def _title(result: Report, admin: AdminContext) -> str:
    last = _local(result.period.end - 1, admin)
    first = _local(result.period.begin, admin)
    whole_days = _is_midnight(first) and _is_midnight(_local(result.period.end, admin))
    form = "%Y-%m-%d" if whole_days else "%Y-%m-%d %H:%M"
    end = last if whole_days else _local(result.period.end, admin)
    begin = f"{first.strftime(form)} to" if result.period.begin else "Up to"
    return f"{begin} {end.strftime(form)}, {admin.zone.key}"


def _is_midnight(time_: datetime.datetime) -> bool:
    return time_.time() == datetime.time()


def _local(seconds: int, admin: AdminContext) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, admin.zone)


def _add_notes(result: Report) -> None:
    if result.running:
        verb = "is" if result.running == 1 else "are"
        note(f"{count(result.running, 'running recording')} {verb} left out.")
    if result.spanning:
        entries = count(result.spanning, "time entry", "time entries")
        note(f"{entries} that span the end of a month are counted in both months.")
