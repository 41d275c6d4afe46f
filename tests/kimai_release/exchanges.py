"""Sending the exchanges recorded with Kimai 1.3.5 to a server; see README.md beside this file.

:mod:`.replay` decides what a difference is. Here is what it lacks: databases of our own kind, a
part of the recordings, and which declared deviations were needed.
"""

from __future__ import annotations

import json
import re
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, insert, select, text, update

from kimai_remote import SCHEMA_REVISION
from kimai_remote.storage import models as m
from kimai_remote.storage.transactions import Database
from support import kimai1
from support.openrpc_document import DOCUMENTS

from . import replay, soap_twins

HERE = Path(__file__).parent
RECORDINGS: list[dict[str, Any]] = replay.load_records(HERE / "recordings.jsonl.gz")
DATASET: dict[str, Any] = json.loads((HERE / "dataset.json").read_text("utf-8"))
DEVIATIONS: list[dict[str, Any]] = json.loads((HERE / "deviations.json").read_text("utf-8"))[
    "deviations"
]
#: Seconds before a step of rounding in which nothing is sent.
NEAR_STEP = 5
#: Of a column of type int; without strictness MariaDB stores it for larger ones.
LARGEST = 2**31 - 1


def released_tables() -> dict[str, dict[str, str]]:
    """Return the definitions of :data:`support.kimai1.TABLES` as the release makes them."""
    tables = {name: dict(columns) for name, columns in kimai1.TABLES.items()}
    tables["expenses"]["comment"] = "text"
    tables["timeSheet"]["statusID"] = "smallint(6) NOT NULL"
    for name, columns in tables.items():
        if name.startswith("groups_") or name == "projects_activities":
            columns |= {key: "int(11) NOT NULL" for key in columns if key.endswith("ID")}
    return tables


class OwnDatabase(replay.Database):
    """A database with our tables that holds the dataset as after an import."""

    def __init__(self, database: Database) -> None:
        # Not replay's, which connects to MariaDB.
        self.database = database
        self._models: dict[str, Table] = {
            m.plain_name(table): table for table in m.Base.metadata.sorted_tables
        }
        self.tables = {
            name: self._importable(name, rows) for name, rows in DATASET["tables"].items()
        }
        self.keys = {row["apikey"] for row in self.tables["users"] if row.get("apikey")}
        self.known = {}
        self.touched = set()

    def fill(self) -> None:
        """Put the dataset's rows in place of all rows, as an import would."""
        order = [name for name in self._models if name in self.tables]
        with self.database.begin() as connection:
            for name in reversed(order):
                connection.execute(delete(self._models[name]))
            for name in order:
                connection.execute(insert(self._models[name]), self.tables[name])
        self.adopt()

    def adopt(self) -> None:
        """Take the rows that are there for those that :meth:`reset` restores."""
        with self.database.begin() as connection:
            self.known = {name: self._rows(connection, name) for name in self.tables}
            self._renumber_tables(connection)

    def change(self, changes: list[dict[str, Any]]) -> None:
        with self.database.begin() as connection:
            for change in changes:
                name = change["table"]
                table = self._models[name]
                self.touched.add(name)
                if "insert" in change:
                    self._put(connection, name, self._complete(name, change["insert"]))
                    # MariaDB and SQLite do this on their own.
                    self.database.dialect.after_import(connection, table)
                elif "delete" in change:
                    condition = _equal(table, change["delete"], change["delete"])
                    connection.execute(delete(table).where(condition))
                else:
                    condition = _equal(table, change["where"], change["where"])
                    connection.execute(update(table).where(condition).values(change["set"]))

    def reset(self) -> None:
        with self.database.begin() as connection:
            for name in (*replay.WRITTEN, *sorted(self.touched - set(replay.WRITTEN))):
                now, then = self._rows(connection, name), self.known[name]
                for key in now.keys() - then.keys():
                    self._remove(connection, name, now[key])
                for key, row in then.items():
                    if now.get(key) != row:
                        self._put(connection, name, row)
            self._renumber_tables(connection)
        self.touched.clear()

    def _put(self, connection: Connection, name: str, row: dict[str, Any]) -> None:
        """Insert a row, or change the one with its key, which others may refer to."""
        table = self._models[name]
        changed = 0
        if columns := replay.KEY_COLUMNS[name]:
            condition = _equal(table, row, columns)
            changed = connection.execute(update(table).where(condition).values(row)).rowcount
        if not changed:
            connection.execute(insert(table), row)

    def _remove(self, connection: Connection, name: str, row: dict[str, Any]) -> None:
        table = self._models[name]
        columns = replay.KEY_COLUMNS[name] or tuple(row)
        connection.execute(delete(table).where(_equal(table, row, columns)))

    def _read(self, table: str) -> dict[tuple[Any, ...], dict[str, Any]]:
        with self.database.engine.connect() as connection:
            return self._rows(connection, table)

    def _rows(self, connection: Connection, name: str) -> dict[tuple[Any, ...], dict[str, Any]]:
        rows = {}
        for record in connection.execute(select(self._models[name])).mappings():
            row = {column: replay.plain(value) for column, value in record.items()}
            columns = replay.KEY_COLUMNS[name]
            key = tuple(row[c] for c in columns) if columns else tuple(map(str, row.values()))
            rows[key] = row
        return rows

    def _importable(self, name: str, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return the rows of a table without links to what isn't there, which no import copies."""
        complete = [self._complete(name, row) for row in rows]
        for row in complete:
            if row.get("option") == "revision":
                row["value"] = str(SCHEMA_REVISION)
        for column in self._models[name].columns:
            for key in column.foreign_keys:
                parent = m.plain_name(key.column.table)
                there = {row[key.column.name] for row in DATASET["tables"][parent]}
                complete = [row for row in complete if row[column.name] in there]
        return complete

    def _complete(self, name: str, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row as MariaDB stores it, with a value for each column that takes no null."""
        values = {}
        for column in self._models[name].columns:
            value = row.get(column.name)
            if value is None and not column.nullable:
                value = column.default.arg if column.default is not None else 0
            if isinstance(value, int):
                value = min(value, LARGEST)
            values[column.name] = value
        return values

    def _renumber_tables(self, connection: Connection) -> None:
        """Have the next IDs follow the largest ones, since the recordings know them."""
        dialect = self.database.dialect
        for name, key in replay.NUMBERED.items():
            table = self._models[name]
            if dialect.name != "sqlite":
                dialect.after_import(connection, table)
            elif connection.scalar(
                text("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'")
            ):
                connection.execute(
                    text("UPDATE sqlite_sequence SET seq = :last WHERE name = :table"),
                    {
                        "last": max((row[key] for row in self.known[name].values()), default=0),
                        "table": self.database.prefix + name,
                    },
                )


def _equal(table: Table, row: Mapping[str, Any], columns: Iterable[str]) -> Any:
    return and_(*(table.c[name].is_not_distinct_from(row[name]) for name in columns))


class Deviations(replay.Deviations):
    """The declared deviations of a server.

    :param own: whether its database is one of our own, for which some more are declared. They have
        ``"database": "own"``.
    """

    def __init__(self, *, own: bool) -> None:
        super().__init__([entry for entry in DEVIATIONS if own or entry.get("database") != "own"])
        self.own = own
        #: The exchanges that an entry was needed for, by the entry's identity: names may repeat.
        self._needed: defaultdict[int, set[str]] = defaultdict(set)

    def find(
        self, record: dict[str, Any], reply: str, difference: replay.Difference
    ) -> dict[str, Any] | None:
        entry: dict[str, Any] | None = super().find(record, reply, difference)
        if entry:
            self._needed[id(entry)].add(record["id"])
        return entry

    def unneeded(self) -> list[str]:
        """Return the names of entries that no exchange needed, and the IDs in those of others.

        Those for all databases are judged where Kimai's own is used, the others elsewhere. IDs of
        exchanges that aren't here are not judged.
        """
        here = {record["id"] for record in RECORDINGS}
        unneeded = []
        for entry in self.entries:
            if self.own != (entry.get("database") == "own"):
                continue
            name, needed = f"{entry['name']} ({entry['why']})", self._needed[id(entry)]
            if "ids" in entry:
                unneeded += [f"{name}: {i}" for i in entry["ids"] if i in here - needed]
            elif not needed:
                unneeded.append(name)
        return unneeded


@dataclass
class Outcome:
    """What was found when exchanges were sent.

    :param sent: IDs of the exchanges by group.
    :param reports: by the ID of an exchange with an undeclared difference, the request and what
        Kimai and this server have at each place that differs.
    """

    deviations: Deviations
    sent: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    reports: dict[str, str] = field(default_factory=dict)


def send(
    records: Iterable[dict[str, Any]],
    url: str,
    database: replay.Database,
    *,
    own: bool,
    over_soap: bool = False,
) -> Outcome:
    """Send recorded exchanges to a server and compare what it does.

    :param url: of the server, without a path.
    :param own: see :class:`Deviations`.
    :param over_soap: send the calls over JSON-RPC as ones over SOAP, and leave out all else.
    """
    words = replay.Words(DATASET)
    outcome = Outcome(Deviations(own=own))
    for record in records:
        _wait_between_steps(record)
        if not over_soap:
            response = replay.replay(url, database, words, record)
        elif twin := soap_twins.twin_of(record):
            response = soap_twins.as_json(record, replay.replay(url, database, words, twin))
        else:
            continue
        found = replay.differences(record, response, time.time())
        undeclared = [
            difference
            for difference in found
            if outcome.deviations.find(record, response["answer"], difference) is None
        ]
        outcome.sent[record["group"]].append(record["id"])
        wrong = [] if over_soap else contract_errors(record, response["answer"])
        if undeclared or wrong:
            outcome.reports[record["id"]] = _report(record, undeclared, wrong)
    return outcome


def contract_errors(record: dict[str, Any], answer: str) -> list[str]:
    """Return where the response to a call over JSON-RPC isn't as OpenRPC says; nothing if it is no
    response to a call of a method."""
    if record["http"] != "POST" or not record["path"].partition("?")[0].endswith("json.php"):
        return []
    try:
        request, response = json.loads(record["request"]), json.loads(answer)
    except ValueError:
        return []
    document = DOCUMENTS["types=native" in record["path"]]
    method = request.get("method") if isinstance(request, dict) else None
    if method not in document.methods or not isinstance(response, dict):
        return []
    return document.response_errors(method, response)


def _wait_between_steps(record: dict[str, Any]) -> None:
    """Wait where a time of now is rounded and the next step is near: a call may last until then."""
    if "now rounded" not in json.dumps(record["changed"]):
        return
    options = [change.get("insert", {}) for change in record["database"]]
    (minutes,) = (row["value"] for row in options if row.get("option") == "roundPrecision")
    step = int(minutes) * 60
    while step - NEAR_STEP < time.time() % step or time.time() % step < 1:
        time.sleep(0.2)


def _report(
    record: dict[str, Any], differences: list[replay.Difference], contract_errors: list[str]
) -> str:
    lines = [f"{record['id']} ({record['group']}): {replay.short(record['request'])}"]
    if record["setup"]:
        lines.append(f"    after the calls {replay.short(record['setup'])}")
    if record.get("database"):
        lines.append(f"    with the rows {replay.short(record['database'])}")
    for place, kimai, ours in differences[:8]:
        lines += [f"    {place}", f"        Kimai 1.3.5: {kimai}", f"        this server: {ours}"]
    if len(differences) > 8:
        lines.append(f"    and {len(differences) - 8} more differences")
    lines += [f"    not as in OpenRPC: {error}" for error in contract_errors]
    return "\n".join(lines)


def choose(count: int, pattern: str = "") -> list[dict[str, Any]]:
    """Return about ``count`` of the recordings, in their order: at least one of each kind of each
    group, and an equal share of all others.

    :param pattern: a regular expression; if given, the exchanges whose IDs match, and no others.
    """
    if pattern:
        return [record for record in RECORDINGS if re.fullmatch(pattern, record["id"])]
    kinds = defaultdict(list)
    for record in RECORDINGS:
        kinds[record["group"], record["kind"]].append(record["id"])
    chosen = set()
    for ids in kinds.values():
        share = min(len(ids), max(1, len(ids) * count // len(RECORDINGS)))
        chosen |= {ids[index * len(ids) // share] for index in range(share)}
    return [record for record in RECORDINGS if record["id"] in chosen]
