"""The version of Kimai 1 that clients are told."""

from __future__ import annotations

from sqlalchemy import select

from .. import KIMAI_VERSION, SCHEMA_REVISION
from ..storage.origin import DatabaseOrigin
from ..storage.prepared_statements import fetch
from ..storage.tables import configuration, word
from ..storage.transactions import Database


def kimai_version(database: Database) -> str:
    """Return version and revision of Kimai 1, joined by a dash, as its clients compare them.

    Kimai's own tables name both; other tables are those of the newest release.

    :raises Unavailable: the database can't be read.
    """
    version, revision = KIMAI_VERSION, str(SCHEMA_REVISION)
    if database.origin() is DatabaseOrigin.IN_PLACE:
        rows = database.execute(lambda connection: fetch(connection, _NAMED, {}), writes=False)
        named = {option: value for option, value in rows}  # noqa: C416 (rows are of any length)
        version, revision = named.get("version") or version, named.get("revision") or revision
    return f"{version}-{revision}"


_NAMED = select(configuration.c.option, configuration.c.value).where(
    configuration.c.option.in_([word("version"), word("revision")])
)
