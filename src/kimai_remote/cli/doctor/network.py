"""Checks of the network: address, TLS, proxies, and the public URL."""

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

from ... import __version__
from ...config import PREFIX, Settings
from ...errors import ConfigurationError
from ...server import preflight
from ..error_messages import message
from . import certificates
from .finding import Finding, right, warning, wrong

#: Seconds and bytes that a response of the public URL may take.
TIMEOUT, MAX_RESPONSE = 5, 64 * 1024


def check(settings: Settings) -> Iterator[Finding]:
    yield _address(settings)
    yield from _certificate(settings)
    yield from _proxies(settings)
    yield _login_limit(settings)
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
            f"{where}, unencrypted, for a proxy",
            "Let only the proxy reach this port: its X-Forwarded-* headers are trusted.",
        )
    return warning(
        about,
        f"{where}, unencrypted (insecure)",
        "Passwords and keys can be read in transit. Use a certificate or a proxy.",
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
            f"all users of this machine can read {settings.tls_key}",
            f"chmod o-r {settings.tls_key}",
        )


def _proxies(settings: Settings) -> Iterator[Finding]:
    about, count = "proxies", settings.trusted_proxies
    behind = settings.public_url and not settings.tls_cert
    if not count and behind and urlsplit(settings.public_url).scheme == "https":
        yield warning(
            about,
            f"{settings.public_url} is served by a proxy, but none is declared: all clients "
            "have the proxy's address, in the logs and for the limit on failed logins",
            f"Set {PREFIX}TRUSTED_PROXIES=1, and let the proxy set X-Forwarded-For.",
        )
    else:
        yield right(about, f"{count} declared" if count else "none declared")


def _login_limit(settings: Settings) -> Finding:
    about = "login limit"
    if not settings.login_rate:
        return warning(
            about,
            "any number of logins may fail",
            f"Set {PREFIX}LOGIN_RATE to the number that may fail in a minute.",
        )
    if not settings.login_limit_redis:
        text = f"{settings.login_rate} failed logins a minute, counted by each process"
        if settings.workers == 1:
            return right(about, text)
        return warning(
            about,
            f"{text} of {settings.workers}",
            f"Let Redis count for all of them: set {PREFIX}LOGIN_LIMIT_REDIS.",
        )
    try:
        problem = preflight.redis_problem(settings)
    except ConfigurationError as error:
        return wrong(about, message(error))
    if not problem:
        return right(about, f"{settings.login_rate} failed logins a minute, counted by Redis")
    advice = f"Start Redis, or set {PREFIX}LOGIN_LIMIT_REDIS to another one."
    if settings.login_limit_fallback == "refuse":
        return wrong(about, f"nobody can log in: Redis doesn't answer ({problem})", advice)
    return warning(about, f"each process counts by itself, without Redis ({problem})", advice)


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
            "Passwords and keys can be read in transit.",
        )
    if url.scheme == "https":
        yield from _shown_certificate(url)
    yield _response(settings.public_url)


def _shown_certificate(url: SplitResult) -> Iterator[Finding]:
    about = "public certificate"
    try:
        yield certificates.judged(about, certificates.of_address(url, TIMEOUT))
    except ssl.SSLError as error:
        yield wrong(
            about,
            f"clients won't trust it: {_reason(error)}",
            "Renew the certificate, or serve its whole chain.",
        )
    except OSError:
        return  # the next check reports it


def _response(public_url: str) -> Finding:
    about = "public address"
    url = f"{public_url.rstrip('/')}/core/json.php"
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "getVersion", "params": []}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 (http or https, by its setting)
    advice = "Check that the server is running and that the proxy forwards this URL to it."
    try:
        response, version = _send(request)
    except (OSError, ValueError, http.client.HTTPException, urllib.error.URLError) as error:
        return warning(about, f"{url} doesn't respond ({_reason(error)})", advice)
    result = response.get("result") if isinstance(response, dict) else None
    if not isinstance(result, str):
        return wrong(about, f"another program responds at {url}", advice)
    if version == __version__:
        return right(about, f"{public_url} runs kimai-remote {version}")
    other = f"kimai-remote {_printable(version)}" if version else f"Kimai {_printable(result)}"
    return warning(
        about,
        f"{public_url} runs {other}, but this program is kimai-remote {__version__}",
        "Restart the server after an upgrade, and check where the proxy forwards this URL to.",
    )


def _printable(text: str) -> str:
    return "".join(character for character in text[:40] if character.isprintable())


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirects: clients don't either, and they could lead anywhere."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _send(request: urllib.request.Request) -> tuple[Any, str]:
    """Return the JSON of a response of limited size and time, and the version that its header
    names; any server may have sent it.

    :raises OSError: there is no such response.
    :raises ValueError: it isn't JSON.
    """
    from ...web.routes import VERSION_HEADER  # loads what serves calls

    opener = urllib.request.build_opener(_NoRedirects)
    deadline = time.monotonic() + TIMEOUT
    body = b""
    with opener.open(request, timeout=TIMEOUT) as response:
        version = response.headers.get(VERSION_HEADER, "")
        while piece := response.read1(MAX_RESPONSE):
            body += piece
            if len(body) > MAX_RESPONSE:
                raise OSError(errno.EFBIG, "the response is too large")
            if time.monotonic() > deadline:
                raise TimeoutError(errno.ETIMEDOUT, "the response is too slow")
    return json.loads(body), version


def _reason(error: Exception) -> str:
    for name in ("verify_message", "reason", "strerror"):
        if getattr(error, name, None):
            return str(getattr(error, name))
    return str(error)
