"""What is seen from outside: address, TLS, proxies, the public address."""

from __future__ import annotations

import errno
import http.client
import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from ... import SCHEMA_REVISION, __version__
from ...config import PREFIX, Settings
from ...errors import ConfigurationError
from ...server import preflight
from . import certificates
from .finding import Finding, right, warning, wrong

#: Seconds that the public address has to answer in, and bytes that it may answer.
PATIENCE, LONGEST = 5, 64 * 1024


def check(settings: Settings) -> Iterator[Finding]:
    yield _address(settings)
    yield from _certificate(settings)
    yield from _proxies(settings)
    yield from _public_url(settings)


def _address(settings: Settings) -> Finding:
    about, where = "address", f"{settings.host} port {settings.port}"
    try:
        preflight.check_protection(settings)
    except ConfigurationError as error:
        return wrong(about, str(error))
    if preflight.is_loopback(settings.host) or settings.tls_cert:
        return right(about, f"{where}, {preflight.scheme(settings).upper()}")
    if settings.trusted_proxies:
        return warning(
            about,
            f"{where}, in the clear, for a proxy",
            "See that nobody but the proxy can reach this port: its X-Forwarded-* are believed.",
        )
    return warning(
        about,
        f"{where}, in the clear (insecure)",
        "Passwords and keys can be read on the way; use a certificate or a proxy.",
    )


def _certificate(settings: Settings) -> Iterator[Finding]:
    about = "certificate"
    if not settings.tls_cert and not settings.tls_key:
        return
    try:
        preflight.check_tls(settings)
        yield certificates.judged(about, certificates.of_files(settings.tls_cert, settings.tls_key))
    except ConfigurationError as error:
        yield wrong(about, str(error))
    except ssl.SSLError as error:
        yield wrong(about, f"{settings.tls_cert}: {_reason(error)}", "Renew the certificate.")
    if Path(settings.tls_key).exists() and Path(settings.tls_key).stat().st_mode & 0o004:
        yield wrong(
            "private key",
            f"anybody on this machine may read {settings.tls_key}",
            f"chmod o-r {settings.tls_key}",
        )


def _proxies(settings: Settings) -> Iterator[Finding]:
    about, count = "proxies", settings.trusted_proxies
    behind = settings.public_url and not settings.tls_cert
    if not count and behind and urlsplit(settings.public_url).scheme == "https":
        yield warning(
            about,
            f"{settings.public_url} is served by a proxy, but none is declared: all clients "
            "have its address, for the limit on failed logins and in the logs",
            f"Set {PREFIX}TRUSTED_PROXIES=1, and see that the proxy sets X-Forwarded-For.",
        )
    else:
        yield right(about, f"{count} declared" if count else "none declared")


def _public_url(settings: Settings) -> Iterator[Finding]:
    about = "public address"
    if not settings.public_url:
        yield right(about, "taken from each request")
        return
    url = urlsplit(settings.public_url)
    if url.scheme == "http" and not preflight.is_loopback(url.hostname or ""):
        yield warning(
            about,
            f"{settings.public_url} isn't https",
            "Passwords and keys can be read on the way.",
        )
    if url.scheme == "https":
        yield from _shown_certificate(url)
    yield _answer(settings.public_url)


def _shown_certificate(url: SplitResult) -> Iterator[Finding]:
    about = "public certificate"
    try:
        yield certificates.judged(about, certificates.of_address(url, PATIENCE))
    except ssl.SSLError as error:
        yield wrong(
            about,
            f"clients won't believe it: {_reason(error)}",
            "Renew the certificate, or give its whole chain.",
        )
    except OSError:
        return  # said by the next one


def _answer(public_url: str) -> Finding:
    about = "public address"
    address = f"{public_url.rstrip('/')}/core/json.php"
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "getVersion", "params": []}).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})  # noqa: S310 (http or https, by its setting)
    advice = "Is the server running, and does the proxy pass this address on to it?"
    try:
        answer = _asked(request)
    except (OSError, ValueError, http.client.HTTPException, urllib.error.URLError) as error:
        return warning(about, f"{address} doesn't answer ({_reason(error)})", advice)
    result = answer.get("result") if isinstance(answer, dict) else None
    if isinstance(result, str):
        result = "".join(character for character in result if character.isprintable())
    if result == f"{__version__}-{SCHEMA_REVISION}":
        return right(about, f"{public_url} answers {result}")
    if isinstance(result, str):
        return warning(
            about,
            f"{public_url} answers {result[:40]}, this program is {__version__}",
            "Restart the server after an upgrade.",
        )
    return wrong(about, f"something else answers at {address}", advice)


class _Straight(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: clients don't, and it could lead anywhere."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _asked(request: urllib.request.Request) -> Any:
    """What an address answers, if it is short and comes soon; whoever answers may be anybody.

    :raises OSError: it doesn't answer so.
    :raises ValueError: not JSON.
    """
    opener = urllib.request.build_opener(_Straight)
    deadline = time.monotonic() + PATIENCE
    body = b""
    with opener.open(request, timeout=PATIENCE) as response:
        while piece := response.read1(LONGEST):
            body += piece
            if len(body) > LONGEST:
                raise OSError(errno.EFBIG, "it answers without end")
            if time.monotonic() > deadline:
                raise TimeoutError(errno.ETIMEDOUT, "it answers too slowly")
    return json.loads(body)


def _reason(error: Exception) -> str:
    for name in ("verify_message", "reason", "strerror"):
        if getattr(error, name, None):
            return str(getattr(error, name))
    return str(error)
