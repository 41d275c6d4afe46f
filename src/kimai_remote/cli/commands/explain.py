"""``kimai-remote config explain``: every setting with its value, source and meaning."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from ...config import PREFIX, Configuration, Settings, Source, load, nearest
from ...config.loading import USUAL_FILE
from ...errors import ConfigurationError
from ...server.bootstrap import with_autoconf
from ..output import console, reported

#: What is shown of a secret that is set.
MASK = "***"


def explain(
    name: Annotated[str | None, typer.Argument(help="A setting, such as port.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print every setting with its value, where it comes from and what it means.

    Secrets are masked. Options of 'serve' win over what is shown here; 'kimai-remote --config FILE
    config explain' reads another file.
    """
    with reported():
        found = in_force(load())
        names = list(Settings.facts()) if name is None else [_known(name)]
    rows = [describe(found, each) for each in names]
    if as_json:
        typer.echo(json.dumps(rows if name is None else rows[0], indent=2, ensure_ascii=False))
    else:
        _show(rows, found.file)


def in_force(found: Configuration) -> Configuration:
    """The configuration with what Kimai's autoconf.php adds to it.

    :raises ConfigurationError: that file can't be read or understood.
    """
    settings = with_autoconf(found.settings)
    source = Source("autoconf", settings.kimai_autoconf)
    changed = {
        name: source
        for name in found.sources
        if getattr(settings, name) != getattr(found.settings, name)
    }
    return Configuration(settings, {**found.sources, **changed}, found.file)


def describe(found: Configuration, name: str) -> dict[str, Any]:
    """All that is known of a setting; a secret is masked."""
    facts, source = Settings.facts()[name], found.sources[name]
    return {
        "name": name,
        "variable": PREFIX + name.upper(),
        "value": shown(name, getattr(found.settings, name)),
        "source": source.kind,
        "place": source.place,
        "meaning": facts.meaning,
        "unit": facts.unit,
        "empty": facts.empty,
    }


def shown(name: str, value: Any) -> Any:
    """The value of a setting without what is secret in it."""
    if name == "database_url" and value:
        try:
            url = make_url(value)
            text = url.render_as_string(hide_password=True)
        except (ArgumentError, ValueError):
            return MASK
        if "@" in (url.host or ""):  # a part of the password, unescaped
            return MASK
        return re.sub(r"(?i)(\w*password=)[^&]*", rf"\g<1>{MASK}", text)
    if value and Settings.facts()[name].secret:
        return MASK
    return str(value) if isinstance(value, Path) else value


def _known(name: str) -> str:
    bare = name.strip("-").replace("-", "_").upper().removeprefix(PREFIX).lower()
    if bare not in Settings.facts():
        raise ConfigurationError(f"There is no setting {name}. {nearest(bare)}")
    return bare


def _show(rows: list[dict[str, Any]], file: Path | None) -> None:
    where = file or f"none (no {USUAL_FILE} here, no --config, no {PREFIX}CONFIG)"
    console.print(f"Configuration file: {where}", markup=False, soft_wrap=True)
    table = Table("Setting", "Value", "From", "Meaning", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in table.columns:
        column.overflow = "fold"  # cut off, a path would be of no use
    table.columns[0].no_wrap = True
    for row in rows:
        cells = row["name"], in_words(row["value"]), row["place"] or row["source"], meaning(row)
        table.add_row(*(str(cell).replace("[", "\\[") for cell in cells))
    console.print(table)


def in_words(value: Any) -> str:
    """A value as it is written in a variable."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def meaning(row: dict[str, Any]) -> str:
    """What a setting means, with its unit and what it is to be empty or 0."""
    zero = "0" if isinstance(row["value"], int) and not isinstance(row["value"], bool) else "empty"
    details = [f"in {row['unit']}"] * bool(row["unit"])
    details += [f"{zero}: {row['empty']}"] * bool(row["empty"])
    return "; ".join([str(row["meaning"]).rstrip("."), *details]) + "."
