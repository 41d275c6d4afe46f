"""The server: Granian, with one or several worker processes."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from ..app import create_app
from ..config import Settings
from ..errors import KimaiRemoteError
from ..web import health
from . import demo_data, metrics_multiprocess, preflight
from .bootstrap import OtherSecret, open_service
from .logging import check_audit_log, configure, dict_config
from .rsgi import RsgiAdapter

if TYPE_CHECKING:
    from ..api.execution import Service

log = logging.getLogger(__name__)


def run(settings: Settings, reread: Callable[[], Settings], ready: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; calls in progress are finished first.

    :param reread: reads the settings anew, for SIGHUP.
    :param ready: called when the server is about to accept requests.
    """
    configure(settings)
    preflight.warn_without_redis(settings)
    with metrics_multiprocess.folder():
        if settings.has_metrics:
            from ..web import metrics  # noqa: F401 (once for all processes)
        server = _Server(settings, reread)
        server.on_startup(ready)
        server.serve(target_loader=server.loader, wrap_loader=False)


class _Server(Server):  # type: ignore[misc, valid-type]
    """Granian, which replaces its workers one by one on SIGHUP."""

    def __init__(self, settings: Settings, reread: Callable[[], Settings]) -> None:
        super().__init__(
            "kimai_remote",
            address=settings.host,
            port=settings.port,
            interface=Interfaces.RSGI,
            workers=settings.workers,
            backpressure=_raise_open_files(),
            # Only HTTP/1 has a deadline for a request's head; that for the body is RsgiAdapter's.
            http=HTTPModes.http1,
            websockets=False,
            log_level=LogLevels.error,
            log_dictconfig=dict_config(settings),
            respawn_failed_workers=True,
            workers_kill_timeout=30,
        )
        self.loader = _Loader(settings)
        self._reread = reread
        self._use(settings)

    def _use(self, settings: Settings) -> None:
        """Start workers with these settings from now on."""
        self.loader.settings = settings
        self.log_config = dict_config(settings)
        self.http1_settings = HTTP1Settings(header_read_timeout=settings.client_timeout * 1000)
        self.build_ssl_context(
            Path(settings.tls_cert) if settings.tls_cert else None,
            Path(settings.tls_key) if settings.tls_key else None,
            None,
            # Programs of Kimai 1's time often know no newer one.
            SSLProtocols.tls12,
            None,
            [],
            False,
        )

    def signal_handler_reload(self, *signal: Any) -> None:
        """Reload with the settings as they are now; if they are wrong, go on as before."""
        before = self.loader.settings
        try:
            # These belong to the server, and not to its workers.
            fixed = {name: getattr(before, name) for name in ("host", "port", "workers")}
            settings = replace(self._reread(), **fixed)
            preflight.check_tls(settings)
            preflight.check_protection(settings)
            check_audit_log(settings)
            _check_service(settings)
            self._use(settings)
            configure(settings)
        except Exception as error:
            # Whatever it is: raised here, it would end the server and leave its processes.
            detail = None if isinstance(error, KimaiRemoteError) else error
            self._use(before)
            log.error("Not reloaded, the processes go on as they are: %s", error, exc_info=detail)
            return
        log.info("Reloading: each process is replaced by a new one")
        super().signal_handler_reload(*signal)


def _check_service(settings: Settings) -> None:
    """:raises ConfigurationError: no service can be made of the settings, other machines would
    reach demo accounts, or the database's servers have another secret."""
    service = open_service(settings)
    try:
        _check_secret(service)
        if preflight.exposed_by(service.settings):
            demo_data.check_accounts(service)
    finally:
        service.database.close()


def _check_secret(service: Service) -> None:
    """:raises OtherSecret: the database's servers have another secret, if it says so in time."""
    if health.probe(service).check().checks[health.SECRET] == health.OTHER:
        raise OtherSecret(service.settings, service.database)


#: Connections that one worker has open at a time; more of them wait.
MAX_CONNECTIONS = 8192


def _raise_open_files() -> int:
    """Raise the limit on open files as far as allowed, since each connection is one.

    :returns: a number of connections that leaves enough files for the database and long responses.
    """
    try:
        import resource  # not on Windows
    except ImportError:
        return MAX_CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * MAX_CONNECTIONS if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    if hard == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(128, min(MAX_CONNECTIONS, hard // 2))


class _Loader:
    """Creates the application in each worker; it is pickled."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def __call__(self) -> Any:
        _end_with_server()
        configure(self.settings)
        _share_heaps()
        try:
            service = open_service(self.settings)
            # Read anew from its file; a login would make the keys of the others invalid.
            _check_secret(service)
            service.database.close()  # the first call opens a connection
            application = RsgiAdapter(
                create_app(service, metrics_multiprocess.of_this_process()),
                service.settings,
                health.PROMPT_PATHS,
            )
        except Exception as error:
            detail = None if isinstance(error, KimaiRemoteError) else error
            log.critical("A server process can't start: %s", error, exc_info=detail)
            raise SystemExit(1) from None
        trim_memory()
        return application


def _end_with_server() -> None:
    """End this worker on SIGTERM, and when the server that started it is gone."""
    server = multiprocessing.parent_process()
    if server is None:
        return

    def follow() -> None:
        # A worker whose server was killed would keep the port that the next server needs.
        server.join()
        os.kill(os.getpid(), signal.SIGTERM)

    # The server's handlers are inherited; here they would ignore an end before all is ready.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the server's alone
    threading.Thread(target=follow, daemon=True).start()


#: glibc's number for a parameter, and the heaps that all threads share.
_M_ARENA_MAX, _HEAPS = -8, 2
#: Its number for another, and the bytes of a block that is returned as soon as it is free.
_M_MMAP_THRESHOLD, _LARGE = -3, 128 * 1024


def _share_heaps() -> None:
    """Have threads share heaps: each would keep what its longest request or response took. Needs
    glibc."""
    with contextlib.suppress(OSError, AttributeError):  # not glibc
        allocator = ctypes.CDLL(None)
        allocator.mallopt(_M_ARENA_MAX, _HEAPS)
        allocator.mallopt(_M_MMAP_THRESHOLD, _LARGE)


def trim_memory() -> None:
    """Return unused memory to the system: a sixth of what the start took. Needs glibc."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # not glibc
        ctypes.CDLL(None).malloc_trim(0)
