"""The static files of the console, the page that people track time with in a browser.

Only the files of the package are ever served, each at a path of its own: no part of a request
becomes part of a file name.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from werkzeug import Request, Response
from werkzeug.exceptions import MethodNotAllowed

from ..responses import Page

_FOLDER = Path(__file__).parent / "static"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
#: Nothing but the console's own files, and calls to this service.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_METHODS = ["GET", "HEAD"]


def pages() -> dict[str, Page]:
    """Return the pages at ``/`` and the files that it needs, by path."""
    return {
        "/" if path.name == "index.html" else f"/console/{path.name}": _page(path)
        for path in _FOLDER.iterdir()
        if path.suffix in _TYPES
    }


def _page(path: Path) -> Page:
    content = path.read_bytes()
    etag = hashlib.sha256(content).hexdigest()[:32]

    def page(request: Request) -> Response:
        if request.method not in _METHODS:
            raise MethodNotAllowed(_METHODS)
        response = Response(content, content_type=_TYPES[path.suffix])
        response.set_etag(etag)
        # Cached, but asked for each time, so that an upgraded server never mixes with old files.
        response.headers["Cache-Control"] = "no-cache"
        response.headers["Content-Security-Policy"] = _POLICY
        return response.make_conditional(request)

    return page
