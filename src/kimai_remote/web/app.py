"""The WSGI application: which address is answered by what."""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException, NotFound, UnsupportedMediaType
from werkzeug.middleware.proxy_fix import ProxyFix

from ..api.access import AccessLog
from ..api.audit import Origin
from ..api.desk import Desk
from ..api.observing import Observer
from ..api.readiness import Readiness
from ..protocols import envelope
from ..protocols.discovery import Discovery
from ..protocols.endpoints import JsonEndpoint, SoapEndpoint
from . import assets, body, headers, health, metrics_reader, pages, responses
from .address import address
from .origin import origin_of

if TYPE_CHECKING:
    from .metrics import Metrics

log = logging.getLogger(__name__)

# The endpoints are found below any folder, since clients are configured with Kimai's old address.
_ENDPOINT = re.compile(r"(?P<folder>(?:/[^/]+)*)/core/(?P<name>soap|json)\.php")


METRICS = "/metrics"
#: Addresses that have to answer while all threads wait for the database.
PROMPT = frozenset({health.LIVE, health.READY, METRICS})


class WebApplication:
    """Routes requests to the endpoints. Safe to call from many threads.

    :param desk: what the methods work with.
    """

    def __init__(self, desk: Desk) -> None:
        self._settings = desk.settings
        observers: list[Observer] = [AccessLog()] if desk.settings.access_log else []
        metrics = None
        if desk.settings.has_metrics:
            from .metrics import Metrics  # takes its time to load

            try:
                metrics = Metrics(desk)
                observers.append(metrics)
            except OSError as error:
                # Figures aren't worth a server that doesn't start.
                log.error("Nothing is measured, since figures can't be kept: %s", error)
        desk = replace(desk, observers=(*desk.observers, *observers))
        self._discovery = Discovery()
        self._soap = SoapEndpoint(desk)
        self._json = JsonEndpoint(desk, self._discovery)
        #: What is answered at addresses other than the endpoints'.
        state = health.Health(Readiness(desk.database))
        self._pages: dict[str, Callable[[Request], Response]] = {
            **assets.pages(),
            health.LIVE: state.live,
            health.READY: state.ready,
        }
        if metrics is not None:
            self._pages[METRICS] = functools.partial(self._show_metrics, metrics)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        origin = origin_of(request, behind_proxy=self._settings.trusted_proxies > 0)
        response = self._respond(request, origin)
        headers.secure(response)
        response.headers["X-Request-Id"] = origin.request_id
        return response(environ, start_response)

    def _respond(self, request: Request, origin: Origin) -> Response:
        found = _ENDPOINT.fullmatch(request.path)
        is_json = found is not None and found["name"] == "json"
        try:
            if found is None:
                response = self._page(request)
            else:
                url = address(request, self._settings, request.path)
                answer = self._answer_json if is_json else self._answer_soap
                response = answer(request, url, origin)
        except HTTPException as error:
            response = responses.failed(error)
        except Exception:
            log.exception("Request %s failed", origin.request_id)
            text = f"Internal error. The administrator finds it as {origin.request_id}.\n"
            response = Response(text, 500, mimetype="text/plain")
        if is_json:
            response.headers.update(responses.CORS)
        return response

    def _answer_json(self, request: Request, url: str, origin: Origin) -> Response:
        if request.method == "POST":
            content = body.read(request, self._settings.max_body)
            native = request.args.get("types") == "native"
            return responses.answered(self._json.post(content, url, origin, native=native))
        describe = self._discovery.openrpc if "openrpc" in request.args else self._discovery.smd
        return responses.described(
            request, "application/json", lambda: msgspec.json.encode(describe(url))
        )

    def _answer_soap(self, request: Request, url: str, origin: Origin) -> Response:
        if request.method == "POST":
            content = body.read(request, self._settings.max_body)
            content_type = request.headers.get("Content-Type", "")
            try:
                return responses.answered(self._soap.post(content, content_type, url, origin))
            except envelope.UnsupportedMediaType:
                raise UnsupportedMediaType(
                    "Send the SOAP envelope as text/xml, without attachments."
                ) from None
        asked = {name.lower(): value for name, value in request.args.items()}
        if "wsdl" in asked:
            contract = self._soap.wsdl(asked.get("style", self._settings.wsdl_style).lower())
            if contract is None:
                raise NotFound("The styles are document and rpc.")
            return responses.described(request, "text/xml", lambda: contract(url))
        # Below a folder that no proxy declared, nobody can say where the console is.
        console = "../" if request.path.startswith("/core/") else None
        return responses.described(request, "text/html", lambda: pages.soap(url, console))

    def _page(self, request: Request) -> Response:
        page = self._pages.get(request.path or "/")
        if page is None:
            raise NotFound("There are /core/soap.php?wsdl and /core/json.php here.")
        return page(request)

    def _show_metrics(self, metrics: Metrics, request: Request) -> Response:
        metrics_reader.check(request, self._settings)

        def answer() -> Response:
            content, content_type = metrics.write(request.headers.get("Accept", ""))
            return Response(content, content_type=content_type)

        return responses.reading(request, answer)


def wsgi_application(desk: Desk) -> Callable[..., Iterable[bytes]]:
    """The application as it is served: behind the configured number of proxies."""
    application: Any = WebApplication(desk)
    hops = desk.settings.trusted_proxies
    if hops:
        application = ProxyFix(
            application, x_for=hops, x_proto=hops, x_host=hops, x_port=hops, x_prefix=hops
        )  # fmt: skip
    return application  # type: ignore[no-any-return]
