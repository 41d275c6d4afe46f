"""Believable data to try the service with: a small agency and a year of its work.

The same data every time but for its dates, which end now.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, or_, select
from sqlalchemy.orm import Session

from ..storage import models as m
from ..storage import schema
from ..storage.entry_counts import is_own_schema
from ..tracking.admin.entities import GLOBAL_ROLE, MEMBERSHIP_ROLE, STATUS, find_id
from . import preflight
from .bootstrap import Account

if TYPE_CHECKING:
    from ..api.execution import Service

#: Passwords of a demonstration are public, so that examples work as printed.
ACCOUNTS = (
    Account("anna", "demo-anna", "administrator"),
    Account("ben", "demo-ben", "group leader"),
    Account("clara", "demo-clara", "user"),
)
GROUPS = ("Design", "Development")
CUSTOMERS = (
    ("Alpine Outfitters", "Ines Moser", "AT"),
    ("Blue Harbour Shipping", "Tom Reilly", "IE"),
    ("Café Zürich", "Léa Dubois", "CH"),
    ("Dachstein Energie", "Jörg Huber", "DE"),
    ("Our own company", "Anna Berger", "DE"),
)
# Name, customer, hourly rate, groups; the flags of the special ones are below.
PROJECTS = (
    ("Online shop", 0, 95, (0, 1)),
    ("Catalogue 2026", 0, 80, (0,)),
    ("Spare parts portal", 1, 110, (1,)),
    ("Fleet tracking", 1, 120, (1,)),
    ("Corporate design", 1, 85, (0,)),
    ("Menu app", 2, 90, (0, 1)),
    ("Reservation service", 2, 105, (1,)),
    ("Smart meter dashboard", 3, 115, (0, 1)),
    ("Customer portal", 3, 110, (1,)),
    ("Office and administration", 4, 0, (0, 1)),
    ("Website relaunch (on hold)", 4, 0, (0, 1)),
    ("Old intranet", 4, 0, (1,)),
)
INTERNAL, INVISIBLE, TRASHED = 9, 10, 11
ACTIVITIES = (
    "Accessibility review",
    "Animation",
    "Architecture",
    "Backend development",
    "Bug fixing",
    "Code review",
    "Consulting",
    "Copywriting",
    "Deployment",
    "Documentation",
    "Frontend development",
    "Illustration",
    "Meeting",
    "Photo editing",
    "Project management",
    "Support",
    "Testing",
    "Training",
    "Travel",
    "UX design",
)
#: Tasks that exist on one project only.
OWN_TASKS = {2: ("Architecture",), 4: ("Animation",), 6: ("Training",)}
DESCRIPTIONS = (
    "Call with the customer",
    "Fixed what testing found",
    "First draft",
    "Second round of changes",
    "Prepared the demo",
    "Pair programming",
    "Cleaned up after the release",
    "Wrote the concept",
    "Überarbeitung der Texte",
    "Réunion de lancement ☕",
    None,
)
EXPENSES = (
    ("Train ticket", 48),
    ("Hotel night", 129),
    ("Stock photos", 35),
    ("Font licence", 220),
    ("Lunch with the customer", 64),
    ("Test devices", 310),
    ("Hosting", 25),
)
EXPENSE_COUNT = 200
DAYS = 365

#: Preference of the users of the demo data, so that they are known whatever their names become.
MARK = "kimai_remote.demo"

Progress = Callable[[float], None]


def check_accounts(service: Service) -> list[str]:
    """Return the names of users who can log in with a password of the demo data.

    :raises ConfigurationError: other machines would reach them.
    """
    names: list[str] = []

    def work(connection: Connection) -> None:
        names[:] = with_known_passwords(connection, service.settings.password_salt)

    service.database.execute(work, writes=False)
    preflight.check_demo_accounts(service.settings, names)
    return names


def with_known_passwords(connection: Connection, salt: str) -> list[str]:
    """Return the names of users who can log in with a password of the demo data: those that are
    marked, and those that have its names, which older versions didn't mark.

    Nobody fills a database of Kimai's own with it.

    :param salt: the setting ``password_salt``.
    """
    if not is_own_schema(connection):
        return []
    known = {account.name: account.password for account in ACCOUNTS}
    user, preference = m.User, m.Preference
    candidates = connection.execute(
        select(user.name, user.password, preference.value)
        .outerjoin(preference, (preference.userID == user.userID) & (preference.option == MARK))
        .where(
            user.trash == 0,
            user.active == 1,
            or_(user.name.in_(known), preference.value.is_not(None)),
        )
        .order_by(user.name)
    ).all()
    if not candidates:
        return []
    from ..tracking.passwords import PasswordHasher  # loads Argon2

    passwords = PasswordHasher(salt)
    return [
        name
        for name, stored, mark in candidates
        if any(
            passwords.matches(password, stored)
            for account, password in known.items()
            if mark or account == name
        )
    ]


def fill(service: Service, session: Session, progress: Progress) -> None:
    """Fill an empty schema with the demonstration data, in the transaction at hand.

    :param progress: called with the part done, 0 to 1.
    """
    hashes = [service.passwords.hash(account.password) for account in ACCOUNTS]
    progress(0.1)
    zone = ZoneInfo(service.settings.timezone)
    now = int(service.clock())
    _fill(session, hashes, now, zone, progress)
    progress(1)


def _fill(
    session: Session, hashes: list[str], now: int, zone: ZoneInfo, progress: Progress
) -> None:
    chance = random.Random(1400)  # noqa: S311
    admin, user_role = (find_id(session, GLOBAL_ROLE, name) for name in (schema.ADMIN, schema.USER))
    groups = [m.Group(name=name) for name in GROUPS]
    users = [
        m.User(
            name=account.name,
            alias=account.name.title(),
            password=stored,
            mail=f"{account.name}@example.com",
            globalRoleID=admin if index == 0 else user_role,
        )
        for index, (account, stored) in enumerate(zip(ACCOUNTS, hashes, strict=True))
    ]
    customers = [
        m.Customer(name=name, contact=contact, country=country, timezone=str(zone), city="")
        for name, contact, country in CUSTOMERS
    ]
    activities = [m.Activity(name=name) for name in ACTIVITIES]
    session.add_all([*groups, *users, *customers, *activities])
    session.flush()
    session.add_all(m.Preference(userID=user.userID, option=MARK, value="1") for user in users)
    projects = [
        m.Project(
            name=name,
            customerID=customers[customer].customerID,
            budget=Decimal(rate * 400),
            effort=Decimal(400) if rate else None,
            comment=f"{name} for {CUSTOMERS[customer][0]}",
            internal=int(index == INTERNAL),
            visible=int(index != INVISIBLE),
            trash=int(index == TRASHED),
        )
        for index, (name, customer, rate, _) in enumerate(PROJECTS)
    ]
    session.add_all(projects)
    session.flush()
    _assign(session, groups, users, customers, projects, activities)
    _set_rates(session, users, projects, activities)
    session.flush()
    open_status, _, closed_status = (find_id(session, STATUS, name) for name in schema.STATUSES)
    entries = _entries(chance, users, projects, activities, (open_status, closed_status), now, zone)
    step = 500
    for index in range(0, len(entries), step):
        session.execute(insert(m.TimeEntry), entries[index : index + step])
        progress(0.2 + 0.7 * index / len(entries))
    session.execute(insert(m.Expense), _expenses(chance, users, projects, now))
    for user in users:
        user.lastProject, user.lastActivity = projects[0].projectID, activities[10].activityID


def _assign(session, groups, users, customers, projects, activities) -> None:
    """Memberships: anna is Admin of both groups, ben Groupleader of one, clara User of both."""
    admin, user_role, leader = (
        find_id(session, MEMBERSHIP_ROLE, name)
        for name in (schema.ADMIN, schema.USER, schema.GROUPLEADER)
    )
    roles = {
        (0, 0): admin,
        (1, 0): admin,
        (1, 1): leader,
        (0, 1): user_role,
        (0, 2): user_role,
        (1, 2): user_role,
    }
    for (group, user), role in roles.items():
        session.add(
            m.GroupUser(
                groupID=groups[group].groupID, userID=users[user].userID, membershipRoleID=role
            )
        )
    for group in groups:
        for activity in activities:
            session.add(m.GroupActivity(groupID=group.groupID, activityID=activity.activityID))
    links = set()
    for project, (_, customer, _, members) in zip(projects, PROJECTS, strict=True):
        for group in members:
            links.add((groups[group].groupID, customers[customer].customerID))
            session.add(m.GroupProject(groupID=groups[group].groupID, projectID=project.projectID))
    for group_id, customer_id in sorted(links):
        session.add(m.GroupCustomer(groupID=group_id, customerID=customer_id))
    for index, names in OWN_TASKS.items():
        for name in names:
            session.add(
                m.ProjectActivity(
                    projectID=projects[index].projectID,
                    activityID=activities[ACTIVITIES.index(name)].activityID,
                    budget=Decimal(5000),
                    effort=Decimal(50),
                )
            )


def _set_rates(session, users, projects, activities) -> None:
    consulting = activities[ACTIVITIES.index("Consulting")].activityID
    travel = activities[ACTIVITIES.index("Travel")].activityID
    rates = [{"userID": None, "projectID": None, "activityID": None, "rate": Decimal(75)}]
    rates += [
        {"userID": None, "projectID": project.projectID, "activityID": None, "rate": Decimal(rate)}
        for project, (_, _, rate, _) in zip(projects, PROJECTS, strict=True)
    ]
    rates.append(
        {"userID": None, "projectID": None, "activityID": consulting, "rate": Decimal(140)}
    )
    rates.append(
        {
            "userID": users[0].userID,
            "projectID": None,
            "activityID": consulting,
            "rate": Decimal(160),
        }
    )
    session.execute(insert(m.rates), rates)
    session.execute(
        insert(m.fixed_rates),
        [{"projectID": projects[2].projectID, "activityID": travel, "rate": Decimal(180)}],
    )


def _entries(chance, users, projects, activities, statuses, now, zone):
    """A year of working days, about 5,000 entries, the last one running.

    :param statuses: IDs of those of recent and of older entries.
    """
    open_status, closed_status = statuses
    today = datetime.datetime.fromtimestamp(now, zone).date()
    usable = [index for index in range(len(PROJECTS)) if index != INVISIBLE]
    own = {
        ACTIVITIES.index(name): project for project, names in OWN_TASKS.items() for name in names
    }
    entries = []
    for back in range(DAYS, 0, -1):
        day = today - datetime.timedelta(days=back)
        if day.weekday() > 4:
            continue
        for user in users:
            start = datetime.datetime(day.year, day.month, day.day, 8, tzinfo=zone).timestamp()
            start += 300 * chance.randrange(9)
            for _ in range(chance.choice((6, 6, 7))):
                length = 300 * chance.randrange(6, 21)
                activity = chance.randrange(len(ACTIVITIES))
                project = own.get(activity, chance.choice(usable))
                rate = Decimal(
                    140 if ACTIVITIES[activity] == "Consulting" else PROJECTS[project][2]
                )
                entries.append(
                    _entry(user, projects[project], activities[activity], int(start), length, rate)
                    | {
                        "description": chance.choice(DESCRIPTIONS),
                        "cleared": int(back > 60),
                        "statusID": closed_status if back > 60 else open_status,
                        "billable": 100 if rate else 0,
                        "location": chance.choice(("Office", "Home", None)),
                    }
                )
                start += length + 300 * chance.randrange(3)
    running = _entry(
        users[0], projects[0], activities[10], now - 1500, 0, Decimal(PROJECTS[0][2])
    ) | {
        "description": None,
        "cleared": 0,
        "statusID": open_status,
        "billable": 100,
        "location": None,
    }
    return [*entries, running | {"end": 0}]


def _entry(user, project, activity, start, length, rate):
    return {
        "userID": user.userID,
        "projectID": project.projectID,
        "activityID": activity.activityID,
        "start": start,
        "end": start + length,
        "duration": length,
        "rate": rate,
    }


def _expenses(chance, users, projects, now):
    expenses = []
    for _ in range(EXPENSE_COUNT):
        designation, price = chance.choice(EXPENSES)
        age = chance.randrange(DAYS * 86400)
        expenses.append(
            {
                "userID": chance.choice(users).userID,
                "projectID": projects[chance.randrange(INTERNAL)].projectID,
                "timestamp": now - age,
                "designation": designation,
                "comment": chance.choice((None, "Receipt is in the folder", "Agreed by phone")),
                "refundable": chance.randrange(2),
                "cleared": int(age > 60 * 86400),
                "multiplier": Decimal(chance.choice((1, 1, 1, 2, 3))),
                "value": Decimal(price) + Decimal(chance.randrange(100)) / 100,
            }
        )
    return expenses
