"""The database that benchmarks run on, and a client that calls the application in process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select
from werkzeug.test import EnvironBuilder

from kimai_remote.app import create_app
from kimai_remote.storage import models as m
from support import databases
from support.world import World, build

ENVELOPE = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
    '<t:{method} xmlns:t="urn:kimai-remote">{parameters}</t:{method}></e:Body></e:Envelope>'
)


@contextmanager
def benchmark_world(backend: str, directory: Path) -> Iterator[World]:
    """The test data in a database of its own on this backend."""
    database = databases.create(backend, directory)
    try:
        databases.empty(database)
        yield build(database)
    finally:
        databases.drop(database)
        database.close()


def fill(world: World, count: int) -> None:
    """Add time entries of 15 minutes for alice until there are ``count``, newest last."""
    existing = world.execute(select(func.count(m.TimeEntry.timeEntryID)))[0][0]
    step = 10_000
    for first in range(existing, count, step):
        entries = [
            {
                "userID": world.alice,
                "projectID": world.shop,
                "activityID": world.coding,
                "start": 600_000_000 + 1000 * index,
                "end": 600_000_000 + 1000 * index + 900,
                "duration": 900,
                "description": f"Entry {index} & more",
                "comment": None,
                "rate": Decimal("60.00"),
                "fixedRate": Decimal(0),
                "statusID": 1,
                "billable": 100,
                "location": "Office",
                "trackingNumber": None,
            }
            for index in range(first, min(first + step, count))
        ]
        with world.database.engine.begin() as connection:
            connection.execute(insert(m.TimeEntry), entries)
    with world.database.engine.connect() as connection:
        if world.database.engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.exec_driver_sql(f'VACUUM ANALYZE "{world.database.prefix}timeSheet"')
        elif world.database.engine.dialect.name == "sqlite":
            connection.exec_driver_sql("ANALYZE")
        else:
            name = f"`{world.database.prefix}timeSheet`"
            connection.exec_driver_sql(f"ANALYZE TABLE {name}").all()


class Caller:
    """Calls a WSGI application in process, without a socket."""

    def __init__(self, world: World, application: Callable[..., Any] | None = None) -> None:
        self._application = application or create_app(world.service)
        self._key = world.key("alice")

    def json(self, method: str, *parameters: Any) -> bytes:
        request = {"jsonrpc": "2.0", "id": 1, "method": method}
        request["params"] = [self._key, *parameters]
        return self._post("/core/json.php", json.dumps(request), "application/json")

    def json_named(self, method: str, **parameters: Any) -> bytes:
        request = {"jsonrpc": "2.0", "id": 1, "method": method}
        request["params"] = {"apiKey": self._key, **parameters}
        return self._post("/core/json.php", json.dumps(request), "application/json")

    def spyne_json(self, method: str, **parameters: Any) -> bytes:
        """A call in the private format of Spyne's JsonDocument."""
        request = {method: {"apiKey": self._key, **parameters}}
        return self._post("/", json.dumps(request), "application/json")

    def soap(self, method: str, **parameters: Any) -> bytes:
        elements = {} if method == "getVersion" else {"apiKey": self._key, **parameters}
        inner = "".join(f"<t:{name}>{value}</t:{name}>" for name, value in elements.items())
        body = ENVELOPE.format(method=method, parameters=inner)
        return self._post("/core/soap.php", body, "text/xml")

    def _post(self, path: str, body: str, content_type: str) -> bytes:
        environ = EnvironBuilder(
            path=path, method="POST", data=body, content_type=content_type
        ).get_environ()
        statuses: list[str] = []
        content = b"".join(self._application(environ, lambda status, _: statuses.append(status)))
        if not statuses[0].startswith("200"):
            raise AssertionError(f"{statuses[0]}: {content[:500]!r}")
        return content
