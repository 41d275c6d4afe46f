"""Killing what changes a database between any two of its statements."""

from __future__ import annotations

import gc
import os
import random
import signal
import struct
import traceback
import warnings
from collections.abc import Callable
from typing import Any

from sqlalchemy import event, text

from kimai_remote.storage.transactions import Database

from .processes import wait_until

#: Statements that change nothing: what they find is the same as before the next one.
_READING = ("SELECT", "SHOW", "PRAGMA", "DESCRIBE", "SET")
#: How a database server lists its connections.
_CONNECTIONS = {
    "mariadb": "SELECT id FROM information_schema.processlist",
    "postgresql": "SELECT pid FROM pg_stat_activity",
}
_FAILED = 3
#: On MariaDB, where changes of a schema have many steps, each how many-th is one to kill at, from a
#: random one on; set when pytest starts.
every = 1

Work = Callable[[Database], object]


def kill_everywhere(
    database: Database,
    work: Work,
    begin: Callable[[], object],
    examine: Callable[[], object],
    completed: Callable[[], object],
    *,
    again: Work | None = None,
) -> int:
    """Kill work at its steps, examine what is left, do it again, and check the result.

    :param begin: prepares the state that work begins with.
    :param again: what is done after the kill; None for the same.
    :returns: a number that isn't less than that of steps.
    """
    stride = every if database.dialect.name == "mariadb" else 1
    step = random.randrange(stride)  # noqa: S311
    while True:
        begin()
        print(f"step {step}")
        if not killed(database, work, step):
            if again is None:
                completed()
            return step
        examine()
        (again or work)(database)
        completed()
        step += stride


def killed(database: Database, work: Callable[[Database], object], step: int) -> bool:
    """Run ``work`` in a process that is killed (SIGKILL) at one of its steps: before the end of a
    transaction, and on MariaDB, which may commit each statement, before one that changes something.
    So the state after each of them is that before the next.

    :param work: gets a database of its own, with the same URL.
    :param step: counted from 0.
    :returns: False if it ended before that step.
    """
    database.close()  # no connection is the other process's too
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads of pytest-xdist
        child = os.fork()
    if child == 0:
        status = _FAILED
        try:
            gc.disable()  # nothing of the parent's is closed
            os.close(reading)
            _work(database, work, step, writing)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writing)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as pipe:
        connections = {number for (number,) in struct.iter_unpack("q", pipe.read())}
    _wait_for_end(database, connections)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the work failed, see above"
    return False


def _work(database: Database, work: Callable[[Database], object], step: int, pipe: int) -> None:
    url = database.url.render_as_string(hide_password=False)
    own = Database(url, database.prefix, statement_timeout=0)
    left = [step]

    def count() -> None:
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1

    @event.listens_for(own.engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        if database.dialect.has_server:
            os.write(pipe, struct.pack("q", _number(connection)))

    @event.listens_for(own.engine, "before_cursor_execute")
    def execute(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        is_step = database.dialect.name == "mariadb"
        if is_step and not statement.lstrip().upper().startswith(_READING):
            count()

    @event.listens_for(own.engine, "commit")
    def commit(_connection: Any) -> None:
        count()

    work(own)


def _number(connection: Any) -> int:
    """The server's number of a connection."""
    if hasattr(connection, "thread_id"):
        return int(connection.thread_id())
    return int(connection.info.backend_pid)


def _wait_for_end(database: Database, connections: set[int]) -> None:
    """Wait until the server has rolled back what a process left."""
    if not connections:
        return

    def are_gone() -> bool:
        with database.engine.connect() as connection:
            alive = set(connection.scalars(text(_CONNECTIONS[database.dialect.name])))
        return not connections & alive

    wait_until(are_gone, lambda: f"the end of connections {connections}")
