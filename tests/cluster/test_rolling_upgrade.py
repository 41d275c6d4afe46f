"""The last released program serves a database while the next one upgrades it, and afterwards.

``released/`` has the wheel of the last release. Replace it after each release, and after a
migration that makes a schema it can't serve, by
``pip wheel --no-deps --wheel-dir tests/cluster/released .``
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError

import kimai_remote
from faults.client import Outcome
from faults.workload import Workload
from kimai_remote.storage.transactions import Database
from support import databases, processes
from support.processes import DEADLINE, wait_until
from support.raw_http import get
from support.server import Server, free_port, serving
from support.world import SECRET, World, build

pytestmark = pytest.mark.cluster

READY = "/health/ready"
RELEASED = Path(__file__).parent / "released"
#: Version of the schema of the next program.
NEXT = "9000"
#: Its migration: adds a column, an index and a table, and takes a while, with locks if it can.
MIGRATION = '''
"""The next version."""

import time

import sqlalchemy as sa
from alembic import op

revision = "{version}"
down_revision = "{before}"
SERVES = "{serves}"


def upgrade() -> None:
    connection = op.get_bind()
    prefix = connection.get_execution_options()["prefix"]
    table = f"{{prefix}}timeSheet"
    op.add_column(table, sa.Column("next", sa.Integer, nullable=False, server_default="0"))
    time.sleep({seconds})
    op.create_index(f"{{prefix}}next", table, ["next"])
    op.create_table(f"{{prefix}}next_table", sa.Column("id", sa.Integer, primary_key=True))
'''
#: Seconds that it takes. A call waits longer for a lock.
SECONDS = 2


@dataclass(frozen=True)
class Program:
    """A program in a folder of its own, and the database that it works with."""

    folder: Path
    database: Database
    data: Path

    @property
    def environ(self) -> dict[str, str]:
        return {
            "PYTHONPATH": os.pathsep.join([str(self.folder), *_python_path()]),
            "KIMAI_REMOTE_DATABASE_URL": self.database.url.render_as_string(hide_password=False),
            "KIMAI_REMOTE_TABLE_PREFIX": self.database.prefix,
            "KIMAI_REMOTE_SECRET": SECRET.decode(),
            "KIMAI_REMOTE_LOGIN_RATE": "0",
            "KIMAI_REMOTE_DATA_DIR": str(self.data),
        }

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "kimai_remote", *arguments]

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run a command; return its exit status and output."""
        done = subprocess.run(
            self.command(*arguments),
            env={**os.environ, **self.environ},
            cwd=self.data,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=DEADLINE,
        )
        return done.returncode, " ".join(done.stdout.split())

    def serving(self) -> AbstractContextManager[Server]:
        return serving(self.data, environ=self.environ, program=self.command("serve"))

    def refused(self) -> str:
        """Return the output of a server that doesn't start."""
        code, output = self.run("serve", "--port", str(free_port()))
        assert code == 2, output
        return output


def _python_path() -> list[str]:
    return list(filter(None, [os.environ.get("PYTHONPATH")]))


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the program of the last release."""
    (wheel,) = RELEASED.glob("*.whl")
    folder = tmp_path_factory.mktemp("released")
    install = ["install", "--quiet", "--no-index", "--no-deps", "--target", folder, wheel]
    subprocess.run([sys.executable, "-m", "pip", *map(str, install)], check=True)
    return Path(folder)


@pytest.fixture
def blank(database: Database, tmp_path: Path) -> Iterator[Database]:
    with databases.without_tables(database, tmp_path, f"Next{os.getpid()}_") as blank:
        try:
            yield blank
        finally:
            with suppress(DBAPIError), blank.begin() as connection:
                quote = connection.dialect.identifier_preparer.quote
                connection.exec_driver_sql(f"DROP TABLE {quote(blank.prefix + 'next_table')}")


@pytest.fixture
def last(released: Path, blank: Database, tmp_path: Path) -> Program:
    """The last release, which has created the database."""
    program = Program(released, blank, tmp_path)
    where = "import kimai_remote; print(kimai_remote.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", where],
        env={**os.environ, **program.environ},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert Path(found.stdout.strip()).is_relative_to(released)
    code, output = program.run("db", "upgrade")
    assert code == 0, output
    return program


def latest(program: Path) -> str:
    """Return the version of the schema that a program needs."""
    text = (program / "kimai_remote" / "storage" / "schema.py").read_text()
    versions = re.search(r"^VERSIONS = \((.*?)\)$", text, re.MULTILINE | re.DOTALL)
    assert versions is not None
    return re.findall(r'"(\w+)"', versions[1])[-1]


def next_program(last: Program, serves: str) -> Program:
    """Return a program like this one, with one more migration.

    :param serves: the oldest version whose programs can serve the next.
    """
    folder = last.data / "next"
    here = Path(kimai_remote.__file__).parent
    shutil.copytree(here, folder / "kimai_remote", ignore=shutil.ignore_patterns("__pycache__"))
    before = latest(folder)
    storage = folder / "kimai_remote" / "storage"
    schema = storage / "schema.py"
    text = schema.read_text()
    for pattern, replacement in (
        (rf'"{before}",?\)$', f'"{before}", "{NEXT}")'),
        (r'^OLDEST_PROGRAM = "\w+"$', f'OLDEST_PROGRAM = "{serves}"'),
    ):
        text, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
        assert count == 1, pattern
    schema.write_text(text)
    migration = MIGRATION.format(version=NEXT, before=before, serves=serves, seconds=SECONDS)
    (storage / "migrations" / "versions" / f"v{NEXT}_next.py").write_text(migration.strip())
    return Program(folder, last.database, last.data)


@contextmanager
def watched(*servers: Server) -> Iterator[Counter[int]]:
    """Ask whether servers are ready, all the time, until the block ends; count the responses."""
    statuses, ended = Counter[int](), threading.Event()

    def watch() -> None:
        while not ended.wait(0.1):
            statuses.update(get(server, READY).status for server in servers)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield statuses
    finally:
        ended.set()
        thread.join()


def test_servers_of_the_last_release_stay_while_the_next_one_upgrades(last: Program) -> None:
    world: World = build(last.database)
    following = next_program(last, latest(last.folder))
    with last.serving() as one, last.serving() as other:
        workload = Workload(world, [one.url, other.url])
        workers = one.workers + other.workers
        with watched(one, other) as statuses, workload.running() as invariants:
            invariants.wait_for(Outcome.DONE, 50)
            code, output = following.run("db", "upgrade")
            assert code == 0, output
            invariants.wait_for(Outcome.DONE, 50)
            with following.serving() as new:
                assert get(new, READY).status == 200
                invariants.wait_for(Outcome.DONE, 50)
        assert one.workers + other.workers == workers
        assert (statuses[200] > 10, set(statuses)) == (True, {200})
        assert get(one, READY).json["checks"]["schema"] == "ok"
    invariants.check(world)
    assert set(invariants.outcomes) <= {Outcome.DONE, Outcome.REFUSED}
    columns = inspect(world.database.engine).get_columns(f"{world.database.prefix}timeSheet")
    assert "next" in {column["name"] for column in columns}
    with last.serving() as again:  # as after a restart of its machine
        assert get(again, READY).status == 200
    code, output = last.run("db", "status")
    assert (code, "newer kimai-remote" in output) == (0, True)
    assert last.run("db", "upgrade")[0] == 0
    code, output = last.run("db", "recount")
    assert (code, "newer kimai-remote" in output) == (2, True)


def test_servers_of_the_last_release_are_not_ready_for_what_they_can_not_serve(
    last: Program,
) -> None:
    following = next_program(last, NEXT)
    build(last.database)
    with last.serving() as server:
        assert get(server, READY).status == 200
        log = last.data / "upgrade.log"
        environ = {**os.environ, **following.environ}
        upgrade = processes.start(following.command("db", "upgrade"), log, environ, cwd=last.data)
        try:
            wait_until(lambda: get(server, READY).status == 503)
            # Where each step is committed, from the first one on.
            is_running = upgrade.poll() is None
            assert is_running or last.database.dialect.name != "mariadb"
            assert get(server, READY).json["checks"]["schema"] == "wrong"
            assert upgrade.wait(DEADLINE) == 0, log.read_text()
        finally:
            processes.kill(upgrade)
    assert "needs a newer kimai-remote" in last.refused()
    for command in ("upgrade", "status"):
        assert last.run("db", command)[0] == 2
    with following.serving() as new:
        assert get(new, READY).status == 200
