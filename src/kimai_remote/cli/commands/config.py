"""``kimai-remote config``: Kimai's options, which the database holds, and the settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from ...config import PREFIX, Configuration, Settings, Source, UnknownSetting, load, similar
from ...config.loading import MASK, USUAL_FILE
from ..error_messages import reported
from ..output import console, make_table, print_change, print_records, say
from ..parameters import examples, json_option

COLUMNS = {"option": "Option", "value": "Value", "stored": "Set", "meaning": "Meaning"}
#: Shown instead of a secret.


def _complete(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[click.shell_completion.CompletionItem]:
    from ...tracking.admin import kimai_options

    return [
        click.shell_completion.CompletionItem(name, help=option.meaning)
        for name, option in kimai_options.KNOWN.items()
        if name.startswith(incomplete)
    ]


option_argument = click.argument("option", shell_complete=_complete, help="Name of the option.")


@click.group(no_args_is_help=True)
def group() -> None:
    """Kimai's options, and the settings of the service."""


@group.command(
    "list", epilog=examples("kimai-remote config list", "kimai-remote config list --all")
)
@click.option(
    "--all", "everything", is_flag=True, help="Also the options that only Kimai's PHP uses."
)
@json_option
def list_(everything: bool, as_json: bool) -> None:
    """List the options that this service uses, with their values."""
    from ...tracking.admin import kimai_options
    from ..admin_context import open_admin

    with open_admin() as admin:
        records = admin.read(kimai_options.listing)
    records = [record for record in records if everything or record["read"]]
    print_records(records, COLUMNS, as_json=as_json)


@group.command(epilog=examples("kimai-remote config get roundPrecision"))
@option_argument
@json_option
def get(option: str, as_json: bool) -> None:
    """Print the value of an option."""
    from ...tracking.admin import kimai_options
    from ..admin_context import open_admin

    with open_admin() as admin:
        record = admin.read(lambda session: kimai_options.get(session, option))
    print_change(record, record["value"], as_json=as_json)


@group.command(
    "set",
    epilog=examples(
        "kimai-remote config set roundPrecision 15",
        "kimai-remote config set roundingMethod closest",
        "kimai-remote config set currency_name Euro --force",
    ),
)
@option_argument
@click.argument("value", help="The new value.")
@click.option("--force", is_flag=True, help="Set an option that only Kimai's PHP uses.")
@json_option
def set_(option: str, value: str, force: bool, as_json: bool) -> None:
    """Set an option. It applies from the next call on."""
    from ...tracking.admin import kimai_options
    from ..admin_context import open_admin

    with open_admin() as admin:
        record = admin.change(
            "config set",
            lambda session: kimai_options.change(session, option, value, force=force),
            fields=[option],
        )
    before = "not set" if record["before"] is None else record["before"]
    sentence = f"{record['option']} is {record['value']} now; it was {before}."
    print_change(record, sentence, as_json=as_json)


@group.command(epilog=examples("kimai-remote config unset editLimit"))
@option_argument
@json_option
def unset(option: str, as_json: bool) -> None:
    """Remove an option, so that its default applies."""
    from ...tracking.admin import kimai_options
    from ..admin_context import open_admin

    with open_admin() as admin:
        record = admin.change(
            "config unset", lambda session: kimai_options.unset(session, option), fields=[option]
        )
    default = "" if record["value"] is None else f" The default {record['value']} applies."
    sentence = f"{record['option']} is no longer set; it was {record['before']}.{default}"
    print_change(record, sentence, as_json=as_json)


@group.command(epilog=examples("kimai-remote config explain", "kimai-remote config explain port"))
@click.argument("setting", required=False, help="Name of a setting, such as port.")
@json_option
def explain(setting: str | None, as_json: bool) -> None:
    """Show each setting with its value, source and meaning.

    Secrets are masked. Options of 'serve' override what is shown here. To read another
    configuration file, use 'kimai-remote --config FILE config explain'.
    """
    with reported():
        configuration = in_force(load())
        names = list(Settings.info()) if setting is None else [_known(setting)]
    rows = [_described(configuration, name) for name in names]
    if as_json:
        value = rows if setting is None else rows[0]
        click.echo(json.dumps(value, indent=2, ensure_ascii=False))
    else:
        _show_settings(rows, configuration.file)


def in_force(configuration: Configuration) -> Configuration:
    """Return the configuration with what Kimai's autoconf.php adds to it.

    :raises ConfigurationError: that file can't be read or understood.
    """
    if not configuration.settings.kimai_autoconf:
        return configuration
    from ...server.bootstrap import with_autoconf  # loads what the database needs

    settings = with_autoconf(configuration.settings)
    source = Source("autoconf", settings.kimai_autoconf)
    changed = {
        name: source
        for name in configuration.sources
        if getattr(settings, name) != getattr(configuration.settings, name)
    }
    return Configuration(settings, {**configuration.sources, **changed}, configuration.file)


def _described(configuration: Configuration, name: str) -> dict[str, Any]:
    """Return all that is known of a setting, with a secret masked."""
    info, source = Settings.info()[name], configuration.sources[name]
    return {
        "name": name,
        "variable": PREFIX + name.upper(),
        "value": _masked(name, getattr(configuration.settings, name)),
        "source": source.type,
        "place": source.location,
        "meaning": info.help,
        "unit": info.unit,
        "empty": info.empty,
    }


def _masked(name: str, value: Any) -> Any:
    if name == "database_url" and value:
        from sqlalchemy.exc import ArgumentError

        from ...errors import ConfigurationError
        from ...storage import engine

        try:
            url = engine.read_url(value)
        except (ArgumentError, ValueError, ConfigurationError):
            return MASK
        if "@" in (url.host or ""):  # a part of the password, unescaped
            return MASK
        return engine.masked(url)
    if value and Settings.info()[name].secret:
        return MASK
    return str(value) if isinstance(value, Path) else value


def _known(name: str) -> str:
    bare = name.strip("-").replace("-", "_").upper().removeprefix(PREFIX).lower()
    if bare not in Settings.info():
        raise UnknownSetting(f"There is no setting {name}.", similar(bare))
    return bare


def _show_settings(rows: list[dict[str, Any]], file: Path | None) -> None:
    from rich import box
    from rich.markup import escape

    where = file or f"none (no {USUAL_FILE} here, no --config, no {PREFIX}CONFIG)"
    say(f"Configuration file: {where}")
    headings = ("Setting", "Value", "From", "Meaning")
    table = make_table(*headings, box=box.SIMPLE_HEAD, pad_edge=False)
    for column in table.columns:
        column.overflow = "fold"  # a path that is cut off is useless
    table.columns[0].no_wrap = True
    for row in rows:
        value = row["value"]
        if isinstance(value, bool):
            value = "yes" if value else "no"
        cells = row["name"], value, row["place"] or row["source"], _meaning(row)
        table.add_row(*(escape(str(cell)) for cell in cells))
    console().print(table)


def _meaning(row: dict[str, Any]) -> str:
    """Return the meaning of a setting, with its unit and the meaning of 0 or an empty value."""
    zero = "0" if isinstance(row["value"], int) and not isinstance(row["value"], bool) else "empty"
    details = [f"in {row['unit']}"] * bool(row["unit"])
    details += [f"{zero}: {row['empty']}"] * bool(row["empty"])
    return "; ".join([str(row["meaning"]).rstrip("."), *details]) + "."
