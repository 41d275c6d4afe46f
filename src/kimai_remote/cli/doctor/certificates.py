"""Expiry of a certificate, read in a TLS handshake since the standard library parses none."""

from __future__ import annotations

import socket
import ssl
import time
from urllib.parse import SplitResult

from ..output import count
from .finding import Finding, right, warning, wrong

#: Days before its expiry by which a certificate should have been renewed.
SOON = 14


def of_files(certificate: str, key: str) -> float:
    """Return the expiry in Unix seconds. The peer of the handshake is in this process.

    :raises ssl.SSLError: it has expired, or its key doesn't match.
    """
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.load_verify_locations(certificate)
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # whoever signed it
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    waiting = list(ends)
    while waiting:
        for end in list(waiting):
            try:
                end.do_handshake()
                waiting.remove(end)
            except ssl.SSLWantReadError:
                continue
    return _end(ends[0].getpeercert())


def of_address(url: SplitResult, seconds: float) -> float:
    """Return the expiry of the certificate of an https URL, in Unix seconds.

    :raises ssl.SSLError: a client would not trust it.
    :raises OSError: there is no response.
    """
    context = ssl.create_default_context()
    host = url.hostname or ""
    with (
        socket.create_connection((host, url.port or 443), timeout=seconds) as raw,
        context.wrap_socket(raw, server_hostname=host) as connection,
    ):
        return _end(connection.getpeercert())


def _end(certificate: object) -> float:
    if not isinstance(certificate, dict):
        raise ssl.SSLError("the server sent no certificate")
    return float(ssl.cert_time_to_seconds(str(certificate["notAfter"])))


def judged(about: str, end: float) -> Finding:
    """Return the finding for the expiry of a certificate."""
    days = int((end - time.time()) // 86_400)
    when = time.strftime("%Y-%m-%d", time.gmtime(end))
    if days < 0:
        return wrong(about, f"it expired on {when}", "Renew the certificate.")
    if days < SOON:
        return warning(
            about, f"it expires on {when}, in {count(days, 'day')}", "Renew the certificate."
        )
    return right(about, f"valid until {when}")
