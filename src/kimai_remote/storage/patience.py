"""Connections to PostgreSQL that don't wait for ever for a server that is frozen.

The server breaks off statements that take too long, and the system notices when it is gone. Neither
helps where it is there and does nothing: its machine is suspended, its disk hangs.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

import psycopg


def connection_class(seconds: float) -> type[psycopg.Connection[Any]]:
    """A connection that closes itself when a step of the protocol takes longer."""

    class PatientConnection(psycopg.Connection[Any]):
        def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                return super().wait(_limited(gen, seconds), *args, **kwargs)
            except _Frozen:
                self.close()
                raise

    return PatientConnection


class _Frozen(psycopg.OperationalError):
    """The server doesn't answer."""


def _limited(steps: Generator[Any, Any, Any], seconds: float) -> Generator[Any, Any, Any]:
    """The steps of an exchange with the server; the driver asks again several times a second
    whether to go on waiting."""
    deadline = time.monotonic() + seconds
    ready = None
    while True:
        try:
            wanted = steps.send(ready)
        except StopIteration as end:
            return end.value
        ready = yield wanted
        if not ready and time.monotonic() > deadline:
            raise _Frozen(f"the server did not answer within {seconds:.0f} seconds")
