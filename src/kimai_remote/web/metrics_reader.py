"""Who may read ``/metrics``."""

from __future__ import annotations

import hmac
import ipaddress

from werkzeug import Request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from ..config import Settings

#: Whoever sends one of these speaks for somebody else.
_FORWARDING = ("X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via", "X-Forwarded-Host")


def check(request: Request, settings: Settings) -> None:
    """:raises Unauthorized: the token is missing or wrong.
    :raises Forbidden: there is no token, and the reader isn't in one of the networks.
    """
    if settings.metrics_token:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        is_right = hmac.compare_digest(given.strip().encode(), settings.metrics_token.encode())
        if scheme.lower() == "bearer" and is_right:
            return
    if _is_near(request, settings):
        return
    if settings.metrics_token:
        raise Unauthorized(
            "Send the metrics token as a bearer token.",
            www_authenticate=WWWAuthenticate("bearer"),
        )
    raise Forbidden("The settings metrics_from and metrics_token say who may read this.")


def _is_near(request: Request, settings: Settings) -> bool:
    # From a proxy that nobody declared, or past one that was: then the address is that of a proxy
    # and says nothing of who is behind it.
    forwarded = request.headers.get("X-Forwarded-For", "")
    hops = len(forwarded.split(",")) if forwarded.strip() else 0
    is_forwarded = any(name in request.headers for name in _FORWARDING)
    if is_forwarded and (not settings.trusted_proxies or hops < settings.trusted_proxies):
        return False
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in network for network in settings.metrics_networks)
