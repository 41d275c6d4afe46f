"""A user who calls the API, with assertions about the responses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from support.remotes import ProtocolError, Remote
from support.world import World

#: Takes a global right from all roles.
Revoke = Callable[[str], object]
#: The response to a change that returns no records.
DONE = {"success": True, "items": [], "total": 0}
DENIED = "Unknown user or no permissions."
#: The response to an ID that isn't there, or is not to be known.
UNKNOWN = "Invalid ID"


@dataclass(frozen=True)
class Caller:
    """Calls with the key of one user of the world, over one protocol."""

    remote: Remote
    world: World
    name: str

    def call(self, method: str, *params: Any) -> Any:
        """Return the whole response."""
        return self.remote.call(method, self.world.key(self.name), *params)

    def items(self, method: str, *params: Any) -> list[dict[str, Any]]:
        """Return the records of a successful response that isn't paginated."""
        response = self.call(method, *params)
        assert response == {
            "success": True,
            "items": response["items"],
            "total": len(response["items"]),
        }, response
        items: list[dict[str, Any]] = response["items"]
        return items

    def item(self, method: str, *params: Any) -> dict[str, Any]:
        """Return the only record of a successful response."""
        (record,) = self.items(method, *params)
        return record

    def does(self, method: str, *params: Any) -> None:
        """Expect that a change succeeds and returns no records."""
        assert self.call(method, *params) == DONE

    def refusal(self, method: str, *params: Any) -> str:
        """Expect a failure that changes nothing stored; return its text."""
        before = self.world.snapshot()
        response = self.call(method, *params)
        assert response == {"success": False, "error": {"msg": response["error"]["msg"]}}, response
        assert self.world.snapshot() == before
        text: str = response["error"]["msg"]
        return text

    def rejection(self, method: str, *params: Any) -> str:
        """Expect a protocol error that changes nothing stored; return its text."""
        before = self.world.snapshot()
        with pytest.raises(ProtocolError) as raised:
            self.call(method, *params)
        assert "Internal error" not in str(raised.value)
        assert self.world.snapshot() == before
        return str(raised.value)
