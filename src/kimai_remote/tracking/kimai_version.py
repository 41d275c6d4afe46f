"""The version of Kimai 1 that clients are told."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from .. import KIMAI_VERSION, SCHEMA_REVISION
from ..storage.models import Configuration
from ..storage.origin import DatabaseOrigin
from ..storage.transactions import Database


def kimai_version(database: Database) -> str:
    """Return version and revision of Kimai 1, joined by a dash, as its clients compare them.

    Kimai's own tables name both; other tables are those of the newest release.

    :raises Unavailable: the database can't be read.
    """
    version, revision = KIMAI_VERSION, str(SCHEMA_REVISION)
    if database.origin() is DatabaseOrigin.IN_PLACE:
        named = database.run(_named, writes=False)
        version, revision = named.get("version") or version, named.get("revision") or revision
    return f"{version}-{revision}"


def _named(session: Session) -> dict[str, str | None]:
    options = select(Configuration.option, Configuration.value).where(
        Configuration.option.in_(("version", "revision"))
    )
    return {row.option: row.value for row in session.execute(options)}
