"""The contracts as files: ``python -m kimai_remote.protocols.contracts [directory]``.

They are what a server with default settings serves; only the address differs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from . import wsdl
from .discovery import Discovery
from .dispatcher import application
from .soap_document import DocumentLiteral

#: Where the service is by default.
BASE = "http://127.0.0.1:8000/core"


def contracts() -> dict[str, bytes]:
    """The content of each file by its name."""
    discovery = Discovery()
    soap, rpc = f"{BASE}/soap.php", f"{BASE}/json.php"
    document = application(DocumentLiteral)
    return {
        "kimai-remote.wsdl": wsdl.document_literal(document).at(soap),
        "kimai-remote-rpc.wsdl": wsdl.rpc_encoded().at(soap),
        "smd.json": _json(discovery.smd(rpc)),
        "openrpc.json": _json(discovery.openrpc(rpc)),
    }


def write(directory: Path) -> list[Path]:
    """Write the files; returns them."""
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
