"""Three servers, each on its node of a Galera cluster whose nodes leave and come back.

Each fault prints its figures; ``pytest -rP`` shows them.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from cluster.availability import measuring
from cluster.galera import Cluster, Node
from faults.client import Answer, Client, Outcome
from faults.invariants import assert_one_timer
from faults.serving import serving_world
from faults.workload import Workload
from kimai_remote.cli.doctor import database as doctor
from kimai_remote.config import Settings
from kimai_remote.storage.transactions import Database
from support import databases
from support.processes import wait_until
from support.raw_http import get
from support.server import Server
from support.world import World, build

pytestmark = pytest.mark.cluster

#: Seconds that a statement of the servers may take.
STATEMENT_TIMEOUT = 5
#: Seconds between two checks that nobody has two timers.
PAUSE = 0.2


@pytest.fixture(scope="module")
def databases_of_nodes(running_galera: Cluster) -> Iterator[list[Database]]:
    """The database as each node has it; reading waits for what the others have written."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(closing(Database(node.url, wsrep_sync_wait=7)))
            for node in running_galera.nodes
        ]


@pytest.fixture
def worlds(cluster: Cluster, databases_of_nodes: list[Database]) -> list[World]:
    """The known world, as each node has it."""
    databases.empty(databases_of_nodes[0])
    ids = build(databases_of_nodes[0]).ids
    return [World(database, Settings(), ids=dict(ids)) for database in databases_of_nodes]


@pytest.fixture(scope="module")
def servers(
    databases_of_nodes: list[Database], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Server]]:
    """The same three for all tests, whatever they have been through."""
    folder = tmp_path_factory.mktemp("servers")
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                serving_world(
                    World(database, Settings()), folder, statement_timeout=STATEMENT_TIMEOUT
                )
            )
            for database in databases_of_nodes
        ]


@pytest.fixture(autouse=True)
def logs(servers: list[Server]) -> Iterator[None]:
    """Show what the servers logged during a test that fails."""
    before = [len(server.output) for server in servers]
    yield
    for server, length in zip(servers, before, strict=True):
        print(server.output[length:])


def ready(server: Server) -> tuple[int, str]:
    """Status of ``/health/ready``, and its word on the cluster."""
    response = get(server, "/health/ready")
    return response.status, json.loads(response.body)["checks"].get("cluster", "")


@contextmanager
def nobody_with_two_timers(worlds: Sequence[World]) -> Iterator[None]:
    """Check it on each node that answers, until the block ends."""
    ended = threading.Event()

    def watch(world: World) -> None:
        with closing(Database(world.database.url.render_as_string(hide_password=False))) as own:
            while not ended.wait(PAUSE):
                try:
                    assert_one_timer(own)
                except DBAPIError:
                    continue

    with ThreadPoolExecutor(len(worlds)) as pool:
        watching = [pool.submit(watch, world) for world in worlds]
        try:
            yield
        finally:
            ended.set()
    for each in watching:
        each.result()


def assert_nodes_agree(worlds: Sequence[World]) -> None:
    first, *others = (world.snapshot() for world in worlds)
    for other in others:
        assert other == first


def left(node: Node) -> bool:
    return node.status("wsrep_cluster_status") != "Primary"


def partition(cluster: Cluster, servers: Sequence[Server]) -> None:
    node = cluster.nodes[2]
    node.isolate(True)
    wait_until(lambda: left(node))
    wait_until(lambda: ready(servers[2]) == (503, "not ready"))
    assert ready(servers[0]) == (200, "ok")
    node.isolate(False)


def freeze(cluster: Cluster, servers: Sequence[Server]) -> None:
    node = cluster.nodes[2]
    node.freeze()
    try:
        wait_until(lambda: cluster.nodes[0].status("wsrep_cluster_size") == "2")
        wait_until(lambda: ready(servers[2])[0] == 503)
    finally:
        node.thaw()


def kill(cluster: Cluster, servers: Sequence[Server]) -> None:
    node = cluster.nodes[2]
    node.kill()
    wait_until(lambda: ready(servers[2])[0] == 503)
    node.start()


def lose_quorum(cluster: Cluster, servers: Sequence[Server]) -> None:
    last, *others = cluster.nodes
    for node in others:
        node.kill()
    wait_until(lambda: left(last))
    wait_until(lambda: ready(servers[0]) == (503, "not ready"))
    with ThreadPoolExecutor() as pool:
        list(pool.map(Node.start, others))


FAULTS = [partition, freeze, kill, lose_quorum]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault(
    cluster: Cluster,
    worlds: list[World],
    servers: list[Server],
    fault: Callable[[Cluster, Sequence[Server]], None],
    is_deep: bool,
) -> None:
    """No promised write is lost, nobody gets a second timer, and all servers recover."""
    if fault is kill and not is_deep:
        pytest.skip("only with --deep: losing the quorum kills two nodes")
    record = {
        "projectId": worlds[0].shop,
        "taskId": worlds[0].coding,
        "start": 1_700_000_000,
        "end": 1_700_000_600,
        "trackingNumber": "measured",
    }

    def write(client: Client) -> Answer:
        return client.call("setTimesheetRecord", record, False)

    workload = Workload(worlds[0], [server.url for server in servers])
    rounds = 5 if is_deep else 1
    with (
        nobody_with_two_timers(worlds),
        measuring(servers[0].url, worlds[0].key("alice"), write) as measured,
        workload.running() as invariants,
    ):
        for _ in range(rounds):
            invariants.wait_for(Outcome.DONE, 100)
            fault(cluster, servers)
            cluster.wait_until_whole()
            wait_until(lambda: [ready(server) for server in servers] == [(200, "ok")] * 3)
            invariants.wait_for(Outcome.DONE, 100)
    for world in worlds:
        invariants.check(world)
    assert_nodes_agree(worlds)
    outcomes = invariants.outcomes
    assert set(outcomes) <= {Outcome.DONE, Outcome.REFUSED, Outcome.NOT_NOW}
    print(
        f"{fault.__name__}: {invariants.total} calls, {rounds} faults, "
        f"{outcomes[Outcome.NOT_NOW]} told to try again, 0 lost writes, 0 double timers, "
        f"{measured.longest:.1f} s longest unavailability of a node that stayed"
    )


#: As many as made a twentieth fail when a call was tried six times.
CLIENTS, USERS = 9, ("alice", "ben")


def test_starts_that_race_on_all_nodes(
    worlds: list[World], servers: list[Server], is_deep: bool
) -> None:
    """Each start is certified on all nodes, or run again."""
    starts = 4_000 if is_deep else 360
    world = worlds[0]

    def start(client_index: int) -> list[float]:
        key, server = world.key(USERS[client_index % 2]), servers[client_index % 3]
        times = []
        with closing(Client(server.url, key)) as client:
            for _ in range(starts // CLIENTS):
                begun = time.monotonic()
                answer = client.call("startRecord", world.shop, world.coding)
                assert answer.done, answer
                times.append(time.monotonic() - begun)
        return times

    begun = time.monotonic()
    with nobody_with_two_timers(worlds), ThreadPoolExecutor(CLIENTS) as pool:
        times = sorted(each for times in pool.map(start, range(CLIENTS)) for each in times)
    seconds = time.monotonic() - begun
    for each in worlds:
        assert_one_timer(each.database)
    assert_nodes_agree(worlds)
    print(
        f"{len(times)} starts in {seconds:.0f} s, 0 failed; half took {times[len(times) // 2]:.2f} "
        f"s, the longest {times[-1]:.1f} s"
    )


def test_what_a_node_reads_of_the_others_writes(
    cluster: Cluster, worlds: list[World], servers: list[Server], tmp_path: Path
) -> None:
    """With ``wsrep_sync_wait=1`` every acknowledged write; without, what was applied so far."""
    world = worlds[0]
    key = world.key("alice")
    node = cluster.nodes[1]
    with (
        serving_world(worlds[1], tmp_path, wsrep_sync_wait=1) as waiting,
        closing(Client(servers[0].url, key)) as writer,
        closing(Client(servers[1].url, key)) as reader,
        closing(Client(waiting.url, key)) as patient,
        ThreadPoolExecutor(1) as pool,
    ):
        for _ in range(30):
            started = writer.call("startRecord", world.shop, world.coding).one("timeEntryID")
            assert patient.call("getActiveRecording").one("timeEntryID") == started
        # A node that applies nothing for a while.
        with node.connection() as connection, connection.cursor() as cursor:
            cursor.execute("FLUSH TABLES WITH READ LOCK")
            newer = writer.call("startRecord", world.shop, world.coding).one("timeEntryID")
            assert reader.call("getActiveRecording").one("timeEntryID") == started
            answer = pool.submit(patient.call, "getActiveRecording")
            time.sleep(1)
            assert not answer.done()
            cursor.execute("UNLOCK TABLES")
        assert answer.result().one("timeEntryID") == newer


def test_doctor_on_a_node(cluster: Cluster, worlds: list[World]) -> None:
    node = cluster.nodes[2]
    settings = Settings(database_url=node.url, secret="0123456789abcdef")

    def findings() -> dict[str, tuple[str, str]]:
        return {each.about: (each.level.value, each.text) for each in doctor.check(settings)}

    addresses = {node.address for node in cluster.nodes}
    level, text = findings()["cluster"]
    assert (level, text[:26]) == ("right", "Galera, synced, 3 members ")
    assert all(address in text for address in addresses)
    node.query("ALTER TABLE test.kimai_statuses MODIFY statusID int NOT NULL, DROP PRIMARY KEY")
    try:
        level, text = findings()["primary keys"]
        assert level == "warning" and "kimai_statuses" in text
    finally:
        node.query(
            "ALTER TABLE test.kimai_statuses ADD PRIMARY KEY (statusID), "
            "MODIFY statusID int NOT NULL AUTO_INCREMENT"
        )
    node.query("SET GLOBAL wsrep_desync=1")
    try:
        level, text = findings()["cluster"]
        assert level == "warning" and "Desynced" in text
    finally:
        node.query("SET GLOBAL wsrep_desync=0")
    node.isolate(True)
    try:
        wait_until(lambda: left(node))
        level, text = findings()["cluster"]
        assert level == "wrong" and "has lost its cluster" in text
    finally:
        node.isolate(False)


def test_health_of_a_node_that_lags(cluster: Cluster, servers: list[Server]) -> None:
    wait_until(lambda: ready(servers[2]) == (200, "ok"))
    cluster.nodes[2].query("SET GLOBAL wsrep_desync=1")
    try:
        wait_until(lambda: ready(servers[2]) == (503, "desynced"))
    finally:
        cluster.nodes[2].query("SET GLOBAL wsrep_desync=0")
    wait_until(lambda: ready(servers[2]) == (200, "ok"))
