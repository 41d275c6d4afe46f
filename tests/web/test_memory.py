"""The memory of a server that is used for long: ``--calls N`` calls of all kinds over HTTP, after
others that warm it up."""

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
#: Calls after which a server has about all the memory that it will ever use.
WARM_UP = 4_000
#: Parts of the measured calls: memory is read after each.
PARTS = 20
#: Share of the calls with right parameters that have to succeed, over each protocol.
SUCCEEDED = 0.9
#: What a response over rpc/encoded has.
SOAP_SUCCESS = b'<key xsi:type="xsd:string">success</key><value xsi:type="xsd:boolean">true</value>'
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
        #: Calls with right parameters, by path and whether they succeeded.
        self.outcomes: Counter[tuple[str, bool]] = Counter()

    def run(self, calls: int) -> None:
        for _ in range(calls):
            ((work, _),) = self._choose.choices(WORK, [weight for _, weight in WORK])
            work(self)
        self._connection.close()

    def send(self, path: str, body: bytes | None = None, content_type: str = "") -> bytes:
        headers = {"Content-Type": content_type} if content_type else {}
        self._connection.request("GET" if body is None else "POST", path, body, headers)
        response = self._connection.getresponse()
        content = response.read()
        self.statuses[f"{path} {response.status}"] += 1
        return content

    def call(self, method: str, **parameters: Any) -> None:
        """Call a method over either protocol, and count whether it succeeds."""
        self.outcomes[self.attempt(method, **parameters)] += 1

    def attempt(self, method: str, **parameters: Any) -> tuple[str, bool]:
        """Call a method over either protocol; return its path, and whether it succeeded."""
        if self._choose.random() < 0.5:
            fields = "".join(
                f"<{name}>{_fields(value)}</{name}>" for name, value in parameters.items()
            )
            style = ' xmlns:u="urn:x"'
            body = envelope(f"<u:{method}{style}>{fields}</u:{method}>")
            content = self.send("/core/soap.php", body, "text/xml")
            return "/core/soap.php", SOAP_SUCCESS in content
        return "/core/json.php", bool(self.json(method, **parameters).get("success"))

    def json(self, method: str, **parameters: Any) -> Any:
        document = {"jsonrpc": "2.0", "method": method, "params": parameters, "id": 1}
        content = self.send("/core/json.php", json.dumps(document).encode(), "application/json")
        return json.loads(content).get("result") or {}

    def read(self) -> None:
        method = self._choose.choice(("getUsers", "getCustomers", "getProjects", "getTasks"))
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
        self.attempt("authenticate", username=f"nobody{self._choose.random()}", password="x")
        self.attempt("getUsers", apiKey=str(self._choose.random()))
        self.attempt("getActiveRecording", apiKey=self._key)  # there is none
        self.attempt("setTimesheetRecord", apiKey=self._key, record={"id": -1}, doUpdate=True)

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
    clients = [Client(server, world, number) for number in range(CLIENTS)]

    def statuses() -> Counter[str]:
        return sum((client.statuses for client in clients), Counter())

    def run(calls: int) -> None:
        """Make about so many calls; each piece of work has two on average."""
        end = statuses().total() + calls
        while (missing := end - statuses().total()) > 0:
            works = max(1, missing // 2 // CLIENTS)
            for done in [pool.submit(client.run, works) for client in clients]:
                done.result()

    sizes = []
    with ThreadPoolExecutor(CLIENTS) as pool:
        run(WARM_UP)
        for _ in range(PARTS):
            run(request.config.getoption("calls") // PARTS)
            sizes.append(sum(map(resident, server.workers)))
    print(f"{statuses().total():,} calls: {dict(statuses().most_common(12))}")
    print("MiB:", *(f"{size / 2**20:.1f}" for size in sizes))
    outcomes = sum((client.outcomes for client in clients), Counter())
    for path in ("/core/soap.php", "/core/json.php"):
        succeeded, failed = outcomes[path, True], outcomes[path, False]
        assert succeeded >= SUCCEEDED * (succeeded + failed) > 0, (outcomes, statuses())
    quarter = PARTS // 4
    begin, end = median(sizes[:quarter]), median(sizes[-quarter:])
    assert end <= begin * (1 + GROWTH), sizes
