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
    host = request.host
    if not _HOST.fullmatch(host):
        server, port = request.server or ("localhost", None)
        host = server if port in (None, 80, 443) else f"{server}:{port}"
    scheme = "https" if request.scheme == "https" else "http"
    folder = request.root_path.rstrip("/") + path
    return f"{scheme}://{host}" + quote(folder, safe="/!$&'()*+,;=:@")
