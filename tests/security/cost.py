"""The cost of requests, each in a process of its own.

``python tests/security/cost.py SIZES [SHAPE …]`` prints a line of JSON for each shape and each
of the first so many sizes.
"""

from __future__ import annotations

import gc
import io
import json
import os
import resource
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from shapes import PLAIN, SERIES, SHAPES, Request

from kimai_remote.app import create_app
from kimai_remote.server.granian import trim_memory
from support.world import build_file


def send(application: Any, request: Request) -> tuple[str, int]:
    """Run a request; return its status and the length of the response."""
    path, _, query = request.path.partition("?")
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": request.content_type,
        "CONTENT_LENGTH": str(len(request.body)),
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": "kimai.test",
        "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.url_scheme": "http",
    }
    statuses: list[str] = []
    content = application(environ, lambda status, headers: statuses.append(status))
    length = sum(map(len, content))
    content.close()
    return statuses[0][:3], length


def _memory(field: str) -> int:
    """Return a size of this process in bytes: ``VmRSS``, or ``VmHWM`` for the largest."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise LookupError(field)


def _seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measure(application: Any, requests: Iterable[Request]) -> dict[str, Any]:
    """Return what requests cost in a fork of this process: seconds of the one that took longest,
    and bytes of memory at most and afterwards."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            Path("/proc/self/clear_refs").write_text("5")  # VmHWM starts anew
            memory, seconds, longest = _memory("VmRSS"), 0.0, 0
            for request in requests:
                before = _seconds()
                status, length = send(application, request)
                seconds = max(seconds, _seconds() - before)
                longest = max(longest, len(request.body))
            gc.collect()
            result = {
                "status": status,
                "longest": longest,
                "received": length,
                "seconds": seconds,
                "peak": _memory("VmHWM") - memory,
                "kept": _memory("VmRSS") - memory,
            }
            os.write(writing, json.dumps(result).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        result: dict[str, Any] = json.loads(pipe.read())
    os.waitpid(child, 0)
    return result


#: Bytes of a request: the most, and what is just below the limits of each protocol.
SIZES = (2 * 1024 * 1024, 190_000, 90_000, 400_000, 8_000)


def main(sizes: int, names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        world = build_file(Path(directory) / "kimai.sqlite3")
        world.settings = replace(world.settings, login_rate=0)
        application = create_app(world.service)
        # What is loaded once is no cost of a request.
        for shape in (PLAIN, *SHAPES.values()):
            send(application, shape(1_000))
        world.database.close()
        trim_memory()
        for name in names:
            if name in SERIES:
                print(json.dumps({"shape": name, **measure(application, SERIES[name]())}))
                continue
            for size in SIZES[:sizes]:
                request = PLAIN(size) if name == "plain" else SHAPES[name](size)
                result = measure(application, [request])
                print(json.dumps({"shape": name, **result}), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:] or ["plain", *SHAPES, *SERIES])
