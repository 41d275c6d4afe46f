"""Run a program to compare with, in the same server: Granian.

python -m benchmarks.reference_server PROGRAM PORT KIND DATABASE_URL

The program is ``lower_bound``, ``lower_bound_behind_adapter``, ``spyne_soap`` or ``spyne_json``.
"""

from __future__ import annotations

import functools
import sys
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import Server

from kimai_remote.config import Settings
from kimai_remote.server.rsgi import RsgiAdapter

from . import lower_bound, spyne_baseline

_ADAPTER = "_behind_adapter"


def load(program: str, kind: str, url: str) -> Any:
    application: Any
    if program.startswith("lower_bound"):
        application = lower_bound.LowerBound(kind, url)
    else:
        application = spyne_baseline.PROTOCOLS[program](url)
    application = functools.partial(_respond, application)
    return RsgiAdapter(application, Settings()) if program.endswith(_ADAPTER) else application


def _respond(application: Any, environ: dict[str, Any], start_response: Any) -> Any:
    if environ["REQUEST_METHOD"] == "GET":  # asks whether the server is up
        start_response("200 OK", [("Content-Length", "0")])
        return []
    return application(environ, start_response)


def main(program: str, port: str, kind: str, url: str) -> None:
    server = Server(
        "benchmarks.reference_server",
        address="127.0.0.1",
        port=int(port),
        interface=Interfaces.RSGI if program.endswith(_ADAPTER) else Interfaces.WSGI,
        workers=1,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.error,
    )
    server.serve(target_loader=functools.partial(load, program, kind, url), wrap_loader=False)


if __name__ == "__main__":
    # Of the module that the workers import, rather than of __main__.
    from benchmarks import reference_server

    reference_server.main(*sys.argv[1:])
