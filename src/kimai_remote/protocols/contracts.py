"""The contracts as files: ``python -m kimai_remote.protocols.contracts [directory]``.

They are those of a server with default settings, but for the URL.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from . import wsdl
from .discovery import smd
from .dispatcher import application
from .openrpc import openrpc
from .soap_document import DocumentLiteral
from .soap_version import SOAP_12

#: URL of the service by default.
BASE = "http://127.0.0.1:8000/core"


def contracts() -> dict[str, bytes]:
    """Return the content of each file by its name."""
    soap, rpc = f"{BASE}/soap.php", f"{BASE}/json.php"
    document = application(DocumentLiteral)
    return {
        "kimai-remote.wsdl": wsdl.document_literal(document).at(soap),
        "kimai-remote-soap12.wsdl": wsdl.document_literal(document, SOAP_12).at(soap),
        "kimai-remote-rpc.wsdl": wsdl.rpc_encoded().at(soap),
        "smd.json": _json(smd(rpc)),
        "openrpc.json": _json(openrpc(rpc, native=False)),
        "openrpc-native.json": _json(openrpc(rpc, native=True)),
    }


def write(directory: Path) -> list[Path]:
    """Write the files; return their paths."""
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for name, content in contracts().items():
        path = directory / name
        path.write_bytes(content)
        written.append(path)
    return written


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


if __name__ == "__main__":
    for path in write(Path(sys.argv[1] if len(sys.argv) > 1 else "wsdl")):
        print(path)
