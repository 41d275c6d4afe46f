"""The kinds of HTTP responses that the routes give."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from ..protocols.dispatch import Answer

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
