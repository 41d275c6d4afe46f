"""The time and memory of importing a Kimai 1 database with 1,000,000 time entries.

Not a test: run it by hand, with MariaDB (the source) and the targets at the URLs of the tests::

    python tests/benchmarks/import_million.py [entries]
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from sqlalchemy import text

from kimai_remote.kimai1 import importer
from kimai_remote.storage import schema
from kimai_remote.storage.models import Base
from kimai_remote.storage.transactions import Database
from support import databases, kimai1

SOURCE, TARGET = "bench1_", "bench2_"


def main(entries: int) -> None:
    with (
        tempfile.TemporaryDirectory() as scratch,
        kimai1.database(Path(scratch), prefix=SOURCE) as source,
    ):
        fill(source, entries)
        for backend in databases.KINDS:
            url = databases.url_of(backend, Path(scratch))
            # In a process of its own, so that its peak memory is that of the import.
            subprocess.run(
                [sys.executable, __file__, "import", databases.url_of("mariadb", Path()), url],
                check=True,
            )


def fill(source: Database, entries: int) -> None:
    """Insert entries of 50 users over 10 years, with realistic texts."""
    table = f"`{source.prefix}timeSheet`"
    with source.engine.begin() as connection:
        connection.execute(text(f"DELETE FROM {table}"))
        connection.execute(
            text(
                f"INSERT INTO {table} (start, end, duration, userID, projectID, activityID, "
                "description, comment, rate, statusID, billable, location) "
                "SELECT 1400000000 + seq * 300, 1400000000 + seq * 300 + 60 * (seq % 480 + 1), "
                "60 * (seq % 480 + 1), seq % 50 + 1, seq % 200 + 1, seq % 40 + 1, "
                "CONCAT('Überarbeitung der Texte, Nummer ', seq), IF(seq % 3, NULL, "
                "REPEAT('x ', 40)), "
                "40 + seq % 90 + 0.5, seq % 3 + 1, 100, 'Büro' "
                f"FROM seq_1_to_{entries}"
            )
        )


def import_once(source_url: str, target_url: str) -> None:
    source = Database(source_url, SOURCE, statement_timeout=0)
    target = Database(target_url, TARGET, statement_timeout=0)
    drop(target)
    started = time.perf_counter()
    report = importer.run(source, target, lambda *_: None, repair_text=True)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    count = next(total.target for total in report.totals if total.name == "timeSheet")
    dialect = target.engine.dialect.name
    print(f"{dialect}: {count:,} entries in {seconds:.0f} s, at most {peak:.0f} MiB", flush=True)
    assert not report.differences
    drop(target)


def drop(target: Database) -> None:
    if not schema.state(target).is_empty:
        Base.metadata.drop_all(target.engine, checkfirst=False)


if __name__ == "__main__":
    if sys.argv[1:2] == ["import"]:
        import_once(*sys.argv[2:])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
