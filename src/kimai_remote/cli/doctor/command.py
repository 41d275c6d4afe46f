"""``kimai-remote doctor``: what is right with an installation, what isn't, and what to do."""

from __future__ import annotations

import dataclasses
import json

import click

from ..output import console, count, make_table, progress, say
from ..parameters import examples, json_option
from .finding import Finding, Level

_COLOURS = {Level.RIGHT: "green", Level.WARNING: "yellow", Level.WRONG: "bold red"}


@click.command(epilog=examples("kimai-remote doctor", "kimai-remote doctor --json"))
@json_option
def doctor(as_json: bool) -> None:
    """Check the whole installation: configuration, machine, database and network.

    Nothing is changed. Exit status 1 if something is wrong; warnings don't count. Run it as the
    user of the service, on its machine.
    """
    from .examination import examine  # loads what the database needs

    with progress(quiet=as_json) as show:
        parts = dict(examine(show))
    all_findings = [finding for findings in parts.values() for finding in findings]
    if as_json:
        rows = [
            {"part": part, **dataclasses.asdict(finding)}
            for part, findings in parts.items()
            for finding in findings
        ]
        worst = next(level for level in _WORST if any(f.level is level for f in all_findings))
        click.echo(json.dumps({"status": worst, "findings": rows}, indent=2, ensure_ascii=False))
    else:
        _show(parts)
    if any(finding.level is Level.WRONG for finding in all_findings):
        raise SystemExit(1)


_WORST = (Level.WRONG, Level.WARNING, Level.RIGHT)


def _show(parts: dict[str, list[Finding]]) -> None:
    from rich import box
    from rich.markup import escape

    for part, findings in parts.items():
        table = make_table(
            title=part,
            box=box.SIMPLE_HEAD,
            show_header=False,
            title_style="bold",
            pad_edge=False,
        )
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for finding in findings:
            colour = _COLOURS[finding.level]
            text = escape(finding.text)
            if finding.advice:
                text += f"\n→ {escape(finding.advice)}"
            table.add_row(f"[{colour}]{finding.level}[/]", finding.about, text)
        console().print(table)
    levels = [finding.level for findings in parts.values() for finding in findings]
    counts = {level: levels.count(level) for level in Level}
    say(
        f"{counts[Level.RIGHT]} right, {count(counts[Level.WARNING], 'warning')}, "
        f"{counts[Level.WRONG]} wrong"
    )
