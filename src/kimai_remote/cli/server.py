"""Running the WSGI server: Granian, with one or several processes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from granian.constants import Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from ..config import PREFIX, Settings
from ..web.app import wsgi_application
from . import logs
from .installation import open_desk


def run(settings: Settings, ready: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; calls in progress are finished first.

    :param ready: called when the server is about to accept requests.
    """
    # Granian copies the environment into each request; passwords have no place there.
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    server = Server(
        "kimai_remote",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=settings.threads,
        http1_settings=HTTP1Settings(header_read_timeout=15_000),
        # It warns of more threads than cores, but ours mostly wait for the database.
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


class _Loader:
    """Makes the application in each server process; has to survive pickling."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __call__(self) -> Any:
        logs.configure(self._settings)
        return wsgi_application(open_desk(self._settings))
