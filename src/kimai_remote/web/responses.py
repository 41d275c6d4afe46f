"""Responses to all but calls: descriptions, pages and errors."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Callable

from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed, default_exceptions

from ..errors import RequestError, handling_of

#: Responds to a request for a page, whatever its method.
Page = Callable[[Request], Response]

_METHODS = ["GET", "HEAD", "POST", "OPTIONS"]


def description(request: Request, mimetype: str, content: Callable[[], bytes]) -> Response:
    """Return an endpoint's response to all but POST: a description to GET and HEAD.

    :raises MethodNotAllowed: neither of them, nor OPTIONS.
    """
    if request.method == "OPTIONS":
        return Response(status=204, headers={"Allow": ", ".join(_METHODS)})
    if request.method not in ("GET", "HEAD"):
        raise MethodNotAllowed(_METHODS)
    body = content()
    response = Response(body, mimetype=mimetype)
    # The URL in it depends on these.
    response.headers["Vary"] = "Host, X-Forwarded-Host, X-Forwarded-Proto, X-Forwarded-Prefix"
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    response.headers["Cache-Control"] = "no-cache"
    return response.make_conditional(request)


def fresh(request: Request, respond: Callable[[], Response]) -> Response:
    """Return what must not be cached, to GET and HEAD alone.

    :raises MethodNotAllowed: another method.
    """
    if request.method not in ("GET", "HEAD"):
        raise MethodNotAllowed(["GET", "HEAD"])
    response = respond()
    response.headers["Cache-Control"] = "no-store"
    return response


def http_error(error: HTTPException) -> Response:
    """Return an HTTP error as a line of text."""
    headers = [item for item in error.get_headers() if item[0] != "Content-Type"]
    text = f"{error.name}. {error.description or ''}".strip() + "\n"
    return Response(text, error.code, headers, mimetype="text/plain")


def request_error(error: RequestError) -> Response:
    """Return the response to a request that no protocol can answer."""
    status = handling_of(error).http_status
    return http_error(default_exceptions[status](str(error)))


_STYLE = (
    "<style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:42rem;"
    "margin:3rem auto;padding:0 1rem}code{overflow-wrap:anywhere}</style>"
)


def soap_page(url: str, console: str | None) -> bytes:
    """Return the page that people see at the SOAP endpoint.

    :param console: URL of the console, relative to this page.
    """
    url = html.escape(url)
    link = (
        ""
        if console is None
        else (
            f'<p>The <a href="{html.escape(console)}">console</a> calls every method by a form, '
            "and tracks time.</p>"
        )
    )
    return _page(
        "Kimai Remote API: SOAP",
        "<main><h1>Kimai Remote API: SOAP</h1><p>This address takes SOAP requests by POST. "
        f'The contract is <a href="{url}?wsdl"><code>{url}?wsdl</code></a>.</p>{link}</main>',
    )


def _page(title: str, body: str) -> bytes:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title>{_STYLE}</head>'
        f"<body>{body}</body></html>\n"
    ).encode()
