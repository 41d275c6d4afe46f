"""Talking to a server process in raw bytes, and a certificate to do it in secret."""

from __future__ import annotations

import socket
import ssl
import time
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import trustme

from support.processes import DEADLINE


def connect(url: str, *, seconds: float = DEADLINE) -> socket.socket:
    """A connection to a server."""
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), seconds)


def until_closed(connection: socket.socket) -> tuple[bytes, float]:
    """What the server sends until it closes, and the seconds that took."""
    started = time.monotonic()
    received = b""
    try:
        while piece := connection.recv(65_536):
            received += piece
    except ConnectionResetError:
        pass
    return received, time.monotonic() - started


def exchange(url: str, request: bytes) -> bytes:
    """The answer to one raw request; ``Connection: close`` has to be in it."""
    with connect(url) as connection:
        connection.sendall(request)
        return until_closed(connection)[0]


def certificate(
    directory: Path, name: str = "localhost", until: datetime | None = None
) -> tuple[Path, Path]:
    """A certificate for ``name`` and 127.0.0.1, followed by that of its authority, and its key.

    :param until: when it ends, if not years from now.
    """
    cert, key = directory / f"{name}.crt", directory / f"{name}.key"
    authority = trustme.CA()
    issued = authority.issue_cert(name, "127.0.0.1", not_after=until)
    pems = [*issued.cert_chain_pems, authority.cert_pem]
    cert.write_bytes(b"".join(pem.bytes() for pem in pems))
    key.write_bytes(issued.private_key_pem.bytes())
    key.chmod(0o600)
    return cert, key


def trusting(cert: Path) -> ssl.SSLContext:
    """What a client needs to trust the authority of that certificate and no other."""
    return ssl.create_default_context(cafile=str(cert))
