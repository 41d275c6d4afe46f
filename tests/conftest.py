"""Fixtures of all tests. Most tests run on each database and over each protocol."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

# Tables for terminals are read by tests; without one they would be cut to 80 columns.
os.environ["COLUMNS"] = "250"

from kimai_remote.storage.transactions import Database
from support import databases, kill_points, processes, remotes, server
from support.world import Template, World, build, build_file

#: Markers of the tests that pytest without options leaves out.
LEFT_OUT = ("slow", "servers", "clients", "browser", "cluster")
#: Marker of those that --left-out leaves out too.
DEEP_ONLY = "toolkits"
#: Options for counts: the default, the default with --deep, and the help text.
COUNTS = {
    "stress": (600, 10_000, "parallel calls, on each database and type of server, at least 600"),
    "fuzz": (1000, 100_000, "requests of the fuzz tests, over each protocol"),
    "calls": (1_500, 50_000, "calls of the memory test that are measured, over HTTP"),
    "kills": (4, 200, "kills of the server during writes, on each database"),
    "sizes": (2, 5, "sizes, at most 5, of each request that is made to cost much"),
    "rounds": (1, 6, "times that clients leave in every way, after two that warm up"),
    "every": (12, 1, "steps of a change of the schema on MariaDB, of which one is a kill"),
    "strings": (100, 1_000_000, "hostile texts, through each text field"),
    "exchanges": (150, 1_000_000, "recorded exchanges with Kimai 1.3.5, on each database"),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("kimai-remote")
    group.addoption(
        "--databases",
        help="databases to run on, separated by commas, or all (default: sqlite; all with -m,"
        " --left-out, --deep, or if files are named)",
    )
    group.addoption(
        "--pymysql",
        action="store_true",
        help="use PyMySQL for MariaDB, as where mysqlclient isn't installed",
    )
    group.addoption(
        "--left-out",
        action="store_true",
        help="run all that pytest without options leaves out: tests with the markers"
        f" {', '.join(LEFT_OUT)}, and the others on PostgreSQL and MariaDB",
    )
    group.addoption(
        "--deep", action="store_true", help="run every test, on all databases, with large numbers"
    )
    group.addoption(
        "--record-toolkits",
        action="store_true",
        help="write the results of toolkits into tests/clients/toolkits.jsonl; all of them with"
        " -m recorded",
    )
    for name, (small, large, what) in COUNTS.items():
        group.addoption(
            f"--{name}", type=int, help=f"number of {what} (default: {small}; with --deep: {large})"
        )
    group.addoption(
        "--exchange",
        metavar="REGEX",
        default="",
        help="send the recorded exchanges whose IDs match, such as getTimesheet-03., and no others",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    option = config.option
    if option.deep and option.left_out:
        raise pytest.UsageError("--deep runs every test; leave out --left-out")
    # A file that is named runs as a whole.
    files = all(argument.partition("::")[0].endswith(".py") for argument in config.args)
    usual = not (option.deep or option.left_out or option.markexpr or files)
    names = option.databases or ("sqlite" if usual else "all")
    asked = tuple(name.strip() for name in names.split(","))
    databases.asked_for = databases.KINDS if asked == ("all",) else asked
    unknown = set(databases.asked_for) - set(databases.KINDS)
    if unknown:
        raise pytest.UsageError(f"--databases: unknown: {', '.join(sorted(unknown))}")
    option.databases = ",".join(databases.asked_for)
    if option.pymysql:
        databases.hide_mysqlclient()
    if usual:
        option.markexpr = " and ".join(f"not {marker}" for marker in (*LEFT_OUT, DEEP_ONLY))
    for name, (small, large, _) in COUNTS.items():
        if getattr(option, name) is None:
            setattr(option, name, large if option.deep else small)
    kill_points.every = option.every


def pytest_report_header(config: pytest.Config) -> str:
    option = config.option
    which = [option.markexpr] if option.markexpr else []
    which += ["left out by default"] if option.left_out else []
    missing = "" if importlib.util.find_spec("playwright") else "; no browser: no playwright here"
    return f"databases: {option.databases}; tests: {' and '.join(which) or 'all'}{missing}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database" in metafunc.fixturenames:
        one = metafunc.definition.get_closest_marker("one_database")
        kinds = databases.asked_for[: 1 if one else None]
        if "mariadb" in kinds and metafunc.definition.get_closest_marker("each_driver"):
            kinds += (databases.PYMYSQL,)
        metafunc.parametrize("database", kinds, indirect=True, scope="session")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.option.left_out:
        return

    def is_left_out(item: pytest.Item) -> bool:
        if item.get_closest_marker(DEEP_ONLY):
            return False
        marked = any(item.get_closest_marker(marker) for marker in LEFT_OUT)
        return marked or (
            getattr(item, "callspec", None) is not None
            and (item.callspec.params.get("database", "sqlite") != "sqlite")
        )

    config.hook.pytest_deselected(items=[item for item in items if not is_left_out(item)])
    items[:] = [item for item in items if is_left_out(item)]


@pytest.fixture(scope="session", autouse=True)
def no_process_is_left() -> Iterator[None]:
    """Check that tests end all processes that they start."""
    yield
    assert processes.started() == []


@pytest.fixture(scope="session")
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A database with an empty schema, one per backend for all tests."""
    created = databases.create(request.param, tmp_path_factory.mktemp("database"))
    yield created
    databases.drop(created)
    created.close()


@pytest.fixture(scope="session")
def world_template(database: Database) -> Template:
    """A copy of the test data of :mod:`support.world` in this database."""
    databases.empty(database)
    return Template(build(database))


@pytest.fixture
def world(database: Database, world_template: Template) -> World:
    """The test data of :mod:`support.world`, restored before each test."""
    return world_template.restore(database)


@pytest.fixture
def file_world(tmp_path: Path) -> Iterator[World]:
    """The test data in an SQLite file of the test's own, with another table prefix."""
    world = build_file(tmp_path / "test.sqlite3", "other_")
    yield world
    world.database.close()


@pytest.fixture
def is_deep(pytestconfig: pytest.Config) -> bool:
    """Whether tests may take long."""
    return bool(pytestconfig.option.deep)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current directory."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


@pytest.fixture(params=list(remotes.REMOTES))
def remote(request: pytest.FixtureRequest, world: World) -> remotes.Remote:
    """The API over each protocol."""
    return remotes.REMOTES[request.param](world)


@pytest.fixture(scope="session")
def demo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.Server]:
    """A server process with demo data, for all tests that only add to it."""
    directory: Path = tmp_path_factory.mktemp("demo")
    with server.serving(directory, "--demo") as running:
        yield running
