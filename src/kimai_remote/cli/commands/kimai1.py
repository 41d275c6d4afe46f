"""``kimai-remote kimai1``: looking at a Kimai 1 database, copying it into ours, leaving it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from ...config import Settings
from ...errors import ConfigurationError
from ...kimai1 import autoconf, control_totals, importer, uninstall
from ...kimai1.inspection import BLOCKER, PROBLEM, Inspection, inspect
from ...server.bootstrap import open_database, with_autoconf
from ...storage import entry_counts
from ...storage.transactions import Database
from ..examples import examples
from ..output import console, reported

app = typer.Typer(help="Kimai 1 databases.", no_args_is_help=True)

#: RecordSet of a comparison by user or project that are shown when all of them are equal.
MOST_SHOWN = 20
_COLOURS = {BLOCKER: "bold red", PROBLEM: "yellow"}


@app.command(
    epilog=examples(
        "kimai-remote kimai1 check --autoconf /var/www/kimai/includes/autoconf.php",
        "kimai-remote kimai1 check --url mariadb://kimai:password@localhost/kimai",
    )
)
def check(
    url: Annotated[
        str | None, typer.Option(help="Database URL; the configured database by default.")
    ] = None,
    prefix: Annotated[
        str | None, typer.Option(help="Prefix of Kimai's tables; by default as configured.")
    ] = None,
    autoconf_: Annotated[
        str | None, typer.Option("--autoconf", help="Kimai's includes/autoconf.php instead.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Report what is in a Kimai 1 database; nothing is written.

    Exit status 1 if it can be neither served nor imported as it is.
    """
    with reported():
        settings = with_autoconf(
            Settings.from_environment(
                database_url=url,
                table_prefix=prefix,
                kimai_autoconf=autoconf_,
                statement_timeout=0,
            )
        )
        with closing(open_database(settings)) as database:
            found = inspect(database)
    if as_json:
        typer.echo(json.dumps(dataclasses.asdict(found), indent=2, ensure_ascii=False))
    else:
        _show_survey(found)
    if found.import_problem:
        raise typer.Exit(1)


@app.command(
    "import",
    epilog=examples(
        "kimai-remote kimai1 import --from-autoconf /var/www/kimai/includes/autoconf.php"
    ),
)
def import_(
    from_url: Annotated[
        str | None, typer.Option("--from", help="Database URL of the Kimai 1 database.")
    ] = None,
    from_prefix: Annotated[
        str, typer.Option("--from-prefix", help="Prefix of its tables.")
    ] = "kimai_",
    from_autoconf: Annotated[
        str | None, typer.Option("--from-autoconf", help="Kimai's includes/autoconf.php instead.")
    ] = None,
    repair_text: Annotated[
        bool, typer.Option("--repair-text", help="Repair text that was encoded twice.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Copy a whole Kimai 1 database into the configured one, everything or nothing.

    The other way round, from a database that kimai-remote made into Kimai's empty tables, it is
    the same.

    At the end the copy is compared with the original; if they differ, nothing is kept. Doing it
    again compares once more.
    """
    with reported():
        if (from_url is None) == (from_autoconf is None):
            raise ConfigurationError("Give --from with the database URL, or --from-autoconf.")
        if from_autoconf:
            kimai = autoconf.read(from_autoconf)
            from_url, from_prefix = kimai.url, kimai.prefix
        settings = Settings.from_environment(statement_timeout=0)
        with (
            closing(Database(from_url or "", from_prefix, statement_timeout=0)) as source,
            closing(open_database(settings)) as target,
        ):
            try:
                report = _import(source, target, repair_text, quiet=as_json)
            except importer.ImportRefused as error:
                if error.report:
                    _show(error.report, as_json)
                raise
            _show(report, as_json)
            if not as_json:
                _show_end(report, source, target)


@app.command(epilog=examples("kimai-remote kimai1 leave", "kimai-remote kimai1 leave --yes"))
def leave(
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON; needs --yes.")] = False,
) -> None:
    """Remove what kimai-remote has added to the configured Kimai 1 database.

    Stop the server first. Kimai's own tables and all records in them stay; API keys that
    kimai-remote gave out are gone then. A database that kimai-remote made is left as it is.
    """
    with reported():
        settings = with_autoconf(Settings.from_environment(statement_timeout=0))
        with closing(open_database(settings)) as database:
            ours = _find_additions(database)
            if as_json and not yes:
                raise ConfigurationError("With --json nobody is asked, so give --yes as well.")
            if not as_json:
                _show_ours(ours, database)
            if not ours.is_empty:
                if not yes:
                    typer.confirm("Remove them?", abort=True)
                uninstall.remove(database, ours)
    if as_json:
        typer.echo(json.dumps(dataclasses.asdict(ours), indent=2, ensure_ascii=False))
    elif not ours.is_empty:
        console.print("Removed. The database is Kimai's alone again.")


def _find_additions(database: Database) -> uninstall.Additions:
    try:
        return uninstall.find_additions(database)
    except uninstall.OwnSchema as error:
        raise ConfigurationError(
            f"{error} To go back to Kimai, copy them into tables that Kimai made: kimai-remote "
            "kimai1 import, the other way round."
        ) from None


def _show_ours(ours: uninstall.Additions, database: Database) -> None:
    if ours.is_empty:
        console.print(f"Nothing in {database.name} is of kimai-remote.", markup=False)
    for what, names in (("Tables", ours.tables), ("Indexes", [name for name, _ in ours.indexes])):
        if names:
            console.print(f"{what}: {', '.join(names)}", markup=False, soft_wrap=True)
    if ours.passwords:
        console.print(
            "Kimai can't check the passwords of these (they were stored as Argon2id), so give them "
            f"new ones in Kimai: {', '.join(ours.passwords)}",
            markup=False,
            soft_wrap=True,
        )


def _import(source: Database, target: Database, repair_text: bool, *, quiet: bool):  # type: ignore[no-untyped-def]
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet) as bars:
        bar = bars.add_task("Comparing", total=None)

        def show(table: str, done: int, total: int) -> None:
            bars.update(bar, description=table, completed=done, total=total)

        return importer.run(source, target, show, repair_text=repair_text)


def _show_survey(found: Inspection) -> None:
    console.print(f"{found.database}, tables {found.prefix}…", markup=False)
    console.print(f"Kimai {found.version or '?'}, revision {found.revision or '?'}", markup=False)
    if found.counts:
        table = Table("Table", "Records", title="Contents", title_justify="left")
        table.columns[1].justify = "right"
        for name, count in found.counts.items():
            table.add_row(name, f"{count:,}")
        console.print(table)
    if found.findings:
        table = Table("", "About", "Found", "Count", "Such as", title="Findings")
        table.title_justify = "left"
        for finding in found.findings:
            number = f"{finding.count:,}" if finding.count else ""
            examples = "\n".join(finding.examples)
            cells = (finding.level, finding.topic, finding.text, number, examples)
            table.add_row(*map(_plain, cells), style=_COLOURS.get(finding.level, ""))
        console.print(table)
    for way, problem in (
        ("served where it is (kimai-remote db upgrade, then serve)", found.adoption_problem),
        ("imported (kimai-remote kimai1 import)", found.import_problem),
    ):
        console.print(f"It {'cannot' if problem else 'can'} be {way}.", markup=False)


def _show(report: importer.Report, as_json: bool) -> None:
    if as_json:
        lines = [
            {**dataclasses.asdict(figure), "equal": figure.is_equal} for figure in report.totals
        ]
        whole = {"already": report.already, "changed": report.changed, "comparison": lines}
        typer.echo(json.dumps(whole, indent=2, ensure_ascii=False, default=_number))
        return
    table = Table("What", "Source", "Target", "", title="Comparison", title_justify="left")
    for place in (1, 2):
        table.columns[place].justify = "right"
    for row in _rows(report.totals):
        table.add_row(*map(_plain, row))
    console.print(table)
    for what, count in report.changed.items():
        console.print(f"{what}: {count:,}", markup=False)


def _rows(all_figures: list[control_totals.ControlTotal]) -> Iterator[tuple[str, str, str, str]]:
    """All figures, but of many equal ones by user or project only their sum."""
    topics = dict.fromkeys(figure.topic for figure in all_figures)
    for topic in topics:
        own = [figure for figure in all_figures if figure.topic == topic]
        for figure in own:
            if len(own) <= MOST_SHOWN or not figure.is_equal or topic == "records":
                sign = "=" if figure.is_equal else "differs"
                yield (
                    f"{topic} {figure.name}",
                    _shown(figure.source),
                    _shown(figure.target),
                    sign,
                )
        if len(own) > MOST_SHOWN and topic != "records":
            source = sum((figure.source for figure in own), Decimal(0))
            target = sum((figure.target for figure in own), Decimal(0))
            equal = sum(figure.is_equal for figure in own)
            yield (
                f"{topic}, all {len(own):,}",
                _shown(source),
                _shown(target),
                f"{equal:,} of {len(own):,} equal",
            )


def _show_end(report: importer.Report, source: Database, target: Database) -> None:
    if report.already:
        console.print("All of it was there already; nothing was written.")
        return
    console.print(f"{source.name} is now in {target.name}.", markup=False, soft_wrap=True)
    with target.engine.connect() as connection:
        if not entry_counts.is_own_schema(connection):  # on its way back to Kimai
            return
    console.print(
        "Set KIMAI_REMOTE_PASSWORD_SALT to $password_salt of Kimai's autoconf.php, so that its "
        "passwords go on working.",
        markup=False,
        soft_wrap=True,
    )


def _shown(number: Decimal) -> str:
    return f"{number:,}" if number == number.to_integral_value() else f"{number:,.2f}"


def _number(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else str(value)


def _plain(text: str) -> str:
    return text.replace("[", "\\[")
