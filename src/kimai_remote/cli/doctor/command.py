"""``kimai-remote doctor``: what is right with an installation, what isn't, and what to do."""

from __future__ import annotations

import dataclasses
import json
from typing import Annotated

import typer
from rich import box
from rich.markup import escape
from rich.table import Table

from ..examples import examples
from ..output import console
from .finding import Finding, Level

EXAMPLES = examples("kimai-remote doctor", "kimai-remote doctor --json")
_COLOURS = {Level.RIGHT: "green", Level.WARNING: "yellow", Level.WRONG: "bold red"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look at the whole installation: configuration, machine, database, network.

    Nothing is changed. Exit status 1 if something is wrong; a warning is none. Run it as the
    user of the service, on its machine.
    """
    from .examination import examine  # loads what the database needs

    found = {part: list(findings) for part, findings in examine()}
    every = [finding for findings in found.values() for finding in findings]
    if as_json:
        rows = [
            {"part": part, **dataclasses.asdict(finding)}
            for part, findings in found.items()
            for finding in findings
        ]
        worst = next(level for level in _WORST if any(f.level is level for f in every))
        typer.echo(json.dumps({"status": worst, "findings": rows}, indent=2, ensure_ascii=False))
    else:
        _show(found)
    if any(finding.level is Level.WRONG for finding in every):
        raise typer.Exit(1)


_WORST = (Level.WRONG, Level.WARNING, Level.RIGHT)


def _show(found: dict[str, list[Finding]]) -> None:
    for part, findings in found.items():
        table = Table(
            title=part,
            title_justify="left",
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
        console.print(table)
    every = [finding.level for findings in found.values() for finding in findings]
    counts = {level: every.count(level) for level in Level}
    console.print(
        f"{counts[Level.RIGHT]} right, {counts[Level.WARNING]} warnings, "
        f"{counts[Level.WRONG]} wrong"
    )
