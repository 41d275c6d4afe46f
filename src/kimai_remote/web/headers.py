"""Headers that keep a browser from doing more with an answer than it is meant for."""

from __future__ import annotations

from werkzeug import Response

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
