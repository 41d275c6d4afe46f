"""The address of the service as a client sees it, for WSDL, SMD and OpenRPC."""

from __future__ import annotations

import re
from urllib.parse import quote

from werkzeug import Request

from ..config import Settings

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
