"""What is read from a request: its ID, where it came from, the URL it was sent to, its body."""

from __future__ import annotations

import ipaddress
import re
import secrets
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from werkzeug import Request, exceptions
from werkzeug.exceptions import (
    BadRequest,
    RequestEntityTooLarge,
    RequestTimeout,
    UnsupportedMediaType,
)
from werkzeug.wsgi import get_content_length, get_input_stream

from ..api.instrumentation import RequestInfo
from ..config import Settings

#: IDs that a trusted proxy may give to requests.
_REQUEST_ID = re.compile(r"[\w.-]{8,64}", re.ASCII)


def request_info_of(environ: Mapping[str, Any], *, behind_proxy: bool) -> RequestInfo:
    """Return where a request came from; its ID is the proxy's if there is a trusted one."""
    request_id = environ.get("HTTP_X_REQUEST_ID", "") if behind_proxy else ""
    if not _REQUEST_ID.fullmatch(request_id):
        request_id = secrets.token_hex(8)
    return RequestInfo(_ip_address(environ.get("REMOTE_ADDR") or ""), request_id)


@lru_cache(maxsize=1024)
def _ip_address(address: str) -> str:
    """Return the client's IP address, or "" where a proxy sent something else for it."""
    address = address.strip()
    for text in (address, address.rpartition(":")[0].strip("[]")):  # some proxies add the port
        try:
            parsed = ipaddress.ip_address(text)
        except ValueError:
            continue
        # Where a server listens for IPv6 as well, it sees those of IPv4 in it.
        return str(getattr(parsed, "ipv4_mapped", None) or parsed)
    return ""


_HOST = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_.-]{0,252})|\[[0-9a-f:.]{2,45}(?:%[\w.-]{1,32})?\])(?::\d{0,5})?",
    re.I | re.A,
)
#: With brackets and port; longer ones would fill the memory.
_LONGEST_HOST = 300


@lru_cache(maxsize=64)
def _is_host(host: str) -> bool:
    return _HOST.fullmatch(host) is not None


#: All others are unknown, and so are these in lower case.
_METHODS = frozenset(
    {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}
)


def check_head(environ: Mapping[str, Any]) -> None:
    """Refuse what HTTP/1.1 doesn't allow in the head of a request.

    :raises BadRequest: there is no Host header, or more than one, or it names no host.
    :raises NotImplemented: the method, or the coding of the body, is unknown.
    """
    if environ["REQUEST_METHOD"] not in _METHODS:
        raise exceptions.NotImplemented("The method is unknown. Methods are in upper case.")
    coding = environ.get("HTTP_TRANSFER_ENCODING")
    if coding is not None and coding.lower() != "chunked":
        raise exceptions.NotImplemented("The only Transfer-Encoding is chunked.")
    # Several headers are one with commas here. ProxyFix keeps what came before X-Forwarded-Host.
    host = environ.get("werkzeug.proxy_fix.orig", environ).get("HTTP_HOST")
    if host is None:
        is_valid = environ.get("SERVER_PROTOCOL") != "HTTP/1.1"
    else:
        is_valid = len(host) <= _LONGEST_HOST and _is_host(host)
    if not is_valid:
        raise BadRequest("Send one Host header with the name of this server.")


_SLASHES = re.compile("/{2,}")


def merge_slashes(path: str) -> str:
    """Return a path with one slash for several, as Apache and nginx read it."""
    return _SLASHES.sub("/", path)


def public_url(request: Request, settings: Settings) -> str:
    """Return the URL of an endpoint as the client sees it, without the query.

    It comes from the setting ``public_url``, else from this request alone: nothing is kept, so a
    request with somebody else's Host header can mislead nobody but its sender.
    """
    path = merge_slashes(request.path)
    if settings.public_url:
        base = settings.public_url.rstrip("/")
        return base + path[path.rindex("/core/") :]
    scheme = "https" if request.scheme == "https" else "http"
    # Not Werkzeug's request.host, which knows no underscore, as names of containers have it.
    host = request.environ.get("HTTP_HOST", "")
    if not _HOST.fullmatch(host):
        host = _own_host(request)
    host = host.removesuffix(":443" if scheme == "https" else ":80")
    path = merge_slashes(f"/{request.root_path}{path}")  # a proxy may send any prefix
    return f"{scheme}://{host}" + quote(path, safe="/!$&'()*+,;=:@~")


def _own_host(request: Request) -> str:
    """Return the server's own name and port; what a proxy sends is checked like a client's Host."""
    server, port = request.server or ("localhost", None)
    if ":" in server:
        server = f"[{server.strip('[]')}]"
    host = server if port is None else f"{server}:{port}"
    return host if _HOST.fullmatch(host) else "localhost"


_READ_SIZE = 64 * 1024


def read_body(environ: dict[str, Any], limit: int) -> bytes:
    """Return the whole body, whether it comes with a length or in chunks, compressed or not.

    :raises RequestEntityTooLarge: it is longer than ``limit`` bytes; no more than that is read.
    :raises UnsupportedMediaType: it is compressed otherwise than by gzip or deflate.
    :raises RequestTimeout: it didn't come in time (see :mod:`kimai_remote.server.rsgi`).
    :raises BadRequest: it ended too soon, or its chunks are malformed.
    """
    length = get_content_length(environ)
    if length is not None and length > limit:
        raise RequestEntityTooLarge(_TOO_LARGE.format(limit=limit))
    # Werkzeug's own limit cuts a chunked body off in silence.
    stream = get_input_stream(environ)
    chunks, size = [], 0
    try:
        while chunk := stream.read(min(_READ_SIZE, limit + 1 - size)):
            chunks.append(chunk)
            size += len(chunk)
            if size > limit:
                raise RequestEntityTooLarge(_TOO_LARGE.format(limit=limit))
    except TimeoutError:
        raise RequestTimeout(_TOO_SLOW) from None
    except OSError:
        raise BadRequest(_CUT_SHORT) from None
    if length is not None and size < length:
        raise BadRequest(_CUT_SHORT)
    return _decoded(b"".join(chunks), environ.get("HTTP_CONTENT_ENCODING", ""), limit)


class _UnknownCoding(UnsupportedMediaType):
    """415 with the codings that are read (RFC 9110, 12.5.3)."""

    def get_headers(self, *arguments: Any, **named: Any) -> list[tuple[str, str]]:
        return [*super().get_headers(*arguments, **named), ("Accept-Encoding", "gzip, deflate")]


#: The method deflate with any size of window (RFC 1950, 2.2).
_ZLIB_HEADER = re.compile(rb"[\x08\x18\x28\x38\x48\x58\x68\x78]")
#: Members of a gzip file that are read. Libraries write one.
_MAX_MEMBERS = 16


def _decoded(body: bytes, codings: str, limit: int) -> bytes:
    """Return a body without its Content-Encoding.

    :raises UnsupportedMediaType: there are other codings than one gzip or deflate.
    :raises RequestEntityTooLarge: the content is longer than ``limit`` bytes.
    :raises BadRequest: it isn't encoded so.
    """
    names = [name.strip().lower() for name in codings.split(",")]
    names = [name for name in names if name not in ("", "identity")]
    if not names:
        return body
    if len(names) > 1 or names[0] not in ("gzip", "x-gzip", "deflate"):
        raise _UnknownCoding("The only codings of a request are gzip and deflate, one at a time.")
    if names[0] != "deflate":
        window = zlib.MAX_WBITS | 16
    else:  # it has the header of zlib, but some clients leave that out
        has_header = _ZLIB_HEADER.match(body) and int.from_bytes(body[:2]) % 31 == 0
        window = zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS
    content = b""
    try:
        for _ in range(_MAX_MEMBERS):
            decoder = zlib.decompressobj(window)
            content += decoder.decompress(body, limit + 1 - len(content))
            if len(content) > limit:
                raise RequestEntityTooLarge(_TOO_LARGE.format(limit=limit))
            if not decoder.eof:
                break
            body = decoder.unused_data
            if not body:
                return content
    except zlib.error:
        pass
    raise BadRequest(f"The body isn't valid {names[0]}, or something follows it.")


_TOO_LARGE = "A request may have {limit} bytes here."
_TOO_SLOW = "The request's body didn't come in time."
_CUT_SHORT = (
    "The request ended before its body was complete, or its chunks are malformed, too many or have "
    "trailers."
)
