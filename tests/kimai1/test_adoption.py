"""A live Kimai 1 database is served where it is, and what is written there Kimai can read."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event, inspect

from kimai_remote.api.execution import Service
from kimai_remote.config import Settings
from kimai_remote.storage import entry_counts, schema
from kimai_remote.storage import models as m
from kimai_remote.storage.migrations import runner
from kimai_remote.storage.origin import DatabaseOrigin
from kimai_remote.storage.transactions import Database
from kimai_remote.tracking.authentication import KEY_LENGTH, ApiKeyDeriver
from kimai_remote.tracking.passwords import PasswordHasher
from support import kimai1, remotes
from support.world import SECRET

pytestmark = pytest.mark.servers

NOW = kimai1.START + 100_000


@pytest.fixture(params=list(remotes.REMOTES))
def api(request: pytest.FixtureRequest, kimai: Database) -> Iterator[Any]:
    """The API over each protocol, on the adopted database."""
    runner.upgrade(kimai)
    schema.check(kimai)
    service = Service(
        kimai,
        ApiKeyDeriver(SECRET),
        PasswordHasher(kimai1.SALT),
        Settings(shared_with_kimai=True),
        lambda: NOW,
    )
    return remotes.REMOTES[request.param](SimpleNamespace(service=service))


def items(api: Any, method: str, *parameters: Any) -> list[Any]:
    answer = api.call(method, *parameters)
    assert answer["success"], answer
    return answer["items"]


def log_in(api: Any, name: str) -> str:
    return items(api, "authenticate", name, kimai1.PASSWORD)[0]["apiKey"]


def test_upgrading_adds_and_changes_nothing_of_kimais(kimai: Database) -> None:
    def state() -> dict[str, Any]:
        inspector = inspect(kimai.engine)
        return {
            name: (
                [repr(column) for column in inspector.get_columns(kimai.prefix + name)],
                inspector.get_pk_constraint(kimai.prefix + name),
                inspector.get_foreign_keys(kimai.prefix + name),
                kimai1.rows_of(kimai, name),
                {index["name"] for index in inspector.get_indexes(kimai.prefix + name)},
            )
            for name in kimai1.TABLES
        }

    before = state()
    runner.upgrade(kimai)
    after = state()
    for name, parts in before.items():
        assert after[name][:4] == parts[:4]
        new = after[name][4] - parts[4]
        assert after[name][4] >= parts[4]
        assert all(index.startswith(f"{kimai.prefix}{name}_") for index in new)
    created = {
        name for name in inspect(kimai.engine).get_table_names() if name.startswith(kimai.prefix)
    } - {kimai.prefix + name for name in kimai1.TABLES}
    assert created == {
        kimai.prefix + f"remote_{name}"
        for name in ("counts", "keys", "period_counts", "values", "version")
    }


def test_upgrading_touches_no_trigger(kimai: Database) -> None:
    """With a binary log, few accounts may, not even to remove one that doesn't exist."""
    statements: list[str] = []

    def collect(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement.upper())

    event.listen(kimai.engine, "before_cursor_execute", collect)
    try:
        assert runner.upgrade(kimai) == list(schema.VERSIONS)
        with kimai.begin() as connection:
            entry_counts.disable(connection)
    finally:
        event.remove(kimai.engine, "before_cursor_execute", collect)
    assert any("REMOTE_COUNTS" in statement for statement in statements)
    assert not [each for each in statements if "DROP TRIGGER" in each or "CREATE TRIGGER" in each]


def test_passwords_and_keys_of_kimai_work(api: Any, kimai: Database) -> None:
    key = log_in(api, "anna")
    assert items(api, "getUsers", key) == items(api, "getUsers", kimai1.KEY)
    assert log_in(api, "anna") == key
    wrong = api.call("authenticate", "anna", "wrong")
    assert wrong["error"]["msg"] == "Unknown user or no permissions."
    for name in ("gone", "nopass"):
        assert not api.call("authenticate", name, kimai1.PASSWORD)["success"]
    assert not api.call("getUsers", "trashedtrashedtrashed")["success"]
    anna = next(row for row in kimai1.rows_of(kimai, "users") if row["name"] == "anna")
    assert anna["password"] == kimai1.md5(kimai1.PASSWORD)  # so that PHP can check it
    assert anna["apikey"] == kimai1.KEY


def test_a_user_keeps_the_key_that_kimai_gave(api: Any, kimai: Database) -> None:
    """It goes on working in Kimai's PHP, and here after Kimai's tables are left again."""
    assert log_in(api, "anna") == kimai1.KEY
    ben = log_in(api, "ben")  # has none of Kimai's
    assert len(ben) == KEY_LENGTH
    assert log_in(api, "ben") == ben
    users = {row["name"]: row for row in kimai1.rows_of(kimai, "users")}
    assert (users["anna"]["apikey"], users["ben"]["apikey"]) == (kimai1.KEY, None)


@pytest.mark.parametrize(
    ("version", "revision", "expected"),
    [
        ("1.3.5", "1394", "1.3.5-1394"),
        ("1.0.1", "1388", "1.0.1-1388"),
        ("1.3.5", "1400", "1.3.5-1400"),
        (None, "1390", "1.3.5-1390"),
        ("1.2.0", None, "1.2.0-1394"),
        (None, None, "1.3.5-1394"),
    ],
)
def test_the_version_is_the_one_that_the_database_names(
    api: Any, kimai: Database, version: str | None, revision: str | None, expected: str
) -> None:
    table = m.Configuration.__table__
    with kimai.begin() as connection:
        connection.execute(table.delete().where(table.c.option.in_(("version", "revision"))))
        named = {"version": version, "revision": revision}.items()
        for option, value in named:
            if value is not None:
                connection.execute(table.insert(), {"option": option, "value": value})
    assert api.call("getVersion") == expected


def test_the_plain_wsdl_is_that_of_kimai(api: Any, kimai: Database) -> None:
    assert kimai.origin() is DatabaseOrigin.IN_PLACE
    plain = api.client.get("/core/soap.php?wsdl")
    assert b'style="rpc"' in plain.data
    assert plain.data == api.client.get("/core/soap.php?wsdl&style=rpc").data
    assert b'style="document"' in api.client.get("/core/soap.php?wsdl&style=document").data


def test_roles_of_kimai_hold(api: Any) -> None:
    def users(name: str) -> set[str]:
        return {user["name"] for user in items(api, "getUsers", log_in(api, name))}

    assert users("admin") == {"admin", "anna", "ben", "clara", "nopass"}
    assert users("anna") == {"anna"}
    assert users("ben") == {"admin", "anna", "ben", "clara"}  # leads the group
    clara = log_in(api, "clara")  # whose role doesn't exist
    assert not api.call("getTimesheet", clara)["success"]


def test_awkward_records_are_shown(api: Any) -> None:
    rows = items(api, "getTimesheet", kimai1.KEY)
    by_number = {int(row["timeEntryID"]): row for row in rows}
    assert set(by_number) == {0, 1, 2, 3}  # 4 and 9 have no project
    assert (by_number[2]["wage"], by_number[2]["wage_decimal"]) == ("250.00", 120)
    for number in (1, 2, 3, 4, 9):
        record = items(api, "getTimesheetRecord", kimai1.KEY, number)[0]
        assert int(record["timeEntryID"]) == number
    assert record["trackingNumber"] == "0000"
    assert items(api, "getExpenses", kimai1.KEY)[0]["value"] == Decimal("19.99")
    projects = items(api, "getProjects", kimai1.KEY, True)
    assert [project["name"] for project in projects] == ["Wartung"]
    assert [task["name"] for task in items(api, "getTasks", kimai1.KEY)] == [
        "Entwicklung",
        kimai1.spoil("Prüfung"),
    ]
    assert [one["name"] for one in items(api, "getCustomers", kimai1.KEY)] == ["Müller & Söhne"]


def test_dates_are_in_kimais_time_zone_of_the_user(api: Any, kimai: Database) -> None:
    span = {"projectId": 1, "taskId": 1, "start": "2019-07-01 10:00", "end": "2019-07-01 11:00"}
    number = int(items(api, "setTimesheetRecord", kimai1.KEY, span, False)[0]["id"])
    stored = {row["timeEntryID"]: row for row in kimai1.rows_of(kimai, "timeSheet")}[number]
    assert stored["start"] == 1_561_968_000  # 08:00 UTC: summer in Berlin


def test_what_is_written_kimai_can_read(api: Any, kimai: Database) -> None:
    """Every column has a value that Kimai's own would have; columns it needs aren't null."""
    key = kimai1.KEY
    number = int(items(api, "startRecord", key, 1, 1)[0]["timeEntryID"])
    entries = {row["timeEntryID"]: row for row in kimai1.rows_of(kimai, "timeSheet")}
    running = entries[number]
    columns = ("start", "end", "duration", "statusID", "cleared")
    assert {name: running[name] for name in columns} == {
        "start": NOW,
        "end": 0,
        "duration": 0,
        "statusID": 1,
        "cleared": 0,
    }
    assert running["rate"] == Decimal("85.50")
    assert (running["fixedRate"], running["commentType"]) == (None, 0)
    anna = {row["name"]: row for row in kimai1.rows_of(kimai, "users")}["anna"]
    assert (anna["lastProject"], anna["lastActivity"], anna["lastRecord"]) == (1, 1, number)
    assert api.call("stopRecord", key, number)["success"]
    expense = {"projectId": 1, "date": "2019-03-05", "designation": "Taxi ü", "value": "7.50"}
    spent = int(items(api, "setExpenseRecord", key, expense, False)[0]["id"])
    stored = {row["expenseID"]: row for row in kimai1.rows_of(kimai, "expenses")}[spent]
    assert (stored["designation"], stored["comment"]) == ("Taxi ü", None)
    assert stored["timestamp"] == 1_551_740_400
    assert (stored["multiplier"], stored["value"]) == (Decimal("1.00"), Decimal("7.50"))


def test_several_running_recordings_become_one(api: Any, kimai: Database) -> None:
    ben = log_in(api, "ben")
    number = int(items(api, "startRecord", ben, 1, 1)[0]["timeEntryID"])
    running = [
        row["timeEntryID"]
        for row in kimai1.rows_of(kimai, "timeSheet")
        if row["userID"] == kimai1.BEN and not row["end"]
    ]
    assert running == [number]


def test_text_that_kimais_column_cannot_hold_is_refused(api: Any, kimai: Database) -> None:
    before = kimai1.rows_of(kimai, "timeSheet")
    record = {
        "projectId": 1,
        "taskId": 1,
        "start": 10_000,
        "end": 20_000,
        "description": "Kaffee ☕ 😀",
    }
    answer = api.call("setTimesheetRecord", kimai1.KEY, record, False)
    assert "characters that the database can't store" in answer["error"]["msg"]
    assert kimai1.rows_of(kimai, "timeSheet") == before


def test_a_name_that_latin1_cannot_hold_is_nobodys(api: Any) -> None:
    answer = api.call("authenticate", "anna 😀", kimai1.PASSWORD)
    assert answer["error"]["msg"] == "Unknown user or no permissions."
