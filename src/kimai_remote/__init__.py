"""kimai-remote: the Kimai 1 Remote API over SOAP and JSON-RPC."""

__version__ = "0.2.0"

#: The newest release of Kimai 1. ``getVersion``, which clients compare, returns this and the
#: revision on tables that this package created.
KIMAI_VERSION = "1.3.5"

#: Revision of Kimai 1's schema that this package creates: that of its newest release, 1.3.5. The
#: branch after it, up to revision 1400, has the same tables.
SCHEMA_REVISION = 1394
