"""When a certificate expires, found with nothing but the standard library: by a handshake."""

from __future__ import annotations

import socket
import ssl
import time
from urllib.parse import SplitResult

from .finding import Finding, right, warning, wrong

#: Days before its end at which a certificate should have been renewed.
SOON = 14


def of_files(certificate: str, key: str) -> float:
    """When the certificate ends, in unix seconds. The peer of the handshake is in this process.

    :raises ssl.SSLError: it has ended, or its key doesn't match.
    """
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.load_verify_locations(certificate)
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # whoever has signed it
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
    """When the certificate ends that is shown at an https address.

    :raises ssl.SSLError: it isn't one that a client would believe.
    :raises OSError: nobody answers.
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
        raise ssl.SSLError("no certificate was shown")
    return float(ssl.cert_time_to_seconds(str(certificate["notAfter"])))


def judged(about: str, end: float) -> Finding:
    """What is to be thought of the end of a certificate."""
    days = int((end - time.time()) // 86_400)
    when = time.strftime("%Y-%m-%d", time.gmtime(end))
    if days < 0:
        return wrong(about, f"it expired on {when}", "Renew the certificate.")
    if days < SOON:
        return warning(about, f"it expires on {when}, in {days} days", "Renew the certificate.")
    return right(about, f"valid until {when}")
