"""The memory of a server that is used for long: ``--calls N`` calls of all kinds over HTTP."""

from __future__ import annotations

import http.client
import json
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import insert

from kimai_remote.storage import models as m
from support import world as worlds
from support.memory import resident
from support.raw_http import envelope
from support.server import Server, serving
from support.world import PASSWORD, World

pytestmark = [pytest.mark.slow, pytest.mark.one_database]

CLIENTS = 4
#: Entries of a user whose lists are long.
ENTRIES = 4000
#: Parts of the calls: memory is read after each.
PARTS = 20
#: Share by which memory may grow after the warm-up.
GROWTH = 0.05


@pytest.fixture
def used(tmp_path: Path) -> Iterator[tuple[Server, World]]:
    """A server whose user ben has many entries."""
    data = tmp_path / "data"
    data.mkdir()
    world = worlds.build_file(data / "kimai.sqlite3")
    common = {"userID": world.ben, "projectID": world.shop, "activityID": world.coding}
    rows = [
        common | {"statusID": 1, "start": start, "end": start + 1800, "comment": "x" * 200}
        for start in range(world.now - ENTRIES * 3600, world.now, 3600)
    ]
    world.execute(insert(m.TimeEntry.__table__), rows)
    world.database.close()
    environ = {"SECRET": worlds.SECRET.decode(), "LOGIN_RATE": "0"}
    variables = {f"KIMAI_REMOTE_{name}": value for name, value in environ.items()}
    with serving(tmp_path, environ=variables) as server:
        yield server, world


class Client:
    """One that keeps its connection, and removes what it adds."""

    def __init__(self, server: Server, world: World, number: int) -> None:
        self._world = world
        self._choose = random.Random(number)  # noqa: S311
        self._connection = http.client.HTTPConnection(urlsplit(server.url).netloc)
        self._user = ("alice", "ben", "root", "oscar")[number % 4]
        self._key = world.key(self._user)
        self.statuses: Counter[str] = Counter()

    def run(self, calls: int) -> None:
        for _ in range(calls):
            ((work, _),) = self._choose.choices(WORK, [weight for _, weight in WORK])
            work(self)
        self._connection.close()

    def send(self, path: str, body: bytes | None = None, kind: str = "") -> bytes:
        headers = {"Content-Type": kind} if kind else {}
        self._connection.request("GET" if body is None else "POST", path, body, headers)
        response = self._connection.getresponse()
        content = response.read()
        self.statuses[f"{path} {response.status}"] += 1
        return content

    def call(self, method: str, **parameters: Any) -> Any:
        """Call a method over either protocol; return the result over JSON."""
        if self._choose.random() < 0.5:
            fields = "".join(
                f"<{name}>{_fields(value)}</{name}>" for name, value in parameters.items()
            )
            style = ' xmlns:u="urn:x"'
            body = envelope(f"<u:{method}{style}>{fields}</u:{method}>")
            return self.send("/core/soap.php", body, "text/xml")
        return self.json(method, **parameters)

    def json(self, method: str, **parameters: Any) -> Any:
        document = {"jsonrpc": "2.0", "method": method, "params": parameters, "id": 1}
        content = self.send("/core/json.php", json.dumps(document).encode(), "application/json")
        return json.loads(content)["result"]

    def read(self) -> None:
        method = self._choose.choice(
            ("getUsers", "getCustomers", "getProjects", "getTasks", "getActiveRecording")
        )
        self.call(method, apiKey=self._key)

    def page(self) -> None:
        start = self._choose.randrange(0, ENTRIES, 25)
        self.call("getTimesheet", apiKey=self._world.key("ben"), start=start, limit=25)

    def long_list(self) -> None:
        self.call("getTimesheet", apiKey=self._world.key("ben"), start=0, limit=ENTRIES)

    def write(self) -> None:
        start = self._world.now - self._choose.randrange(10**6)
        record = {
            "start": start,
            "end": start + 60,
            "projectId": self._world.shop if self._user != "oscar" else self._world.red_project,
            "taskId": self._world.coding,
            "comment": "y" * self._choose.randrange(2000),
        }
        result = self.json("setTimesheetRecord", apiKey=self._key, record=record, doUpdate=False)
        assert result["success"], result
        added = result["items"][0]["id"]
        self.call("removeTimesheetRecord", apiKey=self._key, id=added)

    def log_in(self) -> None:
        self.call("authenticate", username=self._user, password=PASSWORD)

    def fail(self) -> None:
        self.call("authenticate", username=f"nobody{self._choose.random()}", password="x")
        self.call("getUsers", apiKey=str(self._choose.random()))
        self.call("setTimesheetRecord", apiKey=self._key, record={"id": -1}, doUpdate=True)

    def send_nonsense(self) -> None:
        noise = self._choose.randbytes(self._choose.randrange(5000))
        self.send("/core/json.php", b'[{"method": "' + noise, "application/json")
        self.send("/core/soap.php", b"<a><b>" + noise, "text/xml")
        self.send(f"/{noise[:20].hex()}")

    def batch(self) -> None:
        calls = [
            {"jsonrpc": "2.0", "method": "getProjects", "params": [self._key], "id": id_}
            for id_ in range(self._choose.randrange(1, 20))
        ]
        self.send("/core/json.php", json.dumps(calls).encode())

    def look_around(self) -> None:
        for path in ("/core/soap.php?wsdl", "/core/json.php", "/", "/health/ready", "/metrics"):
            self.send(path)


def _fields(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(f"<{name}>{_fields(item)}</{name}>" for name, item in value.items())
    return str(value).lower() if isinstance(value, bool) else str(value)


#: What clients do, and how often.
WORK = [
    (Client.read, 40),
    (Client.page, 20),
    (Client.write, 10),
    (Client.fail, 5),
    (Client.send_nonsense, 5),
    (Client.batch, 3),
    (Client.long_list, 2),
    (Client.log_in, 2),
    (Client.look_around, 1),
]


def test_memory_stays_the_same(used: tuple[Server, World], request: pytest.FixtureRequest) -> None:
    server, world = used
    calls = request.config.getoption("calls")
    clients = [Client(server, world, number) for number in range(CLIENTS)]
    sizes = []
    with ThreadPoolExecutor(CLIENTS) as pool:
        while sum(sum(client.statuses.values()) for client in clients) < calls:
            for done in [pool.submit(client.run, calls // PARTS // CLIENTS) for client in clients]:
                done.result()
            sizes.append(sum(map(resident, server.workers)))
    statuses = sum((client.statuses for client in clients), Counter())
    print(f"{statuses.total():,} calls: {dict(statuses.most_common(12))}")
    print("MiB:", *(f"{size / 2**20:.1f}" for size in sizes))
    # The first quarter warms up; of the second and the last one, the median counts.
    quarter = len(sizes) // 4
    assert quarter > 1
    warm, end = median(sizes[quarter : 2 * quarter]), median(sizes[-quarter:])
    assert end <= warm * (1 + GROWTH), sizes
