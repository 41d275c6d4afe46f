"""``kimai-remote db``, as typed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import insert, update

from kimai_remote.cli.main import app
from kimai_remote.storage import entry_counts, schema
from kimai_remote.storage.models import Base, EntryCount, schema_version
from kimai_remote.storage.transactions import Database
from support.server import free_port


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The database that the commands are configured with; it doesn't exist yet."""
    url = f"sqlite:///{tmp_path / 'kimai.sqlite3'}"
    monkeypatch.setenv("KIMAI_REMOTE_DATABASE_URL", url)
    monkeypatch.setenv("KIMAI_REMOTE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    return Database(url)


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.split())


def make_unversioned(database: Database) -> None:
    """The tables without the one that says which version they are, as Kimai has them."""
    Base.metadata.create_all(database.engine)
    schema_version.drop(database.engine)


def test_status_names_the_next_command(configured: Database) -> None:
    code, output = run("db", "status")
    assert (code, "'kimai-remote serve' creates them" in output) == (1, True)
    schema.create(configured)
    code, output = run("db", "status")
    assert code == 0
    assert "0001" in output
    assert "kimai-remote db upgrade" not in output


def test_upgrade_makes_the_schema_known(configured: Database) -> None:
    make_unversioned(configured)
    code, output = run("db", "status")
    assert (code, "kimai-remote db upgrade" in output) == (1, True)
    assert run("db", "upgrade")[0] == 0
    assert run("db", "status")[0] == 0
    assert "up to date" in run("db", "upgrade")[1]


def test_serve_refuses_a_schema_that_it_does_not_know(configured: Database) -> None:
    make_unversioned(configured)
    code, output = run("serve", "--port", str(free_port()))
    assert (code, "'kimai-remote db upgrade'" in output) == (2, True)
    schema_version.create(configured.engine)
    schema_of_a_later_one = Base.metadata.tables[schema_version.name].insert()
    with configured.engine.begin() as connection:
        connection.execute(schema_of_a_later_one, {"version_num": "9999"})
        connection.execute(update(schema_version).values(version_num="9999"))
    code, output = run("serve", "--port", str(free_port()))
    assert (code, "Install the newer one" in output) == (2, True)


def test_serving_does_not_load_alembic() -> None:
    """It takes longer to load than all the rest of the start."""
    import subprocess
    import sys

    code = (
        "import sys, kimai_remote.cli.main, kimai_remote.server.granian; "
        "print('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_backup_copies_and_keeps_an_existing_file(configured: Database, tmp_path: Path) -> None:
    schema.create(configured)
    target = tmp_path / "copy.sqlite3"
    assert run("db", "backup", str(target)) == (
        0,
        f"{target}: {target.stat().st_size:,} bytes, checked.",
    )
    with closing(sqlite3.connect(target)) as copy:
        assert copy.execute("SELECT count(*) FROM kimai_statuses").fetchone() == (3,)
    code, output = run("db", "backup", str(target))
    assert (code, "exists already" in output) == (2, True)
    assert run("db", "backup", "--overwrite", str(target))[0] == 0


def test_recount_corrects_counts(configured: Database) -> None:
    schema.create(configured)
    with configured.begin() as connection:
        connection.execute(
            insert(EntryCount),
            {
                **dict.fromkeys(("userID", "projectID", "activityID", "statusID"), 5),
                "cleared": 0,
                "entries": 3,
            },
        )
    assert run("db", "recount") == (0, "Recalculated; the counts of 1 user were wrong.")
    assert run("db", "recount") == (0, "Recalculated; the counts of 0 users were wrong.")
    with configured.begin() as connection:
        entry_counts.disable(connection)
    assert run("db", "recount")[0] == 0  # makes the triggers again
    with configured.begin() as connection:
        assert entry_counts.enabled(connection)


def test_an_unreachable_server_is_reported_without_the_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KIMAI_REMOTE_DATABASE_URL", "mariadb://user:hidden@127.0.0.1:1/x")
    for command in ("status", "upgrade"):
        code, output = run("db", command)
        assert (code, "can't be used" in output, "hidden" in output) == (2, True, False)
