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

from ..api.access_log import AccessLog
from ..api.execution import Service
from ..api.instrumentation import Observer, RequestInfo
from ..protocols import soap_envelope
from ..protocols.discovery import Discovery
from ..protocols.endpoints import JsonEndpoint, SoapEndpoint
from . import console, health, responses
from .health import ReadinessProbe
from .request_info import address, read_body, request_info_of

if TYPE_CHECKING:
    from .metrics import Metrics, ProcessFiles

log = logging.getLogger(__name__)

# The endpoints are found below any folder, since clients are configured with Kimai's old address.
_ENDPOINT = re.compile(r"(?P<folder>(?:/[^/]+)*)/core/(?P<name>soap|json)\.php")


METRICS = "/metrics"
#: Addresses that have to answer while all threads wait for the database.
PROMPT = frozenset({health.LIVE, health.READY, METRICS})


class WebApplication:
    """Routes requests to the endpoints. Safe to call from many threads.

    :param service: what the methods work with.
    """

    def __init__(self, service: Service, process_files: ProcessFiles | None = None) -> None:
        self._settings = service.settings
        observers: list[Observer] = [AccessLog()] if service.settings.access_log else []
        metrics = None
        if service.settings.has_metrics:
            from .metrics import Metrics  # takes its time to load

            try:
                metrics = Metrics(service, process_files)
                observers.append(metrics)
            except OSError as error:
                # Figures aren't worth a server that doesn't start.
                log.error("Nothing is measured, since figures can't be kept: %s", error)
        service = replace(service, observers=(*service.observers, *observers))
        self._discovery = Discovery()
        self._soap = SoapEndpoint(service)
        self._json = JsonEndpoint(service, self._discovery)
        #: What is answered at addresses other than the endpoints'.
        state = health.Health(ReadinessProbe(service.database))
        self._pages: dict[str, Callable[[Request], Response]] = {
            **console.pages(),
            health.LIVE: state.live,
            health.READY: state.ready,
        }
        if metrics is not None:
            self._pages[METRICS] = functools.partial(self._show_metrics, metrics)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        request_info = request_info_of(request, behind_proxy=self._settings.trusted_proxies > 0)
        response = self._respond(request, request_info)
        responses.secure(response)
        response.headers["X-Request-Id"] = request_info.request_id
        return response(environ, start_response)

    def _respond(self, request: Request, request_info: RequestInfo) -> Response:
        found = _ENDPOINT.fullmatch(request.path)
        is_json = found is not None and found["name"] == "json"
        try:
            if found is None:
                response = self._page(request)
            else:
                url = address(request, self._settings, request.path)
                answer = self._answer_json if is_json else self._answer_soap
                response = answer(request, url, request_info)
        except HTTPException as error:
            response = responses.failed(error)
        except Exception:
            log.exception("Request %s failed", request_info.request_id)
            text = f"Internal error. The administrator finds it as {request_info.request_id}.\n"
            response = Response(text, 500, mimetype="text/plain")
        if is_json:
            response.headers.update(responses.CORS)
        return response

    def _answer_json(self, request: Request, url: str, request_info: RequestInfo) -> Response:
        if request.method == "POST":
            content = read_body(request, self._settings.max_body)
            native = request.args.get("types") == "native"
            return responses.answered(self._json.post(content, url, request_info, native=native))
        describe = self._discovery.openrpc if "openrpc" in request.args else self._discovery.smd
        return responses.described(
            request, "application/json", lambda: msgspec.json.encode(describe(url))
        )

    def _answer_soap(self, request: Request, url: str, request_info: RequestInfo) -> Response:
        if request.method == "POST":
            content = read_body(request, self._settings.max_body)
            content_type = request.headers.get("Content-Type", "")
            try:
                return responses.answered(self._soap.post(content, content_type, url, request_info))
            except soap_envelope.UnsupportedMediaType:
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
        return responses.described(request, "text/html", lambda: responses.soap(url, console))

    def _page(self, request: Request) -> Response:
        page = self._pages.get(request.path or "/")
        if page is None:
            raise NotFound("There are /core/soap.php?wsdl and /core/json.php here.")
        return page(request)

    def _show_metrics(self, metrics: Metrics, request: Request) -> Response:
        from .metrics import authorize_metrics

        authorize_metrics(request, self._settings)

        def answer() -> Response:
            content, content_type = metrics.write(request.headers.get("Accept", ""))
            return Response(content, content_type=content_type)

        return responses.reading(request, answer)


def wsgi_application(
    service: Service, process_files: ProcessFiles | None = None
) -> Callable[..., Iterable[bytes]]:
    """The application as it is served: behind the configured number of proxies."""
    application: Any = WebApplication(service, process_files)
    hops = service.settings.trusted_proxies
    if hops:
        application = ProxyFix(
            application, x_for=hops, x_proto=hops, x_host=hops, x_port=hops, x_prefix=hops
        )
    return application  # type: ignore[no-any-return]
