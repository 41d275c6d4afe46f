"""What the released Kimai 1.3.5 answered and stored, this service answers and stores.

README.md beside this file tells how to read a failure.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kimai_release import exchanges, replay
from kimai_release.exchanges import DATASET, RECORDINGS, Outcome, OwnDatabase
from kimai_remote.kimai1 import importer
from kimai_remote.storage import schema
from kimai_remote.storage.migrations import runner
from kimai_remote.storage.transactions import Database
from support import databases, kimai1
from support.server import Server, serving
from support.world import SECRET

GROUPS = sorted({record["group"] for record in RECORDINGS})
#: Settings of a server for the recordings.
SETTINGS = {
    "password_salt": DATASET["salt"],
    "timezone": "Europe/Berlin",
    "login_rate": "0",
    "secret": SECRET.decode(),
}


@contextmanager
def kimai_database(directory: Path) -> Iterator[Database]:
    """A database of Kimai 1.3.5 on MariaDB, with the data of the recordings."""
    tables = exchanges.released_tables()
    with kimai1.database(
        directory,
        prefix=f"r{kimai1.PREFIX}",
        tables=tables,
        rows=DATASET["tables"],
        charsets=dict.fromkeys(tables, "utf8"),
    ) as database:
        yield database


@contextmanager
def own_database(backend: str, directory: Path) -> Iterator[Database]:
    """An empty database with our tables."""
    database = Database(databases.url_of(backend, directory), f"r{os.getpid()}_")
    databases.drop(database)
    try:
        schema.create(database)
        yield database
    finally:
        databases.drop(database)
        database.close()


@contextmanager
def server(directory: Path, **settings: str) -> Iterator[Server]:
    settings = SETTINGS | settings
    environ = {f"KIMAI_REMOTE_{name.upper()}": value for name, value in settings.items()}
    with serving(directory, environ=environ) as running:
        yield running


def url_of(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)


def send_to_adopted(
    records: list[dict[str, Any]], directory: Path, *, over_soap: bool = False
) -> Outcome:
    """Send to a server that uses Kimai's own database in place."""
    with kimai_database(directory) as kimai:
        runner.upgrade(kimai)
        path = directory / "autoconf.php"
        salt, timezone = SETTINGS["password_salt"], SETTINGS["timezone"]
        kimai1.write_autoconf(path, kimai.url, kimai.prefix, salt, timezone)
        database = replay.Database(url_of(kimai), DATASET, kimai.prefix, None)
        database.fill()
        with server(directory, kimai_autoconf=str(path)) as running:
            return exchanges.send(records, running.url, database, own=False, over_soap=over_soap)


def send_to_own(
    records: list[dict[str, Any]], directory: Path, backend: str, *, filled: bool = False
) -> Outcome:
    """Send to a server with a database of its own into which Kimai's was imported.

    :param filled: fill that with the rows that the import would copy; this needs no MariaDB.
    """
    with own_database(backend, directory) as target:
        database = OwnDatabase(target)
        if filled:
            database.fill()
        else:
            with kimai_database(directory) as kimai:
                importer.run(kimai, target, ignore_progress)
            database.adopt()
        settings = {"database_url": url_of(target), "table_prefix": target.prefix}
        with server(directory, **settings) as running:
            return exchanges.send(records, running.url, database, own=True)


def ignore_progress(_table: str, _done: int, _total: int) -> None:
    pass


TARGETS: dict[str, Callable[[list[dict[str, Any]], Path], Outcome]] = {
    "adopted": send_to_adopted,
    "adopted-soap": partial(send_to_adopted, over_soap=True),
    "imported-sqlite": partial(send_to_own, backend="sqlite"),
    "imported-postgresql": partial(send_to_own, backend="postgresql"),
    "filled-sqlite": partial(send_to_own, backend="sqlite", filled=True),
}


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(name, marks=[pytest.mark.servers] if name != "filled-sqlite" else [])
        for name in TARGETS
    ],
)
def outcome(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """What came of the chosen exchanges on each target."""
    option = request.config.option
    records = exchanges.choose(option.exchanges, option.exchange)
    return TARGETS[request.param](records, tmp_path_factory.mktemp("recordings"))


@pytest.mark.parametrize("group", GROUPS)
def test_recorded_exchanges(outcome: Outcome, group: str) -> None:
    """Responses and changed rows are those of Kimai 1.3.5, but for declared deviations."""
    reports = [outcome.reports[i] for i in outcome.sent[group] if i in outcome.reports]
    if reports:
        pytest.fail("\n\n".join(reports), pytrace=False)


def test_each_declared_deviation_is_needed(outcome: Outcome) -> None:
    """An entry of deviations.json that no exchange needs any more is to be removed there."""
    if sum(map(len, outcome.sent.values())) < len(RECORDINGS):
        pytest.skip("only where all exchanges are sent, as with --deep")
    assert outcome.deviations.unneeded() == []


@pytest.mark.servers
@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_an_import_copies_what_is_filled_in_without_it(backend: str, tmp_path: Path) -> None:
    with own_database(backend, tmp_path) as target:
        database = OwnDatabase(target)
        with kimai_database(tmp_path) as kimai:
            importer.run(kimai, target, ignore_progress)
        database.adopt()
        copied = database.known
        database.fill()
        assert database.known == copied
