"""Running the server: Granian, with one or several processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from ..config import Settings
from ..web.app import wsgi_application
from ..web.intake import Intake
from . import logs
from .installation import open_desk


def run(settings: Settings, ready: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; calls in progress are finished first.

    :param ready: called when the server is about to accept requests.
    """
    server = Server(
        "kimai_remote",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.RSGI,
        workers=settings.workers,
        backpressure=_raise_open_files(),
        # Only HTTP/1 has a deadline for the head of a request; the one for the body is Intake's.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=settings.client_timeout * 1000),
        websockets=False,
        log_level=LogLevels.error,
        ssl_cert=Path(settings.tls_cert) if settings.tls_cert else None,
        ssl_key=Path(settings.tls_key) if settings.tls_key else None,
        # Programs of Kimai 1's time often know no newer one.
        ssl_protocol_min=SSLProtocols.tls12,
        respawn_failed_workers=True,
        workers_kill_timeout=30,
    )
    server.on_startup(ready)
    server.serve(target_loader=_Loader(settings), wrap_loader=False)


#: Connections that one process has open at a time; more of them wait.
MOST_CONNECTIONS = 8192


def _raise_open_files() -> int:
    """Let the process open as many files as it may, since each connection is one.

    :returns: connections that leave enough of them for the database and long answers.
    """
    try:
        import resource  # not on Windows
    except ImportError:
        return MOST_CONNECTIONS
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if most == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return max(128, min(MOST_CONNECTIONS, most // 2))


class _Loader:
    """Makes the application in each server process; has to survive pickling."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __call__(self) -> Any:
        _depend_on_server()
        logs.configure(self._settings)
        return Intake(wsgi_application(open_desk(self._settings)), self._settings)


def _depend_on_server() -> None:
    """Let this worker end when it is told to, and when the server that started it is gone."""
    server = multiprocessing.parent_process()
    if server is None:
        return

    def follow() -> None:
        # A worker whose server was killed would keep the address that the next server needs.
        server.join()
        os.kill(os.getpid(), signal.SIGTERM)

    # The server's handlers are inherited; here they would ignore an end before all is ready.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=follow, daemon=True).start()
