"""The test data that most tests start from: users, groups, customers, projects and activities.

The ID of each is an attribute by its name, such as ``world.alice`` and ``world.shop``:

* ``alice`` and ``ben`` (Groupleader) are in group ``blue``, ``oscar`` in group ``red``, ``root`` is
  a global administrator and group admin of ``blue``; ``gone`` is trashed, ``idle`` inactive.
* ``acme`` is blue's customer, ``rival`` red's, ``hidden_customer`` blue's but invisible.
* ``shop``, ``portal`` are blue's visible projects; ``internal``, ``invisible``, ``trashed`` and
  ``of_hidden`` are blue's too; ``red_project`` is red's.
* ``coding`` and ``meeting`` are tasks of both groups; ``design`` is assigned to ``shop`` only;
  ``red_task`` is red's; ``trashed_task`` and ``invisible_task`` are blue's.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from kimai_remote.api.execution import Service
from kimai_remote.config import Settings
from kimai_remote.storage import models as m
from kimai_remote.storage import schema
from kimai_remote.storage.transactions import Database
from kimai_remote.tracking.authentication import ApiKeyDeriver
from kimai_remote.tracking.passwords import PasswordHasher

from . import databases

T = TypeVar("T")

SECRET = b"a secret for tests only, 32 byte"
#: 2026-03-02 09:30:10 UTC, a Monday. Rounding changes the seconds.
NOW = 1_772_443_810
PASSWORD = "correct horse"

_keys = ApiKeyDeriver(SECRET)
_passwords = PasswordHasher("kimai salt")
#: Hashed once, because hashing takes as long as a whole test.
PASSWORD_HASH = _passwords.hash(PASSWORD)


@dataclass
class World:
    """IDs of all records by name, the database that has them, and the service that uses it."""

    database: Database
    settings: Settings
    now: int = NOW
    ids: dict[str, int] = field(default_factory=dict)

    def __getattr__(self, name: str) -> int:
        try:
            return self.ids[name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def service(self) -> Service:
        return Service(self.database, _keys, _passwords, self.settings, clock=lambda: self.now)

    def key(self, name: str) -> str:
        """Return the API key that authenticate would give to a user."""
        return _keys.derive("user", self.ids[name], 0)

    def set_option(self, option: str, value: object) -> None:
        self._run(lambda session: session.merge(m.Configuration(option=option, value=str(value))))

    def set_preference(self, user: str, option: str, value: str) -> None:
        preference = m.Preference(userID=self.ids[user], option=option, value=value)
        self._run(lambda session: session.merge(preference))

    def add_entry(self, user: str = "alice", **fields: Any) -> int:
        """Store a time entry, by default of an hour on shop/coding that ended an hour ago.

        :returns: its ID.
        """
        start = fields.pop("start", self.now - 7200)
        end = fields.pop("end", start + 3600)
        values = {
            "userID": self.ids[user],
            "projectID": self.ids["shop"],
            "activityID": self.ids["coding"],
            "start": start,
            "end": end,
            "duration": end - start if end else 0,
            "rate": Decimal("60.00"),
            "fixedRate": 0,
            "statusID": 1,
        } | fields
        entry: m.TimeEntry = self.add(m.TimeEntry(**values))
        return entry.timeEntryID

    def add_expense(self, user: str = "alice", **fields: Any) -> int:
        values = {
            "userID": self.ids[user],
            "projectID": self.ids["shop"],
            "designation": "Train",
            "timestamp": self.now - 3600,
            "value": Decimal("12.50"),
        } | fields
        expense: m.Expense = self.add(m.Expense(**values))
        return expense.expenseID

    def entry(self, entry_id: int) -> m.TimeEntry:
        """Return a stored time entry.

        :raises sqlalchemy.exc.NoResultFound: there is none with this ID.
        """
        return self._run(lambda session: session.get_one(m.TimeEntry, entry_id))

    def expense(self, expense_id: int) -> m.Expense:
        """Return a stored expense.

        :raises sqlalchemy.exc.NoResultFound: there is none with this ID.
        """
        return self._run(lambda session: session.get_one(m.Expense, expense_id))

    def exists(self, model: type, key: Any) -> bool:
        """Return whether a record with this primary key is stored."""
        return self._run(lambda session: session.get(model, key) is not None)

    def change(self, model: type, key: Any, **fields: Any) -> None:
        """Set columns of one stored record."""

        def work(session: Session) -> None:
            record: object = session.get_one(model, key)
            for name, value in fields.items():
                setattr(record, name, value)

        self._run(work)

    def add(self, *records: Any) -> Any:
        """Store records of any model; return the first."""

        def work(session: Session) -> Any:
            session.add_all(records)
            session.flush()
            return records[0]

        return self._run(work)

    def execute(self, statement: Any, *parameters: Any) -> list[Any]:
        """Run a statement; return the rows of a query."""

        def work(session: Session) -> list[Any]:
            result = session.execute(statement, *parameters)
            return list(result) if getattr(result, "returns_rows", True) else []

        return self._run(work)

    def snapshot(self) -> dict[str, list[Any]]:
        """Return all rows of all tables by table, to compare them after a call."""
        rows_by_table = {}
        # Most tests take two snapshots; through the driver they take a third of the time.
        with self.database.engine.connect() as connection:
            cursor = connection.connection.cursor()
            for table in m.Base.metadata.sorted_tables:
                cursor.execute(f"SELECT * FROM {_quoted(self.database, table.name)}")
                rows_by_table[table.name] = sorted(cursor.fetchall(), key=repr)
            cursor.close()
        return rows_by_table

    def _run(self, work: Callable[[Session], T]) -> T:
        return self.database.run(work, writes=True)


class Template:
    """A copy of all rows of a database, to restore them before each test.

    Restoring takes a twentieth of the time of :func:`build`.
    """

    def __init__(self, world: World) -> None:
        self._ids = dict(world.ids)
        self._rows = world.snapshot()

    def restore(self, database: Database) -> World:
        """Replace the rows of the database by those of the template; return its world."""
        counts = [m.EntryCount.__tablename__, m.PeriodCount.__tablename__]
        tables = [name for name in self._rows if name not in counts]
        with database.begin() as connection:
            cursor = connection.connection.cursor()
            for name in reversed(tables):
                cursor.execute(f"DELETE FROM {_quoted(database, name)}")
            for name in tables:
                self._insert(cursor, database, name, self._rows[name])
            # Last, because triggers have just changed these rows.
            for name in counts:
                cursor.execute(f"DELETE FROM {_quoted(database, name)}")
                self._insert(cursor, database, name, self._rows[name])
            cursor.close()
        return World(database, Settings(), ids=dict(self._ids))

    @staticmethod
    def _insert(cursor: Any, database: Database, name: str, rows: list[Any]) -> None:
        if rows:
            mark = "?" if database.dialect.name == "sqlite" else "%s"
            marks = ", ".join([mark] * len(rows[0]))
            cursor.executemany(f"INSERT INTO {_quoted(database, name)} VALUES ({marks})", rows)


def _quoted(database: Database, name: str) -> str:
    quote = database.engine.dialect.identifier_preparer.quote
    return quote(m.real_name(name, database.engine))


def build(database: Database, settings: Settings | None = None) -> World:
    """Create the test data in an empty schema."""
    world = World(database, settings or Settings())
    database.run(lambda session: _fill(session, world.ids), writes=True)
    return world


def build_file(path: Path, prefix: str = "kimai_") -> World:
    """Create the test data in a new SQLite file."""
    content, ids = _file(prefix)
    path.write_bytes(content)
    return World(databases.open_file(path, prefix), Settings(), ids=dict(ids))


@cache
def _file(prefix: str) -> tuple[bytes, dict[str, int]]:
    """Return the content of such a file, and its IDs by name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "world.sqlite3"
        with closing(databases.create_file(path, prefix)) as database:
            ids = build(database).ids
        return path.read_bytes(), ids


def remote_key(kind: str, owner_id: int) -> m.RemoteKey:
    """Return the key that authenticate gives to a user or customer, as it is stored."""
    key = _keys.derive(kind, owner_id, 0)
    return m.RemoteKey(kind=kind, ownerID=owner_id, keyHash=_keys.hash(key), created=NOW - 3600)


def _ids_by_name(session: Any, key: Any) -> dict[str, int]:
    return {name: role_id for role_id, name in session.execute(select(key, key.table.c.name))}


def _fill(session: Any, ids: dict[str, int]) -> None:
    session.execute(delete(m.Configuration))
    session.execute(
        insert(m.Configuration),
        [{"option": option, "value": value} for option, value in schema.DEFAULT_OPTIONS.items()],
    )

    def add(key: str, **records: Any) -> None:
        session.add_all(records.values())
        session.flush()
        ids.update((name, getattr(record, key)) for name, record in records.items())

    add("groupID", **{name: m.Group(name=name) for name in ("blue", "red")})
    roles = _ids_by_name(session, m.GlobalRole.__table__.c.globalRoleID)
    users = dict.fromkeys(("root", "alice", "ben", "oscar", "gone", "idle"), "User")
    users["root"] = "Admin"
    add(
        "userID",
        **{
            name: m.User(
                name=name,
                alias=name.title(),
                globalRoleID=roles[role],
                password=PASSWORD_HASH,
                trash=int(name == "gone"),
                active=int(name != "idle"),
                lastProject=0,
                lastActivity=0,
            )
            for name, role in users.items()
        },
    )
    for name in users:
        session.add(remote_key("user", ids[name]))
    memberships = {
        "root": ("blue", "Admin"),
        "alice": ("blue", "User"),
        "ben": ("blue", "Groupleader"),
        "oscar": ("red", "User"),
        "gone": ("blue", "User"),
        "idle": ("blue", "User"),
    }
    roles = _ids_by_name(session, m.MembershipRole.__table__.c.membershipRoleID)
    for user, (group, role) in memberships.items():
        session.add(m.GroupUser(groupID=ids[group], userID=ids[user], membershipRoleID=roles[role]))
    add(
        "customerID",
        acme=m.Customer(name="Acme", contact="Eve", timezone="UTC"),
        rival=m.Customer(name="Rival", timezone="UTC"),
        hidden_customer=m.Customer(name="Hidden", timezone="UTC", visible=0),
    )
    customer = {"red_project": "rival", "of_hidden": "hidden_customer"}
    names = ("shop", "portal", "internal", "invisible", "trashed", "of_hidden", "red_project")
    add(
        "projectID",
        **{
            name: m.Project(
                name=name.title(),
                customerID=ids[customer.get(name, "acme")],
                comment=f"About {name}",
                internal=int(name == "internal"),
                visible=int(name != "invisible"),
                trash=int(name == "trashed"),
            )
            for name in names
        },
    )
    tasks = ("coding", "meeting", "design", "red_task", "trashed_task", "invisible_task")
    add(
        "activityID",
        **{
            name: m.Activity(
                name=name.title(),
                trash=int(name == "trashed_task"),
                visible=int(name != "invisible_task"),
            )
            for name in tasks
        },
    )
    for name in ("acme", "hidden_customer"):
        session.add(m.GroupCustomer(groupID=ids["blue"], customerID=ids[name]))
    session.add(m.GroupCustomer(groupID=ids["red"], customerID=ids["rival"]))
    for name in names:
        group_id = ids["red" if name == "red_project" else "blue"]
        session.add(m.GroupProject(groupID=group_id, projectID=ids[name]))
    for name in tasks:
        if name != "red_task":
            session.add(m.GroupActivity(groupID=ids["blue"], activityID=ids[name]))
    for name in ("coding", "meeting", "red_task"):
        session.add(m.GroupActivity(groupID=ids["red"], activityID=ids[name]))
    session.add(
        m.ProjectActivity(
            projectID=ids["shop"], activityID=ids["design"], budget=Decimal(500), effort=Decimal(8)
        )
    )
    session.execute(
        m.rates.insert(),
        {"userID": None, "projectID": None, "activityID": None, "rate": Decimal("60.00")},
    )
