"""A client that classifies outcomes: done, refused, not now, or no response."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

from kimai_remote.errors import Unavailable
from support.processes import DEADLINE, allowed

#: Error message while the database can't serve a call.
NOT_NOW = str(Unavailable())
#: JSON-RPC code of that.
TRY_AGAIN = -32000
#: No call may take longer, in seconds, whatever is broken.
TIMEOUT = 15


class Unclear(AssertionError):
    """A response that no client could understand."""


class Outcome(Enum):
    """The outcome of a call."""

    DONE = "done"
    #: The failure envelope: certainly not done.
    REFUSED = "refused"
    #: The clear error of a database that can't serve.
    NOT_NOW = "not now"
    #: The connection broke: nobody knows.
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Answer:
    """The response to a call."""

    outcome: Outcome
    items: list[dict[str, Any]]
    text: str = ""

    @property
    def done(self) -> bool:
        return self.outcome is Outcome.DONE

    @property
    def uncertain(self) -> bool:
        """Whether it may have been done without the client knowing."""
        return self.outcome in (Outcome.NOT_NOW, Outcome.BROKEN)

    def one(self, name: str) -> int:
        """Return a number of the only record."""
        (record,) = self.items
        return int(record[name])


class Client:
    """One user at one server, over a connection that is kept as long as it lasts.

    :param key: the API key.
    :param timeout: seconds that a call may take.
    """

    def __init__(self, url: str, key: str, timeout: float = TIMEOUT) -> None:
        self._key = key
        self._timeout = timeout
        address = urlsplit(url).netloc
        # Longer than that, so that a slow answer is seen as such and not as a broken one.
        self._connection = http.client.HTTPConnection(address, timeout=2 * timeout + DEADLINE)

    def call(self, method: str, *params: Any) -> Answer:
        """Make one call over JSON-RPC.

        :raises Unclear: the answer is none of :class:`Outcome`, or came too late.
        """
        request = {"jsonrpc": "2.0", "method": method, "params": [self._key, *params], "id": 1}
        begun = time.monotonic()
        try:
            self._connection.request("POST", "/core/json.php", json.dumps(request))
            response = self._connection.getresponse()
            status, body = response.status, response.read()
        except TimeoutError:
            raise Unclear(f"{method} hangs") from None
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            return Answer(Outcome.BROKEN, [], repr(error))
        seconds = time.monotonic() - begun
        if seconds > allowed(self._timeout):
            raise Unclear(f"{method} took {seconds:.1f} s")
        if status != 200:
            raise Unclear(f"{method}: HTTP {status}: {body[:500]!r}")
        return _understand(method, json.loads(body))

    def close(self) -> None:
        self._connection.close()


def _understand(method: str, response: dict[str, Any]) -> Answer:
    error = response.get("error")
    if error is not None:
        if error != {"code": TRY_AGAIN, "message": NOT_NOW, "data": None}:
            raise Unclear(f"{method}: {error}")
        return Answer(Outcome.NOT_NOW, [], NOT_NOW)
    result = response["result"]
    if result["success"]:
        return Answer(Outcome.DONE, result["items"])
    return Answer(Outcome.REFUSED, [], result["error"]["msg"])
