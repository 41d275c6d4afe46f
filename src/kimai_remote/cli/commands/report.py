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
            numbers = _numbers(
                session,
                users=users,
                projects=projects,
                customers=customers,
                activities=activities,
            )
            chosen = reports.Filter(**numbers, cleared=cleared, billable=billable)
            return reports.report(session, by, period, chosen, admin.zone)

        found = admin.read(work)
    if as_json:
        print_json(_as_json(found, admin))
    elif as_csv:
        headings = list(_fields(found, found.total))
        print_csv(headings, [list(_fields(found, line).values()) for line in found.lines])
    elif chart:
        _draw(found, admin)
    else:
        _show(found, admin)
    _add_notes(found)


def _period(
    admin: AdminContext, begin: str | None, end: str | None, last_month: bool, year: int | None
) -> Period:
    from ...tracking import periods

    given = [begin is not None or end is not None, last_month, year is not None]
    if sum(given) > 1:
        fail("Give one period: --from and --to, --last-month or --year.")
    now = int(time.time())
    if year is not None:
        return periods.year(year, admin.zone)
    if last_month:
        return periods.last_month(now, admin.zone)
    if given[0]:
        return periods.between(begin, end, now, admin.zone)
    return periods.this_month(now, admin.zone)


def _numbers(session: Session, **given: Sequence[str] | None) -> dict[str, list[int]]:
    """The numbers of what was named."""
    from ...tracking.admin.entities import ACTIVITY, CUSTOMER, PROJECT, USER, find

    kinds = {kind.plural: kind for kind in (USER, PROJECT, CUSTOMER, ACTIVITY)}
    return {
        name: [getattr(find(session, kinds[name], one), kinds[name].key) for one in some]
        for name, some in given.items()
        if some
    }


def _fields(found: Report, line: Line) -> dict[str, Any]:
    """A line for programs."""
    if found.by == "month":
        fields: dict[str, Any] = {"month": line.name}
    else:
        fields = {f"{found.by}ID": line.number, f"{found.by}Name": line.name}
    if found.by == "project":
        fields["customerName"] = line.customer
    return fields | {
        "entries": line.entries,
        "seconds": line.seconds,
        "hours": line.hours,
        "wages": line.wages,
        "expenses": line.expenses,
    }


def _as_json(found: Report, admin: AdminContext) -> dict[str, Any]:
    sums = ("entries", "seconds", "hours", "wages", "expenses")
    total = _fields(found, found.total)
    return {
        "by": found.by,
        "from": _moment(found.period.begin, admin).isoformat(),
        "to": _moment(found.period.end, admin).isoformat(),
        "timezone": admin.zone.key,
        "lines": [_fields(found, line) for line in found.lines],
        "total": {name: total[name] for name in sums},
        "running": found.running,
        "spanning": found.spanning,
    }


def _show(found: Report, admin: AdminContext) -> None:
    from ..output import shown

    table = make_table(title=_title(found, admin), show_footer=True)
    table.add_column("ID", justify="right")
    table.add_column(found.by.capitalize(), footer="Total")
    if found.by == "project":
        table.add_column("Customer")
    for heading, value in _sums(found, found.total).items():
        # The total is the widest; a number that is cut is worse than a name that is.
        width = max(map(len, (heading, value)))
        table.add_column(heading, justify="right", footer=value, min_width=width)
    if found.by == "month":
        table.columns.pop(0)
    for line in found.lines:
        cells = [] if found.by == "month" else [shown(line.number)]
        cells.append(_name(line))
        if found.by == "project":
            cells.append(shown(line.customer))
        table.add_row(*cells, *_sums(found, line).values())
    console().print(table)


def _sums(found: Report, line: Line) -> dict[str, str]:
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


def _draw(found: Report, admin: AdminContext) -> None:
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(justify="left")
    table.add_column(justify="right")
    table.add_column(justify="left", no_wrap=True)
    longest = max((line.seconds for line in found.lines), default=0)
    block = "█" if (console().encoding or "").lower().startswith("utf") else "#"
    for line in found.lines:
        width = round(_BAR * line.seconds / longest) if longest > 0 and line.seconds > 0 else 0
        bar = block * max(width, int(line.seconds > 0))
        table.add_row(_name(line), f"{line.hours:,} h", bar)
    say(_title(found, admin))
    console().print(table)


def _name(line: Line) -> str:
    from ..output import shown

    if line.name is not None:
        return shown(line.name)
    return "(none)" if line.number is None else "(deleted)"


def _title(found: Report, admin: AdminContext) -> str:
    last = _moment(found.period.end - 1, admin)
    first = _moment(found.period.begin, admin)
    whole_days = _is_midnight(first) and _is_midnight(_moment(found.period.end, admin))
    form = "%Y-%m-%d" if whole_days else "%Y-%m-%d %H:%M"
    end = last if whole_days else _moment(found.period.end, admin)
    begin = f"{first.strftime(form)} to" if found.period.begin else "Up to"
    return f"{begin} {end.strftime(form)}, {admin.zone.key}"


def _is_midnight(moment: datetime.datetime) -> bool:
    return moment.time() == datetime.time()


def _moment(seconds: int, admin: AdminContext) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, admin.zone)


def _add_notes(found: Report) -> None:
    if found.running:
        verb = "is" if found.running == 1 else "are"
        note(f"{count(found.running, 'running recording')} {verb} left out.")
    if found.spanning:
        entries = count(found.spanning, "time entry", "time entries")
        note(f"{entries} that span the end of a month are counted in both months.")
