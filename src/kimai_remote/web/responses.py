"""The kinds of HTTP responses that the routes give."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Callable

from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from ..protocols.dispatcher import Answer

#: On everything from the JSON endpoint, so that pages of any site may call it. It has no cookies.
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type",
    "Access-Control-Max-Age": "86400",
}
_METHODS = ["GET", "HEAD", "POST", "OPTIONS"]


def answered(answer: Answer) -> Response:
    """The answer of a protocol."""
    response = Response(answer.body, answer.status, content_type=answer.content_type)
    response.content_length = answer.body.length
    response.headers["Cache-Control"] = "no-store"
    return response


def described(request: Request, mimetype: str, content: Callable[[], bytes]) -> Response:
    """What an address answers to all but POST: a description to GET and HEAD.

    :raises MethodNotAllowed: neither of them, nor OPTIONS.
    """
    if request.method == "OPTIONS":
        return Response(status=204, headers={"Allow": ", ".join(_METHODS)})
    if request.method not in ("GET", "HEAD"):
        raise MethodNotAllowed(_METHODS)
    body = content()
    response = Response(body, mimetype=mimetype)
    # The address in it depends on these.
    response.headers["Vary"] = "Host, X-Forwarded-Host, X-Forwarded-Proto, X-Forwarded-Prefix"
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    response.headers["Cache-Control"] = "no-cache"
    return response.make_conditional(request)


def reading(request: Request, answer: Callable[[], Response]) -> Response:
    """What is new each time, to GET and HEAD alone.

    :raises MethodNotAllowed: another method.
    """
    if request.method not in ("GET", "HEAD"):
        raise MethodNotAllowed(["GET", "HEAD"])
    response = answer()
    response.headers["Cache-Control"] = "no-store"
    return response


def failed(error: HTTPException) -> Response:
    """An HTTP error as a line of text."""
    headers = [item for item in error.get_headers() if item[0] != "Content-Type"]
    text = f"{error.name}. {error.description or ''}".strip() + "\n"
    return Response(text, error.code, headers, mimetype="text/plain")


#: What holds unless a page says something else of its own.
_DEFAULTS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
}


def secure(response: Response) -> None:
    """Add the headers that aren't there yet."""
    for name, value in _DEFAULTS.items():
        response.headers.setdefault(name, value)


_STYLE = (
    "<style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:42rem;"
    "margin:3rem auto;padding:0 1rem}code{overflow-wrap:anywhere}</style>"
)


def soap(url: str, console: str | None) -> bytes:
    """The page at the SOAP endpoint.

    :param console: where the console is, as seen from this page.
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
        "<main><h1>Kimai Remote API: SOAP</h1><p>This address takes SOAP 1.1 requests by POST. "
        f'The contract is <a href="{url}?wsdl"><code>{url}?wsdl</code></a>.</p>{link}</main>',
    )


def _page(title: str, body: str) -> bytes:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title>{_STYLE}</head>'
        f"<body>{body}</body></html>\n"
    ).encode()
