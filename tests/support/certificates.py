"""A TLS certificate for a test server, and a client context that trusts it."""

from __future__ import annotations

import ssl
from datetime import datetime
from pathlib import Path

import trustme


def certificate(
    directory: Path, name: str = "localhost", until: datetime | None = None
) -> tuple[Path, Path]:
    """Write a certificate for ``name`` and 127.0.0.1, followed by its authority's, and its key.

    :param until: when the certificate expires; by default in some years.
    :returns: paths of the certificate and the key.
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
    """Return a client context that trusts only the authority of this certificate."""
    return ssl.create_default_context(cafile=str(cert))
