"""Talking to a server process in raw bytes, and a certificate to do it in secret."""

from __future__ import annotations

import socket
import ssl
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

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


def certificate(directory: Path, name: str = "localhost") -> tuple[Path, Path]:
    """A certificate for ``name`` and 127.0.0.1 that signs itself, and its key."""
    cert, key = directory / f"{name}.crt", directory / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-keyout", key, "-out", cert, "-subj", f"/CN={name}",
         "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


def trusting(cert: Path) -> ssl.SSLContext:
    """What a client needs to trust that certificate and no other."""
    return ssl.create_default_context(cafile=str(cert))
