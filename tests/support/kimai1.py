"""A Kimai 1 database as after ten years of use: revision 1394 (1.3.5), awkward data.

It follows Kimai's schema: no foreign keys, tables in several character sets, columns that updates
left unchanged. It is on MariaDB, as in Kimai itself.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import URL, Connection, MetaData, text

from kimai_remote.kimai1.schema_detection import OWN_TABLES
from kimai_remote.storage.models import PREFIX_TOKEN, Base, real_name
from kimai_remote.storage.rights import (
    DEFAULT_GROUPLEADER_RIGHTS,
    DEFAULT_USER_RIGHTS,
    GLOBAL_RIGHTS,
    MEMBERSHIP_RIGHTS,
)
from kimai_remote.storage.transactions import Database

from . import databases

#: Unique to this run, because other tests may run in parallel.
PREFIX = f"k{os.getpid()}_"
SALT = "a salt of Kimai's"
#: The password of all users.
PASSWORD = "changeme"
#: The API key of anna, as Kimai issued it.
KEY = "kimai1anna0123456789abcdefghij"
#: 2019-03-04 08:00:00 UTC.
START = 1_551_686_400

_id = "int(10) NOT NULL"
_auto = "int(10) NOT NULL AUTO_INCREMENT PRIMARY KEY"
_flag = "tinyint(1) NOT NULL DEFAULT 0"
_link = "int(11) NOT NULL"
_shown = "tinyint(1) NOT NULL DEFAULT 1"
_money = "decimal(10,2)"
_long = "varchar(255) NULL"
#: Definitions by table and column; a name that starts with a space is that of a key.
TABLES: dict[str, dict[str, str]] = {
    "users": {
        "userID": _auto,
        "name": "varchar(160) NOT NULL",
        "alias": "varchar(160)",
        "trash": _flag,
        "active": _shown,
        "mail": "varchar(160) DEFAULT NULL",
        "password": "varchar(254) DEFAULT NULL",
        "passwordResetHash": "char(32) DEFAULT NULL",
        "ban": "int(1) NOT NULL DEFAULT 0",
        "banTime": f"{_id} DEFAULT 0",
        "secure": "varchar(60) NOT NULL DEFAULT '0'",
        "lastProject": f"{_id} DEFAULT 1",
        "lastActivity": f"{_id} DEFAULT 1",
        "lastRecord": f"{_id} DEFAULT 0",
        "timeframeBegin": "varchar(60) NOT NULL DEFAULT '0'",
        "timeframeEnd": "varchar(60) NOT NULL DEFAULT '0'",
        "apikey": "varchar(30) DEFAULT NULL",
        "globalRoleID": _id,
        " name": "UNIQUE KEY name (name)",
        " apikey": "UNIQUE KEY apikey (apikey)",
    },
    "preferences": {
        "userID": _id,
        "option": "varchar(190) NOT NULL",
        "value": "varchar(255) NOT NULL",
        " key": "PRIMARY KEY (userID, `option`)",
    },
    "activities": {
        "activityID": _auto,
        "name": "varchar(255) NOT NULL",
        "comment": "text",
        "visible": _shown,
        "filter": _flag,
        "trash": _flag,
    },
    "groups": {"groupID": _auto, "name": "varchar(160) NOT NULL", "trash": _flag},
    "groups_users": {
        "groupID": _link,
        "userID": _link,
        "membershipRoleID": _link,
        " key": "PRIMARY KEY (groupID, userID)",
    },
    **{
        f"{first}_{second}": {a: _link, b: _link, **more, " key": f"UNIQUE KEY ({a}, {b})"}
        for first, a, second, b, more in (
            ("groups", "groupID", "customers", "customerID", {}),
            ("groups", "groupID", "projects", "projectID", {}),
            ("groups", "groupID", "activities", "activityID", {}),
            (
                "projects",
                "projectID",
                "activities",
                "activityID",
                {
                    "budget": f"{_money} DEFAULT 0.00",
                    "effort": _money,
                    "approved": _money,
                },
            ),
        )
    },
    "customers": {
        "customerID": _auto,
        "name": "varchar(255) NOT NULL",
        "password": _long,
        "passwordResetHash": "char(32) DEFAULT NULL",
        "secure": "varchar(60) NOT NULL DEFAULT '0'",
        "comment": "text",
        "visible": _shown,
        "filter": _flag,
        "company": _long,
        "vat": _long,
        "contact": _long,
        "street": _long,
        "zipcode": _long,
        "city": _long,
        "country": "varchar(2)",
        "phone": _long,
        "fax": _long,
        "mobile": _long,
        "mail": _long,
        "homepage": _long,
        "timezone": "varchar(255) NOT NULL",
        "trash": _flag,
    },
    "projects": {
        "projectID": _auto,
        "customerID": "int(3) NOT NULL",
        "name": "varchar(255) NOT NULL",
        "comment": "text",
        "visible": _shown,
        "filter": _flag,
        "trash": _flag,
        "budget": f"{_money} DEFAULT 0.00",
        "effort": _money,
        "approved": _money,
        "internal": _flag,
        " customer": "KEY (customerID)",
    },
    "timeSheet": {
        "timeEntryID": _auto,
        "start": f"{_id} DEFAULT 0",
        "end": f"{_id} DEFAULT 0",
        "duration": "int(6) NOT NULL DEFAULT 0",
        "userID": _id,
        "projectID": _id,
        "activityID": _id,
        "description": "text CHARACTER SET utf8 COLLATE utf8_unicode_ci",
        "comment": "text",
        "commentType": _flag,
        "cleared": _flag,
        "location": "varchar(50)",
        "trackingNumber": "varchar(30)",
        "rate": f"{_money} NOT NULL DEFAULT 0.00",
        "fixedRate": f"{_money} DEFAULT NULL",
        "budget": _money,
        "approved": _money,
        "statusID": "smallint(6) NOT NULL",
        "billable": "tinyint(4) DEFAULT NULL",
        " user": "KEY (userID)",
        " project": "KEY (projectID)",
        " activity": "KEY (activityID)",
    },
    "configuration": {
        "option": "varchar(190) NOT NULL PRIMARY KEY",
        "value": "varchar(255) NOT NULL",
    },
    "rates": {
        "userID": "int(10)",
        "projectID": "int(10)",
        "activityID": "int(10)",
        "rate": f"{_money} NOT NULL",
        " key": "UNIQUE KEY (userID, projectID, activityID)",
    },
    "fixedRates": {
        "projectID": "int(10)",
        "activityID": "int(10)",
        "rate": f"{_money} NOT NULL",
        " key": "UNIQUE KEY (projectID, activityID)",
    },
    "expenses": {
        "expenseID": _auto,
        "timestamp": f"{_id} DEFAULT 0",
        "userID": _id,
        "projectID": _id,
        "designation": "text NOT NULL",
        "comment": "text",
        "commentType": _flag,
        "refundable": "tinyint(1) unsigned NOT NULL DEFAULT 0",
        "cleared": _flag,
        "multiplier": f"{_money} NOT NULL DEFAULT 1.00",
        "value": f"{_money} NOT NULL DEFAULT 0.00",
        " user": "KEY (userID)",
        " project": "KEY (projectID)",
    },
    "statuses": {
        "statusID": "tinyint NOT NULL AUTO_INCREMENT PRIMARY KEY",
        "status": "varchar(200) NOT NULL",
    },
    "globalRoles": {
        "globalRoleID": _auto,
        "name": "varchar(255) NOT NULL",
        **dict.fromkeys(GLOBAL_RIGHTS, "tinyint DEFAULT 0"),
    },
    "membershipRoles": {
        "membershipRoleID": _auto,
        "name": "varchar(255) NOT NULL",
        **dict.fromkeys(MEMBERSHIP_RIGHTS, "tinyint DEFAULT 0"),
    },
}
#: Columns by table as updates of an old Kimai left them.
OLD_COLUMNS = {
    "timeSheet": {"statusID": "smallint(6) DEFAULT 1"},
    "expenses": {"comment": "text NOT NULL"},
}
#: Tables that are not in utf8mb4, as on an old server.
CHARSETS = {"users": "latin1", "customers": "latin1", "projects": "utf8", "timeSheet": "latin1"}


def spoil(meant: str) -> str:
    """Return a text whose UTF-8 was read as latin1, as early versions of Kimai stored it."""
    return meant.encode().decode("cp1252")


def md5(password: str) -> str:
    salted = f"{SALT}{password}{SALT}".encode()
    return hashlib.md5(salted, usedforsecurity=False).hexdigest()


def _user(user_id: int, name: str, role: int, **more: Any) -> dict[str, Any]:
    return {"userID": user_id, "name": name, "globalRoleID": role, "password": md5(PASSWORD)} | more


def _entry(entry_id: int, user: int, project: int, activity: int, **more: Any) -> dict[str, Any]:
    start = START + entry_id * 7200
    usual = {"start": start, "end": start + 5400, "duration": 5400, "rate": "80.00", "statusID": 1}
    return (
        {"timeEntryID": entry_id, "userID": user, "projectID": project, "activityID": activity}
        | usual
        | more
    )


#: Kimai's administrator has a random ID of nine digits.
ADMIN, ANNA, BEN, CLARA = 123_456_789, 2, 3, 4
ROWS: dict[str, list[dict[str, Any]]] = {
    "configuration": [
        {"option": option, "value": value}
        for option, value in {
            "version": "1.3.5",
            "revision": "1394",
            "roundPrecision": "1",
            "allowRoundDown": "1",
            "loginTries": "3",
            "loginBanTime": "900",
            "editLimit": "-",
            "defaultStatusID": "1",
            "adminmail": "",
            "currency_sign": "€",
            "date_format_0": "%d.%m.%Y",
            "show_TrackingNr": "1",
        }.items()
    ],
    "statuses": [
        {"statusID": 1, "status": "open"},
        {"statusID": 2, "status": "review"},
        {"statusID": 3, "status": "closed"},
    ],
    "globalRoles": [
        {"globalRoleID": 1, "name": "Admin"} | dict.fromkeys(GLOBAL_RIGHTS, 1),
        {"globalRoleID": 2, "name": "User"} | dict.fromkeys(DEFAULT_USER_RIGHTS, 1),
        # A right that was never set is NULL.
        {"globalRoleID": 3, "name": "Bare", "ki_timesheet-access": 1, "demo_ext-access": None},
    ],
    "membershipRoles": [
        {"membershipRoleID": 1, "name": "Admin"} | dict.fromkeys(MEMBERSHIP_RIGHTS, 1),
        {"membershipRoleID": 2, "name": "User"},
        {"membershipRoleID": 3, "name": "Groupleader"}
        | dict.fromkeys(DEFAULT_GROUPLEADER_RIGHTS, 1),
    ],
    "users": [
        _user(ADMIN, "admin", 1, mail="admin@example.com"),
        _user(ANNA, "anna", 2, apikey=KEY, alias=spoil("Ännchen"), mail=""),
        _user(BEN, "ben", 2, lastProject=0, lastActivity=0),
        _user(CLARA, "clara", 99),
        _user(5, "gone", 2, trash=1, apikey="trashedtrashedtrashed"),
        _user(6, "nopass", 2, password=None),
    ],
    "preferences": [
        {"userID": ANNA, "option": "timezone", "value": "Europe/Berlin"},
        {"userID": ANNA, "option": "ui.skin", "value": "standard"},
        {"userID": BEN, "option": "timezone", "value": "Middle/Earth"},
        {"userID": 77, "option": "timezone", "value": "UTC"},
    ],
    "groups": [{"groupID": 1, "name": "admin"}, {"groupID": 2, "name": "old", "trash": 1}],
    "customers": [
        {
            "customerID": 1,
            "name": "Müller & Söhne",
            "timezone": "Europe/Berlin",
            "company": spoil("Müller & Söhne GmbH"),
        },
        {"customerID": 2, "name": "Trashed customer", "timezone": "", "trash": 1},
        {
            "customerID": 3,
            "name": "müller & söhne",
            "timezone": "Europe/Berlin",
            "password": md5(PASSWORD),
        },
    ],
    "projects": [
        {"projectID": 1, "customerID": 1, "name": "Wartung", "comment": None, "budget": None},
        {"projectID": 2, "customerID": 2, "name": "Of a trashed customer"},
        {"projectID": 3, "customerID": 55, "name": "Of no customer"},
        {"projectID": 4, "customerID": 1, "name": "Trashed", "trash": 1},
    ],
    "activities": [
        {"activityID": 1, "name": "Entwicklung"},
        {"activityID": 2, "name": spoil("Prüfung")},
        {"activityID": 3, "name": "Trashed", "trash": 1},
    ],
    "groups_users": [
        {"groupID": 1, "userID": ADMIN, "membershipRoleID": 1},
        {"groupID": 1, "userID": ANNA, "membershipRoleID": 2},
        {"groupID": 1, "userID": BEN, "membershipRoleID": 3},
        {"groupID": 1, "userID": CLARA, "membershipRoleID": 42},
        {"groupID": 1, "userID": 88, "membershipRoleID": 2},
    ],
    "groups_customers": [{"groupID": 1, "customerID": 1}, {"groupID": 9, "customerID": 1}],
    "groups_projects": [{"groupID": 1, "projectID": project_id} for project_id in (1, 2, 3, 4, 66)],
    "groups_activities": [{"groupID": 1, "activityID": activity_id} for activity_id in (1, 2, 3)],
    "projects_activities": [{"projectID": 1, "activityID": 2, "budget": None}],
    "rates": [
        {"userID": None, "projectID": None, "activityID": None, "rate": "50.00"},
        {"userID": ANNA, "projectID": None, "activityID": None, "rate": "85.50"},
    ],
    "fixedRates": [{"projectID": 1, "activityID": 2, "rate": "250.00"}],
    "timeSheet": [
        _entry(0, ANNA, 1, 1, description="number zero"),
        _entry(1, ANNA, 1, 1, description=spoil("Prüfung der Anlage")),
        _entry(2, ANNA, 1, 2, fixedRate="250.00", billable=100, location="Büro"),
        _entry(3, ANNA, 4, 3, cleared=1, statusID=3),
        _entry(4, ANNA, 55, 66, statusID=9, description="orphan"),
        _entry(5, 99, 1, 1, description="of a user who is gone"),
        _entry(6, BEN, 2, 1, end=START, duration=-43_200),
        _entry(7, BEN, 1, 1, end=0, duration=0),
        _entry(8, BEN, 1, 1, end=0, duration=0, statusID=0),
        _entry(9, ANNA, 0, 0, start=0, end=0, duration=0, trackingNumber="0000", rate="0.00"),
        _entry(10, BEN, 1, 1, comment="short\nlong", commentType=1, duration=1),
    ],
    "expenses": [
        {
            "expenseID": 1,
            "timestamp": START,
            "userID": ANNA,
            "projectID": 1,
            "designation": "Bahn",
            "comment": "",
            "multiplier": "2.50",
            "value": "19.99",
            "refundable": 1,
        },
        {
            "expenseID": 2,
            "timestamp": 0,
            "userID": 99,
            "projectID": 55,
            "designation": "",
            "comment": spoil("für später"),
            "value": "-3.10",
        },
    ],
}


def branch() -> dict[str, Any]:
    """How to create a Kimai of the branch after the last release."""
    how = older(1400)
    options = how["rows"]["configuration"]
    options[:] = [row for row in options if row["option"] != "allowRoundDown"]
    options.append({"option": "roundingMethod", "value": "closest"})
    return how


def updated() -> dict[str, Any]:
    """How to create a Kimai that began as an old one: the first entry has no status."""
    how = older(1394)
    for name, columns in OLD_COLUMNS.items():
        how["tables"][name] |= columns
    how["rows"]["timeSheet"][1]["statusID"] = None
    return how


def older(revision: int, *missing: tuple[str, str], version: str = "1.3.5") -> dict[str, Any]:
    """How to create a Kimai of another revision."""
    tables = {
        name: {key: definition for key, definition in columns.items() if (name, key) not in missing}
        for name, columns in TABLES.items()
    }
    rows = {
        name: [
            {key: value for key, value in row.items() if (name, key) not in missing}
            for row in records
        ]
        for name, records in ROWS.items()
    }
    for option in rows["configuration"]:
        if option["option"] == "revision":
            option["value"] = str(revision)
        if option["option"] == "version":
            option["value"] = version
    return {"tables": tables, "rows": rows}


def drop(database: Database) -> None:
    """Remove Kimai's tables and ours."""
    names = {table.name for table in Base.metadata.sorted_tables}
    with database.engine.begin() as connection:
        for name in sorted(names):
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS `{real_name(name, connection)}`")


def create(
    database: Database,
    *,
    tables: Mapping[str, Mapping[str, str]] = TABLES,
    rows: Mapping[str, Sequence[Mapping[str, Any]]] = ROWS,
    engine: str = "InnoDB",
    charsets: Mapping[str, str] = CHARSETS,
) -> None:
    """Make the tables and fill them.

    :param charsets: by table; utf8mb4 where there is none.
    """
    with database.engine.begin() as connection:
        for name, columns in tables.items():
            lines = ", ".join(
                definition if column.startswith(" ") else f"`{column}` {definition}"
                for column, definition in columns.items()
            )
            charset = charsets.get(name, "utf8mb4")
            connection.exec_driver_sql(
                f"CREATE TABLE `{database.prefix}{name}` ({lines}) "
                f"ENGINE={engine} DEFAULT CHARSET={charset}"
            )
        _fill(connection, database.prefix, rows)


def reset(database: Database) -> None:
    """Undo all changes, including the tables that this service added."""
    inspector = sqlalchemy.inspect(database.engine)
    with database.engine.begin() as connection:
        for table in Base.metadata.sorted_tables:
            name = table.name.replace(PREFIX_TOKEN, database.prefix)
            plain = name.removeprefix(database.prefix)
            if plain in TABLES:
                connection.exec_driver_sql(f"DELETE FROM `{name}`")
                for index in inspector.get_indexes(name):
                    if str(index["name"]).startswith(name):
                        connection.exec_driver_sql(f"DROP INDEX `{index['name']}` ON `{name}`")
            else:
                connection.exec_driver_sql(f"DROP TABLE IF EXISTS `{name}`")
        _fill(connection, database.prefix, ROWS)


def _fill(
    connection: Connection, prefix: str, rows: Mapping[str, Sequence[Mapping[str, Any]]]
) -> None:
    """Insert as PHP would: without strictness."""
    # 0 is an ID here, not a request for a new one.
    connection.exec_driver_sql("SET SESSION sql_mode='NO_AUTO_VALUE_ON_ZERO'")
    for name, records in rows.items():
        for record in records:
            names = ", ".join(f"`{column}`" for column in record)
            values = ", ".join(f":v{index}" for index in range(len(record)))
            connection.execute(
                text(f"INSERT INTO `{prefix}{name}` ({names}) VALUES ({values})"),
                {f"v{index}": value for index, value in enumerate(record.values())},
            )
    connection.detach()  # its mode is nobody else's


@contextmanager
def database(directory: Path, *, prefix: str = f"o{PREFIX}", **how: Any) -> Iterator[Database]:
    """A Kimai 1 database on MariaDB, gone when the block ends."""
    kimai = Database(databases.url_of("mariadb", directory), prefix)
    drop(kimai)
    try:
        create(kimai, **how)
        yield kimai
    finally:
        drop(kimai)
        kimai.close()


def write_autoconf(
    path: Path, url: URL, prefix: str, salt: str = SALT, timezone: str = "Europe/Vienna"
) -> None:
    """Kimai's ``includes/autoconf.php`` for a database."""
    host = f"{url.host}:{url.port}" if url.port else url.host
    path.write_text(
        f'<?php\n$server_hostname = "{host}";\n$server_database = "{url.database}";\n'
        f'$server_username = "{url.username}";\n$server_password = "{url.password or ""}";\n'
        f'$server_prefix = "{prefix}";\n$password_salt = "{salt}";\n'
        f'$timezone = "{timezone}";\n'
    )


def structure(database: Database) -> dict[str, Any]:
    """Tables with their columns and indexes, by real names."""
    inspector = sqlalchemy.inspect(database.engine)
    return {
        name: (
            [(column["name"], str(column["type"])) for column in inspector.get_columns(name)],
            sorted(str(index["name"]) for index in inspector.get_indexes(name)),
        )
        for name in inspector.get_table_names()
        if name.startswith(database.prefix)
    }


def rows_of(database: Database, table: str) -> list[dict[str, Any]]:
    """All records of a table, read by hand."""
    with database.engine.connect() as connection:
        result = connection.execute(sqlalchemy.text(f"SELECT * FROM `{database.prefix}{table}`"))
        return [dict(record) for record in result.mappings()]


def tables() -> MetaData:
    """Return tables as Kimai has them: without foreign keys, our indexes, and tables of our own."""
    result = MetaData()
    for table in Base.metadata.sorted_tables:
        if table.name in OWN_TABLES:
            continue
        copy = table.to_metadata(result)
        copy.constraints = {
            one for one in copy.constraints if one.__visit_name__ != "foreign_key_constraint"
        }
        copy.indexes.clear()
    return result
