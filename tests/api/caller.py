"""A user who calls the API, and what a test expects of the answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from support.remotes import ProtocolError
from support.world import World

#: The answer of a change that has nothing to report.
DONE = {"success": True, "items": [], "total": 0}
DENIED = "Unknown user or no permissions."


@dataclass(frozen=True)
class Caller:
    """Calls with the key of one user of the world, over one protocol."""

    remote: Any
    world: World
    name: str

    def call(self, method: str, *params: Any) -> Any:
        """The whole answer."""
        return self.remote.call(method, self.world.key(self.name), *params)

    def items(self, method: str, *params: Any) -> list[dict[str, Any]]:
        """The records of a successful answer that isn't paged."""
        answer = self.call(method, *params)
        assert answer == {
            "success": True,
            "items": answer["items"],
            "total": len(answer["items"]),
        }, answer
        return answer["items"]

    def item(self, method: str, *params: Any) -> dict[str, Any]:
        """The only record of a successful answer."""
        (record,) = self.items(method, *params)
        return record

    def does(self, method: str, *params: Any) -> None:
        """A change that succeeds and has nothing to report."""
        assert self.call(method, *params) == DONE

    def refusal(self, method: str, *params: Any) -> str:
        """The text of a failure, after which everything stored is as before."""
        before = self.world.snapshot()
        answer = self.call(method, *params)
        assert answer == {"success": False, "error": {"msg": answer["error"]["msg"]}}, answer
        assert self.world.snapshot() == before
        return answer["error"]["msg"]

    def rejection(self, method: str, *params: Any) -> str:
        """The text of a protocol's error about the request itself; nothing was stored."""
        before = self.world.snapshot()
        with pytest.raises(ProtocolError) as raised:
            self.call(method, *params)
        assert "Internal error" not in str(raised.value)
        assert self.world.snapshot() == before
        return str(raised.value)
