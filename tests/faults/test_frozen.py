"""A database server that is there and does nothing, as on a suspended machine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from faults.client import Client, Outcome
from faults.instances import Instance
from faults.serving import serving_world
from kimai_remote.storage.dialects.base import CONNECT_TIMEOUT
from support.world import World

pytestmark = pytest.mark.servers

#: Seconds that a statement may take, and so a call to a server that doesn't respond at all. New
#: connections are given up sooner.
STATEMENT_TIMEOUT = CONNECT_TIMEOUT + 1
#: Seconds of everything else.
OVERHEAD = 1
CLIENTS = 4


def test_clients_are_told_and_calls_go_on(
    own_world: World, instance: Instance, tmp_path: Path
) -> None:
    key = own_world.key("alice")
    with serving_world(own_world, tmp_path, statement_timeout=STATEMENT_TIMEOUT) as server:

        def ask(_number: int) -> Outcome:
            with closing(Client(server.url, key, STATEMENT_TIMEOUT + OVERHEAD)) as client:
                return client.call("getUsers").outcome

        def ask_all() -> set[Outcome]:
            with ThreadPoolExecutor(CLIENTS) as pool:
                return set(pool.map(ask, range(CLIENTS)))

        assert ask_all() == {Outcome.DONE}
        instance.freeze()
        try:
            assert ask_all() == {Outcome.NOT_NOW}  # over the old connections
            assert ask_all() == {Outcome.NOT_NOW}  # there is no new one
        finally:
            instance.thaw()
        assert ask_all() == {Outcome.DONE}
