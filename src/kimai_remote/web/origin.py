"""Where a request came from, and the number that its client and the log know it by."""

from __future__ import annotations

import ipaddress
import re
import secrets

from werkzeug import Request

from ..api.audit import Origin

#: Numbers that a trusted proxy may give to requests.
_REQUEST_ID = re.compile(r"[\w.-]{8,64}", re.ASCII)


def origin_of(request: Request, *, behind_proxy: bool) -> Origin:
    """The origin of a request; its number is the proxy's if there is a trusted one."""
    given = request.headers.get("X-Request-Id", "")
    known = behind_proxy and _REQUEST_ID.fullmatch(given)
    return Origin(_address(request), given if known else secrets.token_hex(8))


def _address(request: Request) -> str:
    """The client's address; a proxy's word for it may be anything, and is none then."""
    given = (request.remote_addr or "").strip()
    for text in (given, given.rpartition(":")[0].strip("[]")):  # some proxies add the port
        try:
            return str(ipaddress.ip_address(text))
        except ValueError:
            continue
    return ""
