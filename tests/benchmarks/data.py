"""The data of the benchmarks, in SQL that only names Kimai's tables: it suits every checkout."""

from __future__ import annotations

from dataclasses import dataclass

from support import kimai1
from support.world import PASSWORD, PASSWORD_HASH

from .installations import Store

#: Login names: one who reads, whose recording is running, and one who writes.
READER, WRITER = "alice", "ben"
#: The API keys, as Kimai gives them out, in databases that don't keep our own.
KIMAI_KEYS = {READER: "a" * 30, WRITER: "b" * 30}
#: IDs.
GROUP, OTHER_GROUP = 11, 12
ALICE, BEN = 101, 102
PROJECT, TASK = 301, 401
#: The entries of one user are spread over these 20 years.
BEGIN, SPAN = 1_072_915_200, 631_152_000
#: Rows from which on triggers rest while rows are inserted.
_MANY = 50_000


def password(store: Store) -> str:
    """Return the login password of all users of a database."""
    return kimai1.PASSWORD if store.kind == "adopted" else PASSWORD


def _hash(store: Store) -> str:
    return kimai1.md5(kimai1.PASSWORD) if store.kind == "adopted" else PASSWORD_HASH


def fill_small(store: Store, *, kimai_keys: bool) -> None:
    """Insert two groups, 8 users, 6 customers, 12 projects and 12 tasks, and 1,000 entries and 100
    expenses of alice's, whose recording is running.

    :param kimai_keys: give users a key of Kimai's.
    """
    half = "(CASE WHEN i <= {} THEN 11 ELSE 12 END)"
    store.run(
        f"""INSERT INTO "{{p}}groups" ("groupID", name) VALUES ({GROUP}, 'blue'), (12, 'red')""",
        f"""INSERT INTO "{{p}}users" ("userID", name, alias, mail, password, "globalRoleID",
            "lastProject", "lastActivity")
            SELECT 100 + i, CASE i WHEN 1 THEN 'alice' WHEN 2 THEN 'ben' ELSE 'user ' || i END,
            'Alias ' || i, '', '{_hash(store)}', 2, {PROJECT}, {TASK} FROM {store.numbers(8)}""",
        # Alice leads the group, so that she sees its users.
        f"""INSERT INTO "{{p}}groups_users" ("groupID", "userID", "membershipRoleID")
            SELECT {half.format(6)}, 100 + i, CASE i WHEN 1 THEN 3 ELSE 2 END
            FROM {store.numbers(8)}""",
        f"""INSERT INTO "{{p}}customers" ("customerID", name, contact, timezone)
            SELECT 200 + i, 'Customer ' || i, 'Contact ' || i, 'UTC' FROM {store.numbers(6)}""",
        f"""INSERT INTO "{{p}}groups_customers" ("groupID", "customerID")
            SELECT {half.format(4)}, 200 + i FROM {store.numbers(6)}""",
        f"""INSERT INTO "{{p}}projects" ("projectID", "customerID", name, comment)
            SELECT 300 + i, 201 + i % 4, 'Project ' || i, 'About project ' || i
            FROM {store.numbers(12)}""",
        f"""INSERT INTO "{{p}}groups_projects" ("groupID", "projectID")
            SELECT {half.format(10)}, 300 + i FROM {store.numbers(12)}""",
        f"""INSERT INTO "{{p}}activities" ("activityID", name)
            SELECT 400 + i, 'Task ' || i FROM {store.numbers(12)}""",
        f"""INSERT INTO "{{p}}groups_activities" ("groupID", "activityID")
            SELECT {half.format(10)}, 400 + i FROM {store.numbers(12)}""",
        # Each project has a task of its own; the first four tasks fit all.
        f"""INSERT INTO "{{p}}projects_activities" ("projectID", "activityID", budget, effort)
            SELECT 300 + i, 400 + i, 500, 8 FROM {store.numbers(12)} WHERE i > 4""",
        """INSERT INTO "{p}rates" ("userID", "projectID", "activityID", rate)
            VALUES (101, NULL, NULL, 85.5), (102, NULL, NULL, 60)""",
    )
    if kimai_keys:
        store.run(
            *(
                f"""UPDATE "{{p}}users" SET apikey = '{key}' WHERE name = '{name}'"""
                for name, key in KIMAI_KEYS.items()
            )
        )
    add_entries(store, ALICE, 999, first_project=PROJECT)
    add_expenses(store, ALICE, 100, first_project=PROJECT)
    store.run(
        f"""INSERT INTO "{{p}}timeSheet" (start, "end", "userID", "projectID", "activityID", rate,
            "fixedRate", "statusID") VALUES (1750000000, 0, {ALICE}, {PROJECT}, {TASK}, 60, 0, 1)"""
    )


def add_entries(
    store: Store, user: int, count: int, *, first_project: int, task: int = TASK
) -> None:
    """Insert entries of one user on 5 projects, spread over 20 years; every fourth is cleared."""
    step = SPAN // count
    length = min(900, step)
    start = f"{BEGIN} + i * {step}"
    _insert_many(
        store,
        "timeSheet",
        count,
        f"""INSERT INTO "{{p}}timeSheet" (start, "end", duration, "userID", "projectID",
            "activityID", description, comment, location, rate, "fixedRate", "statusID", billable,
            cleared)
            SELECT {start}, {start} + {length}, {length}, {user}, {first_project} + i % 5,
            {task} + i % 4, 'Entry ' || i || ' & more', NULL, 'Office', 60, 0, 1, 100,
            CASE WHEN i % 4 = 0 THEN 1 ELSE 0 END FROM {store.numbers(count)}""",
    )


def add_expenses(store: Store, user: int, count: int, *, first_project: int) -> None:
    """Insert expenses of one user on 5 projects, spread over 20 years; every third is
    refundable."""
    step = SPAN // count
    _insert_many(
        store,
        "expenses",
        count,
        f"""INSERT INTO "{{p}}expenses" ("timestamp", "userID", "projectID", designation, comment,
            refundable, cleared, multiplier, value)
            SELECT {BEGIN} + i * {step}, {user}, {first_project} + i % 5, 'Train ' || i, '',
            CASE WHEN i % 3 = 0 THEN 1 ELSE 0 END, CASE WHEN i % 4 = 0 THEN 1 ELSE 0 END, 1, 12.5
            FROM {store.numbers(count)}""",
    )


def _insert_many(store: Store, table: str, count: int, statement: str) -> None:
    """Insert rows; without triggers if there are many, after which the counts are to be renewed."""
    if count < _MANY or store.kind != "postgresql":
        store.run(statement)
        return
    name = f'"{{p}}{table}"'
    store.run(
        f"ALTER TABLE {name} DISABLE TRIGGER USER",
        statement,
        f"ALTER TABLE {name} ENABLE TRIGGER USER",
    )


@dataclass(frozen=True)
class Grown:
    """A user with many entries and expenses, and the customer whose projects they are on."""

    size: int
    user: int
    customer: int
    project: int


def grown(size: int) -> Grown:
    """Return the IDs of the user with so many entries: its digits are part of them."""
    digits = len(str(size))
    return Grown(size, 1000 + digits, 2000 + digits, 10_000 + 100 * digits)


def fill_grown(store: Store, sizes: tuple[int, ...]) -> None:
    """Insert a user and a customer, named after their number of entries, for each size."""
    store.run(
        """INSERT INTO "{p}groups" ("groupID", name) VALUES (11, 'blue')""",
        f"""INSERT INTO "{{p}}activities" ("activityID", name)
            SELECT 400 + i, 'Task ' || i FROM {store.numbers(10)}""",
        f"""INSERT INTO "{{p}}groups_activities" ("groupID", "activityID")
            SELECT 11, 400 + i FROM {store.numbers(10)}""",
    )
    for one in map(grown, sizes):
        store.run(
            f"""INSERT INTO "{{p}}users" ("userID", name, mail, password, "globalRoleID")
                VALUES ({one.user}, 'user {one.size}', '', '{_hash(store)}', 2)""",
            f"""INSERT INTO "{{p}}groups_users" VALUES (11, {one.user}, 2)""",
            f"""INSERT INTO "{{p}}customers" ("customerID", name, password, timezone)
                VALUES ({one.customer}, 'customer {one.size}', '{_hash(store)}', 'UTC')""",
            f"""INSERT INTO "{{p}}groups_customers" VALUES (11, {one.customer})""",
            f"""INSERT INTO "{{p}}projects" ("projectID", "customerID", name)
                SELECT {one.project} + i, {one.customer}, 'Project ' || i
                FROM {store.numbers(10)}""",
            f"""INSERT INTO "{{p}}groups_projects"
                SELECT 11, {one.project} + i FROM {store.numbers(10)}""",
        )
        add_entries(store, one.user, one.size, first_project=one.project + 1)
        add_expenses(store, one.user, one.size, first_project=one.project + 1)


@dataclass(frozen=True)
class Width:
    """The size of an installation. One user's responses don't depend on it: each group has as many
    projects, tasks and users as any other."""

    #: A task that fits all projects.
    task = 300_100

    groups: int

    @property
    def projects(self) -> int:
        return 20 * self.groups

    @property
    def users(self) -> int:
        return 20 * self.groups

    @property
    def project(self) -> int:
        """A project of the first group."""
        return 200_000 + self.groups


def fill_wide(store: Store, width: Width) -> None:
    """Insert groups of 20 users and 20 projects. Of 100 tasks of all groups, 50 are assigned to
    projects, 5 to each, and the others fit all. There are 10 entries for each user. Alice is in the
    first group."""
    groups, users, projects = width.groups, width.users, width.projects
    every = store.numbers(projects)
    store.run(
        f"""INSERT INTO "{{p}}groups" ("groupID", name)
            SELECT 10 + i, 'Group ' || i FROM {store.numbers(groups)}""",
        f"""INSERT INTO "{{p}}users" ("userID", name, mail, password, "globalRoleID")
            SELECT 100 + i, CASE i WHEN {groups} THEN 'alice' ELSE 'user ' || i END, '',
            '{_hash(store)}', 2 FROM {store.numbers(users)}""",
        f"""INSERT INTO "{{p}}groups_users" ("groupID", "userID", "membershipRoleID")
            SELECT 11 + i % {groups}, 100 + i, 2 FROM {store.numbers(users)}""",
        f"""INSERT INTO "{{p}}customers" ("customerID", name, timezone)
            SELECT 100000 + i, 'Customer ' || i, 'UTC' FROM {store.numbers(groups)}""",
        f"""INSERT INTO "{{p}}groups_customers" ("groupID", "customerID")
            SELECT 11 + i % {groups}, 100000 + i FROM {store.numbers(groups)}""",
        f"""INSERT INTO "{{p}}projects" ("projectID", "customerID", name)
            SELECT 200000 + i, 100001 + i % {groups}, 'Project ' || i FROM {every}""",
        f"""INSERT INTO "{{p}}groups_projects" ("groupID", "projectID")
            SELECT 11 + i % {groups}, 200000 + i FROM {every}""",
        f"""INSERT INTO "{{p}}activities" ("activityID", name)
            SELECT 300000 + i, 'Task ' || i FROM {store.numbers(100)}""",
        f"""INSERT INTO "{{p}}groups_activities" ("groupID", "activityID")
            SELECT 10 + n.i, 300000 + k.i
            FROM {store.numbers(groups)}, (SELECT i FROM {store.numbers(100)}) k""",
        f"""INSERT INTO "{{p}}projects_activities" ("projectID", "activityID")
            SELECT 200000 + n.i, 300000 + n.i % 10 + 10 * k.i
            FROM {every}, (SELECT i FROM {store.numbers(5)}) k""",
        f"""INSERT INTO "{{p}}timeSheet" (start, "end", duration, "userID", "projectID",
            "activityID", rate, "fixedRate", "statusID")
            SELECT {BEGIN} + n.i * 900, {BEGIN} + n.i * 900 + 800, 800, 100 + n.i, 200000 + n.i,
            300001 + n.i % 100, 60, 0, 1 FROM {every}, (SELECT i FROM {store.numbers(10)}) k""",
    )
