"""The schema of a Galera cluster, created and changed through several nodes at once."""

from __future__ import annotations

import dataclasses
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from typing import Any

import pymysql
import pytest
from sqlalchemy import Connection, func, inspect, select
from sqlalchemy.exc import DBAPIError, OperationalError

from cluster.galera import Cluster, Node
from kimai_remote.cli.doctor import database as doctor
from kimai_remote.errors import ConfigurationError
from kimai_remote.kimai1 import uninstall
from kimai_remote.storage import models as m
from kimai_remote.storage import schema, schema_lock
from kimai_remote.storage.dialects import ClusterState, mariadb
from kimai_remote.storage.migrations import runner
from kimai_remote.storage.transactions import Database
from storage.test_migrations import upgrade_to
from support import kimai1
from support.processes import wait_until

pytestmark = pytest.mark.cluster

#: Creates or upgrades when its input says so, or holds the lock until it is killed.
PROGRAM = """
import sys, time
from kimai_remote.errors import ConfigurationError
from kimai_remote.storage import schema, schema_lock
from kimai_remote.storage.migrations import runner
from kimai_remote.storage.transactions import Database

url, prefix, what = sys.argv[1:]
database = Database(url, prefix, statement_timeout=0)
print("ready", flush=True)
sys.stdin.readline()
try:
    if what == "hold":
        with schema_lock.acquire(database):
            print("held", flush=True)
            time.sleep(600)
    else:
        done = schema.create(database) if what == "create" else bool(runner.upgrade(database))
        print("done" if done else "nothing to do", flush=True)
except ConfigurationError as error:
    print(error, flush=True)
"""


@contextmanager
def process(node: Node, prefix: str, what: str) -> Iterator[subprocess.Popen[str]]:
    """A process that waits for a line before it begins."""
    command = [sys.executable, "-c", PROGRAM, node.url, prefix, what]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        try:
            assert running.stdout is not None
            assert running.stdout.readline() == "ready\n"
            yield running
        finally:
            running.kill()


def go(running: subprocess.Popen[str]) -> None:
    assert running.stdin is not None
    running.stdin.write("\n")
    running.stdin.flush()


def answer(running: subprocess.Popen[str]) -> str:
    assert running.stdout is not None
    return running.stdout.readline().strip()


def all_at_once(cluster: Cluster, prefix: str, what: str) -> list[str]:
    with ThreadPoolExecutor() as pool:
        contexts = [process(node, prefix, what) for node in cluster.nodes]
        running = list(pool.map(lambda context: context.__enter__(), contexts))
        try:
            for each in running:
                go(each)
            return sorted(pool.map(answer, running))
        finally:
            for context in contexts:
                context.__exit__(None, None, None)


def assert_whole(cluster: Cluster, prefix: str) -> None:
    """Each node has all tables, and each row of a new installation once."""
    for node in cluster.nodes:
        with closing(Database(node.url, prefix, wsrep_sync_wait=7)) as database:
            schema.check(database)
            tables = set(inspect(database.engine).get_table_names())
            assert {m.real_name(name, database.engine) for name in m.Base.metadata.tables} <= tables
            with database.engine.connect() as connection:
                for model, count in ((m.Status, 3), (m.GlobalRole, 2), (m.MembershipRole, 3)):
                    assert connection.scalar(select(func.count()).select_from(model)) == count
                assert connection.execute(select(m.schema_lock)).all() == []


def test_one_of_three_processes_creates_and_upgrades(cluster: Cluster, is_deep: bool) -> None:
    for number in range(20 if is_deep else 1):
        prefix = f"made{number}_"
        assert all_at_once(cluster, prefix, "create") == ["done", *["nothing to do"] * 2]
        assert_whole(cluster, prefix)
        prefix = f"upgraded{number}_"
        with closing(Database(cluster.nodes[0].url, prefix)) as database:
            m.Base.metadata.create_all(database.engine)
            m.schema_version.drop(database.engine)
        assert all_at_once(cluster, prefix, "upgrade") == ["done", *["nothing to do"] * 2]
        assert_whole(cluster, prefix)


def inserted(cursor: Any, statement: str) -> bool:
    """Run a statement; False if another node's came first."""
    try:
        cursor.execute(statement)
    except pymysql.OperationalError as error:
        if error.args[0] == 1213:
            return False
        raise
    return True


def fill_through_all_nodes(cluster: Cluster, table: str) -> None:
    """Rows that each node has in an order of its own, since there is no primary key."""

    def fill(number: int) -> None:
        with cluster.nodes[number].connection() as connection, connection.cursor() as cursor:
            for place in range(60):
                statement = f"INSERT INTO test.{table} (projectID, rate) VALUES ({place}, {number})"
                while not inserted(cursor, statement):
                    pass

    with ThreadPoolExecutor() as pool:
        list(pool.map(fill, range(len(cluster.nodes))))


def assert_same_keys(cluster: Cluster, table: str, key: str) -> None:
    query = f"SELECT {key}, projectID, rate FROM test.{table} ORDER BY {key}"
    first, *others = (
        node.query(f"SET STATEMENT wsrep_sync_wait=7 FOR {query}") for node in cluster.nodes
    )
    assert len({row[0] for row in first}) == 60 * len(cluster.nodes)
    for other in others:
        assert other == first


def test_all_nodes_give_a_row_the_same_key(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They would change different rows from then on."""
    with closing(Database(cluster.nodes[0].url, "keyed_")) as database:
        upgrade_to(database, "0006", monkeypatch)
        fill_through_all_nodes(cluster, "keyed_rates")
        assert runner.upgrade(database) == ["0007"]
    assert_same_keys(cluster, "keyed_rates", "rateID")


def test_the_advice_for_tables_without_a_key(cluster: Cluster) -> None:
    node = cluster.nodes[0]
    with closing(Database(node.url, "advice_")) as database:
        kimai1.tables().create_all(database.engine)
        fill_through_all_nodes(cluster, "advice_rates")
        with database.engine.connect() as connection:
            findings = {each.about: each for each in doctor._cluster(database, connection)}
    finding = findings["primary keys"]
    assert "advice_rates" in finding.text
    _, _, statements = str(finding.advice).partition(": ")
    with node.connection() as session, session.cursor() as cursor:
        for statement in statements.rstrip(";").split("; "):
            cursor.execute(statement.replace("NAME", "test.advice_rates"))
    assert_same_keys(cluster, "advice_rates", "rowID")


def test_creation_killed_at_any_time(cluster: Cluster, is_deep: bool) -> None:
    """The node of the killed process begins again, also if others try meanwhile."""
    for number in range(30 if is_deep else 2):
        prefix = f"killed{number}_"
        with process(cluster.nodes[0], prefix, "create") as killed:
            go(killed)
            time.sleep(random.uniform(0, 1))  # noqa: S311
            killed.kill()
        with closing(Database(cluster.nodes[0].url, prefix)) as database:
            schema.create(database)
        assert_whole(cluster, prefix)


def test_who_takes_over_from_a_killed_process(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mariadb, "LOCK_TIMEOUT", 1)
    first, second, _ = cluster.nodes
    with process(first, "taken_", "hold") as holder:
        go(holder)
        assert answer(holder) == "held"
        holder.kill()
    with closing(Database(second.url, "taken_")) as database:
        with pytest.raises(ConfigurationError) as refused:
            schema.create(database)
        text = str(refused.value)
        assert f"through the cluster's node {first.address}. Wait until it is done. If it" in text
    # As it says.
    with closing(Database(first.url, "taken_")) as database:
        assert schema.create(database)
    assert_whole(cluster, "taken_")


def test_a_node_that_is_gone_holds_nothing(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it comes back, a process that held the lock through it changes nothing more."""
    monkeypatch.setattr(mariadb, "LOCK_TIMEOUT", 2)
    first, second, _ = cluster.nodes
    holding = closing(Database(first.url, "gone_"))
    taking = closing(Database(second.url, "gone_"))
    with holding as holder, taking as taker:
        with suppress(DBAPIError), schema_lock.acquire(holder) as connection:
            first.isolate(True)
            wait_until(lambda: second.status("wsrep_cluster_size") == "2")
            assert schema.create(taker)
            first.isolate(False)
            cluster.wait_until_whole()
            with pytest.raises(ConfigurationError, match="Another process is changing the tables"):
                connection.exec_driver_sql("CREATE TABLE gone_half (id int PRIMARY KEY)")
            connection.rollback()
        with taker.engine.connect() as reading:
            assert not inspect(reading).has_table("gone_half")
    assert_whole(cluster, "gone_")


def test_a_lock_whose_connection_is_lost(cluster: Cluster) -> None:
    """Nothing is changed without it, and the error is the database's."""
    node = cluster.nodes[0]
    with closing(Database(node.url, "lost_")) as database:
        with pytest.raises(OperationalError), schema_lock.acquire(database) as connection:
            ((holder,),) = node.query("SELECT connection FROM test.lost_remote_lock")
            node.query(f"KILL {holder}")
            connection.exec_driver_sql("CREATE TABLE lost_half (id int PRIMARY KEY)")
        assert not inspect(database.engine).has_table("lost_half")
        assert schema.create(database)
    assert_whole(cluster, "lost_")


def test_a_node_whose_tables_are_not_replicated_by_default(cluster: Cluster) -> None:
    """Galera certifies only what InnoDB stores."""
    first, second, _ = cluster.nodes
    first.query("SET GLOBAL default_storage_engine='Aria'")
    try:
        with closing(Database(first.url, "engine_")) as database, schema_lock.acquire(database):
            query = "SELECT connection FROM test.engine_remote_lock"
            wait_until(lambda: len(second.query(query)) == 1)
    finally:
        first.query("SET GLOBAL default_storage_engine='InnoDB'")


def test_nodes_without_addresses_of_their_own(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where all of them listen on the same address: nobody can tell who holds the lock."""
    true_state = mariadb.MariaDB.cluster

    def state(self: mariadb.MariaDB, connection: Connection) -> ClusterState | None:
        found = true_state(self, connection)
        assert found is not None
        return dataclasses.replace(found, members=("127.0.0.1:3306",) * 3, address="127.0.0.1:3306")

    monkeypatch.setattr(mariadb.MariaDB, "cluster", state)
    with (
        closing(Database(cluster.nodes[0].url, "unknown_")) as database,
        pytest.raises(ConfigurationError, match="Set wsrep_node_incoming_address"),
    ):
        schema.create(database)


def test_tables_are_read_while_another_node_changes_them(cluster: Cluster) -> None:
    one, other = cluster.nodes[:2]
    change = "CREATE OR REPLACE TRIGGER changed AFTER INSERT ON changing FOR EACH ROW BEGIN END"
    ends = time.monotonic() + 5

    def change_often() -> None:
        with closing(Database(one.url)) as database, database.engine.connect() as connection:
            connection.exec_driver_sql("CREATE TABLE changing (id INT PRIMARY KEY)")
            while time.monotonic() < ends:
                connection.exec_driver_sql(change)
            connection.exec_driver_sql("DROP TABLE changing")

    with ThreadPoolExecutor() as pool, closing(Database(other.url)) as database:
        changing = pool.submit(change_often)
        while not changing.done():
            database.read(lambda connection: inspect(connection).has_table("changing"))
        changing.result()


def test_an_uninstallation_takes_the_lock_with_it(cluster: Cluster) -> None:
    first, *others = cluster.nodes
    with closing(Database(first.url, "left_")) as database:
        kimai1.tables().create_all(database.engine)
        with database.begin() as connection:
            schema.fill(connection)
        runner.upgrade(database)
        additions = uninstall.find_additions(database)
        assert additions.tables[-2:] == ("left_remote_version", "left_remote_lock")
        uninstall.remove(database, additions)

    def left(node: Node) -> list[str]:
        return [name for (name,) in node.query("SHOW TABLES FROM test LIKE 'left%remote%'")]

    # The other nodes apply what is dropped a moment later.
    for node in others:
        wait_until(lambda node=node: left(node) == [], lambda node=node: f"left: {left(node)}")
        assert ("left_timeSheet",) in node.query("SHOW TABLES FROM test LIKE 'left%'")
