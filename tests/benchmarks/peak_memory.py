"""Run one call in a process of its own and print the peak memory of that process in MiB.

python peak_memory.py DATABASE_URL PREFIX KEY json|soap|idle
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from werkzeug.test import EnvironBuilder

from kimai_remote.api.execution import Service
from kimai_remote.app import create_app
from kimai_remote.config import Settings
from kimai_remote.storage.transactions import Database
from kimai_remote.tracking.authentication import ApiKeyDeriver
from kimai_remote.tracking.passwords import PasswordHasher

SECRET = b"a secret for tests only, 32 byte"
ENVELOPE = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
    '<t:getTimesheet xmlns:t="urn:kimai-remote"><t:apiKey>{key}</t:apiKey></t:getTimesheet>'
    "</e:Body></e:Envelope>"
)


def main(url: str, prefix: str, key: str, protocol: str) -> None:
    service = Service(Database(url, prefix), ApiKeyDeriver(SECRET), PasswordHasher(), Settings())
    application = create_app(service)
    call = {"jsonrpc": "2.0", "id": 1, "method": "getTimesheet", "params": [key]}
    bodies = {
        "json": ("/core/json.php", json.dumps(call), "application/json"),
        "soap": ("/core/soap.php", ENVELOPE.format(key=key), "text/xml"),
        "idle": ("/core/json.php", "{}", "application/json"),
    }
    path, body, content_type = bodies[protocol]
    builder = EnvironBuilder(path=path, method="POST", data=body, content_type=content_type)
    for _ in application(builder.get_environ(), lambda *_: None):
        pass
    # getrusage would count the peak of the process that started this one as well.
    status = Path("/proc/self/status").read_text()
    print(int(status.partition("VmHWM:")[2].split()[0]) / 1024)


if __name__ == "__main__":
    main(*sys.argv[1:])
