"""Routing of HTTP requests by path, and the headers that every response has."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException, NotFound, ServiceUnavailable
from werkzeug.routing import BaseConverter, Map, Rule

from .. import __version__
from ..api.instrumentation import RequestInfo
from ..config import Settings
from ..errors import RequestError, Unavailable
from ..protocols.dispatcher import Endpoint, ProtocolRequest, ProtocolResponse
from . import responses
from .request_info import check_head, merge_slashes, public_url, read_body, request_info_of
from .responses import Page

log = logging.getLogger(__name__)

#: Name of the header with this program's version: ``getVersion`` returns that of Kimai.
VERSION_HEADER = "X-Kimai-Remote-Version"
#: On everything from an endpoint that pages of any site may call.
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type, X-Requested-With",
    "Access-Control-Expose-Headers": f"{VERSION_HEADER}, X-Request-Id",
    "Access-Control-Max-Age": "86400",
}
#: Headers of a response that doesn't set its own.
_SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
}

#: For a year, browsers use HTTPS alone for this name, but not for names below it.
_HSTS = ("Strict-Transport-Security", "max-age=31536000")

#: Headers of the response to a call, without and with those for pages of any site.
_CALL_HEADERS = tuple(
    tuple({"Cache-Control": "no-store", **cors, **_SECURITY_HEADERS}.items()) for cors in ({}, CORS)
)
_STATUSES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}

#: Longer paths are looked up each time.
_LONGEST_PATH = 200

#: Names of headers, separated by commas.
_HEADER_NAMES = re.compile(r"[\w!#$%&'*+.^`|~, -]{1,1000}", re.ASCII)

#: Characters of a query that stay as they are in URLs of descriptions.
_IN_QUERY = "%/!$&'()*+,;=:@~?-._"


class _Folders(BaseConverter):
    """One or more folders. Clients are configured with the folder that Kimai was in."""

    regex = r"[^/]+(?:/[^/]+)*"
    part_isolating = False


@lru_cache(maxsize=8)
def _routes(endpoints: tuple[str, ...], pages: tuple[str, ...]) -> Map:
    """Return the map from paths to these; rules take long to compile. An endpoint of a protocol is
    below any folder too."""
    rules = [Rule(path, endpoint=path) for path in endpoints + pages]
    rules += [Rule(f"/<folders:folders>{path}", endpoint=path) for path in endpoints]
    return Map(rules, merge_slashes=False, converters={"folders": _Folders})


class Router:
    """The WSGI application behind the proxies. Safe to call from many threads.

    :param endpoints: one for each protocol.
    :param pages: what each other path leads to.
    """

    def __init__(
        self, settings: Settings, endpoints: Sequence[Endpoint], pages: Mapping[str, Page]
    ) -> None:
        self._settings = settings
        hsts = (_HSTS,) if settings.tls_cert else ()
        self._own_headers = ((VERSION_HEADER, __version__), *hsts)
        self._endpoints = {endpoint.path: endpoint for endpoint in endpoints}
        self._pages = pages
        self._match = _routes(tuple(self._endpoints), tuple(pages)).bind("").match
        self._find_target = lru_cache(maxsize=64)(self._match_path)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request_info = request_info_of(environ, behind_proxy=self._settings.trusted_proxies > 0)
        own_headers = (("X-Request-Id", request_info.request_id), *self._own_headers)
        cross_origin = False
        try:
            check_head(environ)
            target = self._target(environ.get("PATH_INFO", ""))
            if callable(target):
                response = target(Request(environ))
            else:
                cross_origin = target.cross_origin
                if environ["REQUEST_METHOD"] == "POST":
                    result = self._call(target, environ, request_info)
                    headers = [*_headers_of(result), *_CALL_HEADERS[cross_origin], *own_headers]
                    start_response(_STATUSES[result.status], headers)
                    return result.body
                response = self._describe(target, Request(environ), request_info)
        except HTTPException as error:
            response = responses.http_error(error)
        except RequestError as error:
            response = responses.request_error(error)
        except Unavailable as error:
            response = responses.http_error(ServiceUnavailable(str(error)))
        except Exception:
            log.exception("Request %s failed", request_info.request_id)
            text = f"Internal error. The administrator finds it as {request_info.request_id}.\n"
            response = Response(text, 500, mimetype="text/plain")
        if cross_origin:
            response.headers.update(CORS)
            if environ["REQUEST_METHOD"] == "OPTIONS":
                _allow_headers(response, environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", ""))
        for name, value in _SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.update(own_headers)
        return response(environ, start_response)

    def _target(self, path_info: str) -> Endpoint | Page:
        """Return the endpoint or page that a path leads to.

        :raises NotFound: there is none.
        """
        # Long paths would fill the memory.
        find = self._find_target if len(path_info) < _LONGEST_PATH else self._match_path
        try:
            return find(path_info)
        except NotFound:
            raise NotFound("There are /core/soap.php?wsdl and /core/json.php here.") from None

    def _match_path(self, path_info: str) -> Endpoint | Page:
        # Clients append Kimai's path to a folder that ends with a slash. A page has one path only,
        # so that whoever blocks it in a proxy has blocked it.
        path = merge_slashes(Request({"PATH_INFO": path_info}).path)
        name: str = self._match(path)[0]
        if name in self._endpoints:
            return self._endpoints[name]
        if path != path_info:
            raise NotFound
        return self._pages[name]

    def _call(
        self, endpoint: Endpoint, environ: dict[str, Any], request_info: RequestInfo
    ) -> ProtocolResponse:
        return endpoint.respond(
            ProtocolRequest(
                find_url=lambda: public_url(_request(environ), self._settings),
                query=_request(environ).args if environ.get("QUERY_STRING") else {},
                info=request_info,
                body=read_body(environ, self._settings.max_body),
                content_type=environ.get("CONTENT_TYPE", ""),
            )
        )

    def _describe(
        self, endpoint: Endpoint, request: Request, request_info: RequestInfo
    ) -> Response:
        url = public_url(request, self._settings)
        description = endpoint.describe(
            ProtocolRequest(
                find_url=lambda: url,
                query=request.args,
                query_string=quote(request.query_string, safe=_IN_QUERY),
                info=request_info,
            )
        )
        if description is not None:
            return responses.description(request, description.content_type, description.content)
        # Below a folder that no proxy declared, nobody can say where the console is.
        console = "../" if request.path.startswith("/core/") else None
        return responses.description(
            request, "text/html", lambda: responses.soap_page(url, console)
        )


def _allow_headers(response: Response, asked: str) -> None:
    """Allow the headers that a browser asks for in a preflight request: none of them changes a
    call, and there are no cookies or logins of the browser's that a site could use."""
    if _HEADER_NAMES.fullmatch(asked):
        headers = f"{CORS['Access-Control-Allow-Headers']}, {asked}"
        response.headers["Access-Control-Allow-Headers"] = headers
    response.headers["Vary"] = "Access-Control-Request-Headers"


def _request(environ: dict[str, Any]) -> Request:
    """Return a request that isn't stored in its environment: in a cycle, a large body would stay in
    memory until Python looks for cycles."""
    return Request(environ, populate_request=False)


def _headers_of(result: ProtocolResponse) -> list[tuple[str, str]]:
    headers = [("Content-Type", result.content_type)]
    if result.status != 204:  # which has no content, and may not have the header
        headers.append(("Content-Length", str(result.body.length)))
    return headers
