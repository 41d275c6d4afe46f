"""The WSGI application, composed: protocols, pages, observers, middleware."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from werkzeug.middleware.proxy_fix import ProxyFix

from .api.access_log import AccessLog
from .api.execution import Service
from .api.instrumentation import Observer
from .protocols.dispatcher import Endpoint
from .protocols.jsonrpc import JsonRpcEndpoint
from .protocols.soap import SoapEndpoint
from .web import console, health
from .web.routes import Router

if TYPE_CHECKING:
    from .web.metrics import Metrics, ProcessFiles

log = logging.getLogger(__name__)

WsgiApplication = Callable[[dict[str, Any], Any], Iterable[bytes]]

#: Each serves one protocol, under a path of its own.
PROTOCOLS: tuple[Callable[[Service], Endpoint], ...] = (SoapEndpoint, JsonRpcEndpoint)


def create_app(service: Service, process_files: ProcessFiles | None = None) -> WsgiApplication:
    """Return the application for a service.

    :param process_files: where the processes of a server add up their metrics.
    """
    settings = service.settings
    metrics = _create_metrics(service, process_files) if settings.has_metrics else None
    observers: list[Observer] = [*service.observers]
    if settings.access_log:
        observers.append(AccessLog())
    if metrics is not None:
        observers.append(metrics)
    service = replace(service, observers=tuple(observers))

    pages = console.pages() | health.pages(health.probe(service))
    if metrics is not None:
        pages |= metrics.pages(settings)

    endpoints = [protocol(service) for protocol in PROTOCOLS]
    application: Any = Router(settings, endpoints, pages)
    if proxies := settings.trusted_proxies:
        application = ProxyFix(
            application,
            x_for=proxies,
            x_proto=proxies,
            x_host=proxies,
            x_port=proxies,
            x_prefix=proxies,
        )
    return application  # type: ignore[no-any-return]


def _create_metrics(service: Service, process_files: ProcessFiles | None) -> Metrics | None:
    from .web.metrics import Metrics  # slow to load

    try:
        return Metrics(service, process_files)
    except OSError as error:
        # Metrics aren't worth a server that doesn't start.
        log.error("Nothing is measured, since metrics can't be stored: %s", error)
        return None
