"""The WSGI application: which address is answered by what."""

from __future__ import annotations

import hashlib
import html
import logging
import re
import secrets
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from werkzeug import Request, Response
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    MethodNotAllowed,
    NotFound,
    UnsupportedMediaType,
)
from werkzeug.middleware.proxy_fix import ProxyFix

from ..api.audit import Origin
from ..api.desk import Desk
from ..protocols import envelope
from ..protocols.discovery import Discovery
from ..protocols.dispatch import Answer
from ..protocols.endpoints import JsonEndpoint, SoapEndpoint
from .address import address

log = logging.getLogger(__name__)

# The endpoints are found below any folder, since clients are configured with Kimai's old address.
_ENDPOINT = re.compile(r"(?P<folder>(?:/[^/]+)*)/core/(?P<name>soap|json)\.php")

#: Numbers of requests that a trusted proxy may give them.
_REQUEST_ID = re.compile(r"[\w.-]{8,64}", re.ASCII)

_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type",
    "Access-Control-Max-Age": "86400",
}


class WebApplication:
    """Routes requests to the endpoints. Safe to call from many threads.

    :param desk: what the methods work with.
    """

    def __init__(self, desk: Desk) -> None:
        self._settings = desk.settings
        discovery = Discovery()
        self._discovery = discovery
        self._soap = SoapEndpoint(desk)
        self._json = JsonEndpoint(desk, discovery)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        request.max_content_length = self._settings.max_body
        origin = self._origin(request)
        response = self._respond(request, origin)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Request-Id"] = origin.request_id
        return response(environ, start_response)

    def _origin(self, request: Request) -> Origin:
        given = request.headers.get("X-Request-Id", "")
        if self._settings.trusted_proxies and _REQUEST_ID.fullmatch(given):
            return Origin(request.remote_addr or "", given)
        return Origin(request.remote_addr or "", secrets.token_hex(8))

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
            response = _plain_error(error)
        except Exception:
            log.exception("Request %s failed", origin.request_id)
            text = f"Internal error. The administrator finds it as {origin.request_id}.\n"
            response = Response(text, 500, mimetype="text/plain")
        if is_json:
            response.headers.update(_CORS)
        return response

    def _answer_json(self, request: Request, url: str, origin: Origin) -> Response:
        if request.method == "POST":
            native = request.args.get("types") == "native"
            return _sent(self._json.post(_body(request), url, origin, native=native))
        describe = self._discovery.openrpc if "openrpc" in request.args else self._discovery.smd
        return _read_only(
            request, "application/json", lambda: msgspec.json.encode(describe(url))
        )  # fmt: skip

    def _answer_soap(self, request: Request, url: str, origin: Origin) -> Response:
        if request.method == "POST":
            try:
                content_type = request.headers.get("Content-Type", "")
                return _sent(self._soap.post(_body(request), content_type, url, origin))
            except envelope.UnsupportedMediaType:
                raise UnsupportedMediaType(
                    "Send the SOAP envelope as text/xml, without attachments."
                ) from None
        wanted = {name.lower() for name in request.args}
        if "wsdl" in wanted:
            style = request.args.get("style", self._settings.wsdl_style)
            contract = self._soap.wsdl(style)
            if contract is None:
                raise NotFound("The styles are document and rpc.")
            return _read_only(request, "text/xml", lambda: contract(url))
        return _read_only(request, "text/html", lambda: _soap_page(url))

    def _page(self, request: Request) -> Response:
        if request.path not in ("", "/"):
            raise NotFound("There are /core/soap.php?wsdl and /core/json.php here.")
        base = address(request, self._settings, "/core/soap.php").removesuffix("soap.php")
        return _read_only(request, "text/html", lambda: _start_page(base))


def wsgi_application(desk: Desk) -> Callable[..., Iterable[bytes]]:
    """The application as it is served: behind the configured number of proxies."""
    application: Any = WebApplication(desk)
    hops = desk.settings.trusted_proxies
    if hops:
        application = ProxyFix(
            application, x_for=hops, x_proto=hops, x_host=hops, x_port=hops, x_prefix=hops
        )  # fmt: skip
    return application  # type: ignore[no-any-return]


def _body(request: Request) -> bytes:
    try:
        return request.get_data(cache=False)
    except OSError:
        raise BadRequest("The request ended before its body was complete.") from None


def _sent(answer: Answer) -> Response:
    response = Response(answer.body, answer.status, content_type=answer.content_type)
    response.headers["Cache-Control"] = "no-store"
    return response


def _read_only(request: Request, mimetype: str, content: Callable[[], bytes]) -> Response:
    """What GET and HEAD answer; OPTIONS says so, other methods are not allowed."""
    allowed = ["GET", "HEAD", "POST", "OPTIONS"]
    if request.method == "OPTIONS":
        return Response(status=204, headers={"Allow": ", ".join(allowed)})
    if request.method not in ("GET", "HEAD"):
        raise MethodNotAllowed(allowed)
    body = content()
    response = Response(body, mimetype=mimetype)
    # The address in it depends on these.
    response.headers["Vary"] = "Host, X-Forwarded-Host, X-Forwarded-Proto"
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    response.headers["Cache-Control"] = "no-cache"
    return response.make_conditional(request)


def _plain_error(error: HTTPException) -> Response:
    headers = [item for item in error.get_headers() if item[0] != "Content-Type"]
    text = f"{error.name}. {error.description or ''}".strip() + "\n"
    return Response(text, error.code, headers, mimetype="text/plain")


_STYLE = (
    "<style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:42rem;"
    "margin:3rem auto;padding:0 1rem}code{overflow-wrap:anywhere}</style>"
)


def _html(title: str, body: str) -> bytes:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title>{_STYLE}</head>'
        f"<body>{body}</body></html>\n"
    ).encode()


def _start_page(base: str) -> bytes:
    base = html.escape(base)
    return _html(
        "kimai-remote",
        "<main><h1>kimai-remote</h1><p>The Kimai 1 Remote API is served here.</p><dl>"
        f'<dt>SOAP</dt><dd><a href="{base}soap.php?wsdl"><code>{base}soap.php?wsdl</code></a>'
        f'<br>as Kimai 1 had it: <a href="{base}soap.php?wsdl&amp;style=rpc"><code>…&amp;style=rpc'
        "</code></a></dd>"
        f'<dt>JSON-RPC</dt><dd><a href="{base}json.php"><code>{base}json.php</code></a>'
        f'<br>OpenRPC: <a href="{base}json.php?openrpc"><code>…?openrpc</code></a></dd>'
        "</dl></main>",
    )


def _soap_page(url: str) -> bytes:
    url = html.escape(url)
    return _html(
        "Kimai Remote API: SOAP",
        "<main><h1>Kimai Remote API: SOAP</h1><p>This address takes SOAP 1.1 requests by POST. "
        f'The contract is <a href="{url}?wsdl"><code>{url}?wsdl</code></a>.</p></main>',
    )
