"""kimai-remote: the Kimai 1 Remote API over SOAP and JSON-RPC."""

__version__ = "0.2.0"

#: Second part of the result of ``getVersion``. Kimai 1 put its schema revision there and clients
#: compare it, so it stays the revision whose schema this package reads and writes.
SCHEMA_REVISION = 1400
