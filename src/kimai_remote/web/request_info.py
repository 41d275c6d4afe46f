"""Where a request came from, and the number that its client and the log know it by."""

from __future__ import annotations

import ipaddress
import re
import secrets
from urllib.parse import quote

from werkzeug import Request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, RequestTimeout

from ..api.instrumentation import RequestInfo
from ..config import Settings

#: Numbers that a trusted proxy may give to requests.
_REQUEST_ID = re.compile(r"[\w.-]{8,64}", re.ASCII)


def request_info_of(request: Request, *, behind_proxy: bool) -> RequestInfo:
    """The request_info of a request; its number is the proxy's if there is a trusted one."""
    given = request.headers.get("X-Request-Id", "")
    known = behind_proxy and _REQUEST_ID.fullmatch(given)
    return RequestInfo(_address(request), given if known else secrets.token_hex(8))


def _address(request: Request) -> str:
    """The client's address; a proxy's word for it may be anything, and is none then."""
    given = (request.remote_addr or "").strip()
    for text in (given, given.rpartition(":")[0].strip("[]")):  # some proxies add the port
        try:
            return str(ipaddress.ip_address(text))
        except ValueError:
            continue
    return ""


_HOST = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_.-]{0,252})|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?", re.I | re.A
)


def address(request: Request, settings: Settings, path: str) -> str:
    """The full address of a path.

    It comes from the setting ``public_url``, else from this request alone: nothing is kept, so a
    request with somebody else's Host header can mislead nobody but its sender.

    :param path: the path below the mount point, with a leading slash.
    """
    if settings.public_url:
        base = settings.public_url.rstrip("/")
        return base + path[path.rindex("/core/") :]
    scheme = "https" if request.scheme == "https" else "http"
    # Not Werkzeug's request.host, which knows no underscore, as names of containers have it.
    host = request.environ.get("HTTP_HOST", "")
    if not _HOST.fullmatch(host):
        host = _own_host(request)
    host = host.removesuffix(":443" if scheme == "https" else ":80")
    folder = request.root_path.rstrip("/") + path
    return f"{scheme}://{host}" + quote(folder, safe="/!$&'()*+,;=:@~")


def _own_host(request: Request) -> str:
    """The server's own address; a proxy's word for it is checked like a client's."""
    server, port = request.server or ("localhost", None)
    if ":" in server:
        server = f"[{server.strip('[]')}]"
    host = server if port is None else f"{server}:{port}"
    return host if _HOST.fullmatch(host) else "localhost"


_PIECE = 64 * 1024


def read_body(request: Request, most: int) -> bytes:
    """The whole body.

    :raises RequestEntityTooLarge: it is longer than ``most`` bytes; no more than that is read.
    :raises RequestTimeout: it didn't come in time (see :mod:`kimai_remote.server.rsgi`).
    :raises BadRequest: it ended too soon.
    """
    length = request.content_length
    if length is not None and length > most:
        raise RequestEntityTooLarge(_TOO_LARGE.format(most=most))
    # Werkzeug's own limit cuts a chunked body off in silence.
    stream = request.stream
    pieces = bytearray()
    try:
        while piece := stream.read(min(_PIECE, most + 1 - len(pieces))):
            pieces += piece
            if len(pieces) > most:
                raise RequestEntityTooLarge(_TOO_LARGE.format(most=most))
    except TimeoutError:
        raise RequestTimeout(_TOO_SLOW) from None
    except OSError:
        raise BadRequest(_CUT_SHORT) from None
    if length is not None and len(pieces) < length:
        raise BadRequest(_CUT_SHORT)
    return bytes(pieces)


_TOO_LARGE = "A request may have {most} bytes here."
_TOO_SLOW = "The request's body didn't come in time."
_CUT_SHORT = "The request ended before its body was complete."
