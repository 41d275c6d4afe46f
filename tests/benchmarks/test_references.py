"""What the benchmarks compare with responds as the service does: it isn't fast by leaving
something out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy
from lxml import etree
from werkzeug.test import Client

from benchmarks import comparison, data, spyne_baseline
from benchmarks.calls import CALLS
from benchmarks.client import LAST_ID, PROTOCOLS, Call, encode
from benchmarks.cpu import DatabaseClock
from benchmarks.installations import PREFIX, Store
from benchmarks.lower_bound import LowerBound
from kimai_remote.app import create_app
from kimai_remote.config import Settings
from kimai_remote.storage.transactions import Database
from support import databases
from support.world import World

pytestmark = pytest.mark.one_database

#: Methods that respond with records, and how they are called.
READS = {title: calls[0] for title, (_, calls) in CALLS.items() if "get" in title}
WRITES = [calls for _, calls in CALLS.values() if len(calls) > 1]
#: What the service computes, rather than reads.
COMPUTED = {"duration", "formattedDuration", "wage", "wage_decimal", "servertime"}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """URL of a database with the small data."""
    path = tmp_path_factory.mktemp("bound") / "bound.sqlite3"
    databases.create_file(path, PREFIX).close()
    url = f"sqlite:///{path}"
    store = Store("sqlite", url, sqlalchemy.create_engine(url), DatabaseClock("sqlite", None, ""))
    data.fill_small(store, kimai_keys=True)
    store.engine.dispose()
    return url


@pytest.fixture(scope="module")
def both(url: str) -> Iterator[tuple[Client, Client]]:
    """The lower bound and the service, on one database."""
    database = Database(url, PREFIX)
    world = World(database, Settings(), now=1_750_003_600)
    yield Client(LowerBound("sqlite", url)), Client(create_app(world.service))
    database.close()


def respond(client: Client, protocol: str, who: str, call: Call) -> bytes:
    head, body = encode(protocol, data.KIMAI_KEYS[who], call).split(b"\r\n\r\n", 1)
    path, content_type = head.split()[1], head.partition(b"Content-Type: ")[2].split(b"\r\n")[0]
    response = client.post(path.decode(), data=body, content_type=content_type.decode())
    assert response.status_code == 200, response.text
    return response.get_data()


def result(client: Client, who: str, call: Call) -> Any:
    return json.loads(respond(client, "JSON", who, call))["result"]


def plain(items: Any) -> Any:
    """Records in one order and without what is computed; numbers alike, also those in texts.

    The service orders names as people do: 2 before 10.
    """
    if isinstance(items, list):
        return sorted(map(plain, items), key=repr)
    if isinstance(items, dict):
        return {name: plain(value) for name, value in items.items() if name not in COMPUTED}
    try:
        return float(items)
    except (TypeError, ValueError):
        return items


@pytest.mark.parametrize("title", [title for title in READS if title != "getVersion"])
def test_its_records_are_those_of_the_service(both: tuple[Client, Client], title: str) -> None:
    bound, service = (result(client, data.READER, READS[title]) for client in both)
    assert bound["success"] and service["success"]
    assert bound["total"] == int(service.get("total", len(service["items"])))
    assert bound["items"]
    assert plain(bound["items"]) == plain(service["items"])


@pytest.mark.parametrize("protocol", PROTOCOLS[1:])
@pytest.mark.parametrize("title", READS)
def test_its_soap_has_the_fields_of_the_service(
    both: tuple[Client, Client], protocol: str, title: str
) -> None:
    def fields(client: Client) -> set[Any]:
        tree = etree.fromstring(respond(client, protocol, data.READER, READS[title]))
        if protocol == "SOAP rpc":
            return {key.text for key in tree.iter("key")} - COMPUTED
        leaves = tree.xpath("//*[not(*)]")
        return {etree.QName(leaf).localname for leaf in leaves} - COMPUTED

    bound, service = map(fields, both)
    assert service <= bound  # which writes fields that are null, too
    assert service or protocol == "SOAP rpc"


@pytest.mark.parametrize("calls", WRITES, ids=lambda calls: calls[0].method)
def test_it_writes_what_the_service_writes(both: tuple[Client, Client], calls: list[Call]) -> None:
    first, second = calls

    def listed() -> dict[int, Any]:
        items = result(both[1], data.WRITER, READS["getTimesheet, 50 rows"])["items"]
        return {int(entry["timeEntryID"]): entry for entry in items}

    left = []
    for client in both:
        before = listed()
        written = result(client, data.WRITER, first)
        number = int(next(iter(written["items"][0].values())))
        assert listed().keys() - before.keys() == {number}
        given = {
            name: number if value == LAST_ID else value for name, value in second.parameters.items()
        }
        assert result(client, data.WRITER, Call(second.method, given))["success"]
        after = listed()
        assert all(int(entry["end"]) for entry in after.values())
        left.append(len(after) - len(before))
    assert left[0] == left[1]


@pytest.mark.parametrize("program", spyne_baseline.PROTOCOLS)
def test_spyne_responds(url: str, program: str) -> None:
    protocol = next(name for name, chosen in comparison.SPYNE.items() if chosen == program)
    client = Client(spyne_baseline.PROTOCOLS[program](url))
    body = respond(client, protocol, data.READER, READS["getTimesheet, 50 rows"])
    assert body.count(b"Office") == 49  # the running one has no location
