"""``kimai-remote kimai1``: inspecting a Kimai 1 database, importing it, and going back."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from ...config import load_settings
from ...errors import ConfigurationError
from ..error_messages import reported
from ..output import console, make_table, progress, say
from ..parameters import examples, json_option

if TYPE_CHECKING:
    from ...kimai1 import control_totals, importer, uninstall
    from ...kimai1.inspection import Inspection
    from ...storage.transactions import Database

#: Rows of a comparison by user or project that are shown if all of them are equal.
MAX_EQUAL_ROWS = 20


@click.group(no_args_is_help=True)
def group() -> None:
    """Moving from a Kimai 1 database and back."""


@group.command(
    epilog=examples(
        "kimai-remote kimai1 check --autoconf /var/www/kimai/includes/autoconf.php",
        "kimai-remote kimai1 check --url mariadb://kimai:password@localhost/kimai",
    )
)
@click.option("--url", help="Database URL; the configured database by default.")
@click.option("--prefix", help="Prefix of Kimai's tables; the configured one by default.")
@click.option("--autoconf", "autoconf_file", metavar="FILE", help="Kimai's includes/autoconf.php.")
@json_option
def check(url: str | None, prefix: str | None, autoconf_file: str | None, as_json: bool) -> None:
    """Report what is in a Kimai 1 database. Nothing is written.

    Exit status 1 if it can't be imported as it is.
    """
    from ...kimai1.inspection import inspect
    from ...server.bootstrap import open_database, with_autoconf

    with reported():
        settings = with_autoconf(
            load_settings(
                database_url=url,
                table_prefix=prefix,
                kimai_autoconf=autoconf_file,
                statement_timeout=0,
            )
        )
        with closing(open_database(settings)) as database, progress(quiet=as_json) as show:
            inspection = inspect(database, _authenticator(settings.kimai_autoconf), show)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(inspection), indent=2, ensure_ascii=False))
    else:
        _show_inspection(inspection)
    if inspection.import_problem:
        raise SystemExit(1)


@group.command(
    "import",
    epilog=examples(
        "kimai-remote kimai1 import --from-autoconf /var/www/kimai/includes/autoconf.php"
    ),
)
@click.option("--from", "from_url", metavar="URL", help="Database URL of the Kimai 1 database.")
@click.option("--from-prefix", default="kimai_", help="Prefix of its tables; kimai_ by default.")
@click.option("--from-autoconf", metavar="FILE", help="Kimai's includes/autoconf.php, instead.")
@click.option("--repair-text", is_flag=True, help="Repair text that was encoded twice.")
@json_option
def import_(
    from_url: str | None,
    from_prefix: str,
    from_autoconf: str | None,
    repair_text: bool,
    as_json: bool,
) -> None:
    """Copy a whole Kimai 1 database into the configured one, all or nothing.

    The same command copies a database that kimai-remote created into empty tables of Kimai.

    At the end the copy is compared with the original; if they differ, nothing is kept. Repeating
    the import repeats the comparison.
    """
    from ...kimai1 import autoconf, importer
    from ...server.bootstrap import open_database
    from ...storage.transactions import Database

    with reported():
        if (from_url is None) == (from_autoconf is None):
            raise ConfigurationError("Give --from with the database URL, or --from-autoconf.")
        if from_autoconf:
            kimai = autoconf.read(from_autoconf)
            from_url, from_prefix = kimai.url, kimai.prefix
        settings = load_settings(statement_timeout=0)
        with (
            closing(Database(from_url or "", from_prefix, statement_timeout=0)) as source,
            closing(open_database(settings)) as target,
        ):
            try:
                with progress(quiet=as_json) as show:
                    report = importer.run(source, target, show, repair_text=repair_text)
            except importer.ImportRefused as error:
                if error.report:
                    _show(error.report, as_json)
                raise
            _show(report, as_json)
            if not as_json:
                _show_end(report, source, target)


@group.command(epilog=examples("kimai-remote kimai1 leave", "kimai-remote kimai1 leave --yes"))
@click.option("--yes", is_flag=True, help="Don't ask for confirmation.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; needs --yes.")
def leave(yes: bool, as_json: bool) -> None:
    """Remove what kimai-remote has added to the configured Kimai 1 database.

    Stop the server first. Kimai's own tables and all their records stay; the API keys that
    kimai-remote gave out are lost. A database that kimai-remote created is left as it is.
    """
    from ...kimai1 import uninstall
    from ...server.bootstrap import open_database, with_autoconf

    with reported():
        settings = with_autoconf(load_settings(statement_timeout=0))
        with closing(open_database(settings)) as database:
            additions = uninstall.find_additions(database)
            if as_json and not yes:
                raise ConfigurationError("--json asks no question, so it needs --yes.")
            if not as_json:
                _show_additions(additions, database)
            if not additions.is_empty:
                if not yes:
                    click.confirm("Remove them?", abort=True)
                uninstall.remove(database, additions)
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(additions), indent=2, ensure_ascii=False))
    elif not additions.is_empty:
        say("Removed. Only Kimai's own tables are left.")


def _authenticator(autoconf_file: str) -> str:
    """Return what checks passwords for the Kimai of an autoconf.php, or Kimai if there is none."""
    from ...kimai1 import autoconf

    if not autoconf_file:
        return autoconf.KIMAI_AUTHENTICATOR
    return autoconf.read(autoconf_file).authenticator


def _show_additions(additions: uninstall.Additions, database: Database) -> None:
    if additions.is_empty:
        say(f"Nothing in {database.name} was added by kimai-remote.")
    indexes = [name for name, _ in additions.indexes]
    for what, names in (("Tables", additions.tables), ("Indexes", indexes)):
        if names:
            say(f"{what}: {', '.join(names)}")
    if additions.passwords:
        say(
            "Kimai can't check the passwords of these accounts, which are stored as Argon2id. Set "
            f"new ones in Kimai: {', '.join(additions.passwords)}"
        )


def _show_inspection(inspection: Inspection) -> None:
    from ...kimai1.inspection import BLOCKER, PROBLEM

    colours = {BLOCKER: "bold red", PROBLEM: "yellow"}
    say(f"{inspection.database}, tables {inspection.prefix}…")
    say(f"Kimai {inspection.version or '?'}, revision {inspection.revision or '?'}")
    if inspection.counts:
        table = make_table("Table", "Records", title="Contents")
        table.columns[1].justify = "right"
        for name, count in inspection.counts.items():
            table.add_row(name, f"{count:,}")
        console().print(table)
    if inspection.findings:
        table = make_table("", "About", "Found", "Count", "Such as", title="Findings")
        for finding in inspection.findings:
            number = f"{finding.count:,}" if finding.count else ""
            examples = "\n".join(finding.examples)
            cells = (finding.level, finding.topic, finding.text, number, examples)
            table.add_row(*map(_plain, cells), style=colours.get(finding.level, ""))
        console().print(table)
    for way, problem in (
        ("served where it is (kimai-remote db upgrade, then serve)", inspection.adoption_problem),
        ("imported (kimai-remote kimai1 import)", inspection.import_problem),
    ):
        say(f"It {'cannot' if problem else 'can'} be {way}.")


def _show(report: importer.Report, as_json: bool) -> None:
    if as_json:
        lines = [{**dataclasses.asdict(total), "equal": total.is_equal} for total in report.totals]
        whole = {"already": report.already, "changed": report.changed, "comparison": lines}
        click.echo(json.dumps(whole, indent=2, ensure_ascii=False, default=_number))
        return
    table = make_table("What", "Source", "Target", "", title="Comparison")
    for index in (1, 2):
        table.columns[index].justify = "right"
    for row in _rows(report.totals):
        table.add_row(*map(_plain, row))
    console().print(table)
    for what, count in report.changed.items():
        say(f"{what}: {count:,}")


def _rows(totals: list[control_totals.ControlTotal]) -> Iterator[tuple[str, str, str, str]]:
    """Yield all totals, but of many equal ones by user or project only their sum."""
    topics = dict.fromkeys(total.topic for total in totals)
    for topic in topics:
        own = [total for total in totals if total.topic == topic]
        for total in own:
            if len(own) <= MAX_EQUAL_ROWS or not total.is_equal or topic == "records":
                sign = "=" if total.is_equal else "differs"
                yield (
                    f"{topic} {total.name}",
                    _shown(total.source),
                    _shown(total.target),
                    sign,
                )
        if len(own) > MAX_EQUAL_ROWS and topic != "records":
            source = sum((total.source for total in own), Decimal(0))
            target = sum((total.target for total in own), Decimal(0))
            equal = sum(total.is_equal for total in own)
            yield (
                f"{topic}, all {len(own):,}",
                _shown(source),
                _shown(target),
                f"{equal:,} of {len(own):,} equal",
            )


def _show_end(report: importer.Report, source: Database, target: Database) -> None:
    from ...storage import entry_counts

    if report.already:
        say("Everything was there already; nothing was written.")
        return
    say(f"{source.name} is now in {target.name}.")
    with target.engine.connect() as connection:
        if not entry_counts.is_own_schema(connection):  # on its way back to Kimai
            return
    say(
        "Set KIMAI_REMOTE_PASSWORD_SALT to $password_salt of Kimai's autoconf.php, so that its "
        "passwords keep working."
    )


def _shown(number: Decimal) -> str:
    return f"{number:,}" if number == number.to_integral_value() else f"{number:,.2f}"


def _number(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else str(value)


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)
