"""A lower bound of the time: the same rows from the raw driver, rendered in the simplest way."""

from __future__ import annotations

from typing import Any

import msgspec

from support.world import World

#: By name: the alias of the table that has a column of that name, or the column itself.
COLUMNS = {
    "timeEntryID": "e",
    "start": "e",
    "end": "e",
    "duration": "e",
    "rate": "e",
    "fixedRate": "e",
    "budget": "e",
    "approved": "e",
    "projectID": "e",
    "activityID": "e",
    "userID": "e",
    "customerName": "c.name",
    "customerID": "p",
    "activityName": "a.name",
    "projectName": "p.name",
    "projectComment": "p.comment",
    "location": "e",
    "trackingNumber": "e",
    "statusID": "e",
    "status": "s",
    "billable": "e",
    "description": "e",
    "comment": "e",
    "cleared": "e",
    "commentType": "e",
    "userAlias": "u.alias",
    "userName": "u.name",
}


class LowerBound:
    """Reads alice's time entries with a DBAPI cursor of its own."""

    def __init__(self, world: World) -> None:
        engine = world.database.engine
        self._connection = engine.raw_connection()
        quote = engine.dialect.identifier_preparer.quote_identifier
        fields = [
            f"{source}.{quote(name)}" if len(source) == 1 else source
            for name, source in COLUMNS.items()
        ]

        def table(name: str, alias: str) -> str:
            return f"{quote(world.database.prefix + name)} {alias}"

        def join(name: str, alias: str, key: str, other: str) -> str:
            key = quote(key)
            return f" LEFT JOIN {table(name, alias)} ON {alias}.{key} = {other}.{key}"

        self._sql = (
            f"SELECT {', '.join(fields)} FROM {table('timeSheet', 'e')}"
            + join("projects", "p", "projectID", "e")
            + join("customers", "c", "customerID", "p")
            + join("activities", "a", "activityID", "e")
            + join("statuses", "s", "statusID", "e")
            + join("users", "u", "userID", "e")
            + f" WHERE e.{quote('userID')} = {world.alice}"
            f" ORDER BY e.start DESC, e.{quote('timeEntryID')} DESC"
        )
        self._encoder = msgspec.json.Encoder(decimal_format="number")

    def json(self) -> bytes:
        """Raw driver and msgspec."""
        names = list(COLUMNS)
        records = [dict(zip(names, row, strict=True)) for row in self._rows()]
        return self._encoder.encode({"success": True, "items": records, "total": len(records)})

    def soap(self) -> bytes:
        """Raw driver and string building."""
        names = list(COLUMNS)
        parts = []
        for row in self._rows():
            fields = [
                f"<{name}>{_escape(value) if isinstance(value, str) else value}</{name}>"
                for name, value in zip(names, row, strict=True)
            ]
            parts.append(f"<TimesheetRow>{''.join(fields)}</TimesheetRow>")
        return "".join(parts).encode()

    def close(self) -> None:
        self._connection.close()

    def _rows(self) -> list[Any]:
        cursor = self._connection.cursor()
        try:
            cursor.execute(self._sql)
            return list(cursor.fetchall())
        finally:
            cursor.close()


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
