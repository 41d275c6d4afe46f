"""Customers log in, read their own data, and change nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from accounts import REFUSED, key_of, kimai_hash

from kimai_remote.storage import models as m
from support.world import PASSWORD, PASSWORD_HASH, World


@pytest.mark.parametrize("hash_type", ["argon2", "md5"])
def test_log_in(full_world: World, remote: Any, hash_type: str) -> None:
    if hash_type == "md5":
        full_world.change(m.Customer, full_world.acme, password=kimai_hash(PASSWORD))
    response = remote.call("authenticate", "Acme", PASSWORD)
    assert response["items"] == [{"apiKey": key_of(full_world, "acme")}]
    assert remote.call("getCustomers", key_of(full_world, "acme"))["items"] == [
        {"customerID": full_world.acme, "name": "Acme", "contact": "Eve", "visible": True}
    ]


@pytest.mark.parametrize(("name", "password"), [("Rival", ""), ("Rival", PASSWORD), ("Acme", "")])
def test_no_login_without_a_password(
    full_world: World, remote: Any, name: str, password: str
) -> None:
    assert remote.call("authenticate", name, password) == REFUSED


@pytest.mark.parametrize("change", [{"trash": 1}, {"password": None}, {"password": ""}])
def test_an_old_key_after_the_customer_was_shut_out(
    full_world: World, remote: Any, change: dict[str, Any]
) -> None:
    full_world.change(m.Customer, full_world.acme, **change)
    assert remote.call("getCustomers", key_of(full_world, "acme")) == REFUSED
    assert remote.call("authenticate", "Acme", PASSWORD) == REFUSED


def test_a_user_goes_before_a_customer_of_the_same_name(full_world: World, remote: Any) -> None:
    full_world.change(m.Customer, full_world.acme, name="alice")
    response = remote.call("authenticate", "alice", PASSWORD)
    assert response["items"] == [{"apiKey": key_of(full_world, "alice")}]


def test_customers_with_the_same_name_can_not_log_in(full_world: World, remote: Any) -> None:
    full_world.change(m.Customer, full_world.rival, name="Acme", password=PASSWORD_HASH)
    assert remote.call("authenticate", "Acme", PASSWORD) == REFUSED


def test_time_and_expenses_without_rates(full_world: World, remote: Any) -> None:
    key = key_of(full_world, "acme")
    entry_id = full_world.add_entry("alice", fixedRate=Decimal(500))
    full_world.add_expense("alice")
    (row,) = remote.call("getTimesheet", key)["items"]
    assert (row["rate"], row["wage"], row["wage_decimal"]) == (None, None, None)
    assert (row["duration"], row["projectName"], row["userName"]) == (3600, "Shop", "alice")
    (record,) = remote.call("getTimesheetRecord", key, entry_id)["items"]
    assert (record["rate"], record["fixedRate"]) == (None, None)
    (expense,) = remote.call("getExpenses", key)["items"]
    assert expense["value"] == Decimal("12.50")


def test_tasks_are_those_used_on_the_customers_projects(full_world: World, remote: Any) -> None:
    key = key_of(full_world, "acme")
    full_world.add_entry("alice", activityID=full_world.design)
    full_world.add_entry("alice", projectID=full_world.internal, activityID=full_world.meeting)
    full_world.add_entry("olga", projectID=full_world.red_project, activityID=full_world.coding)
    assert [task["name"] for task in remote.call("getTasks", key)["items"]] == ["Design"]
    projects = remote.call("getProjects", key, True)["items"]
    tasks = {
        project["name"]: [task["name"] for task in project.get("tasks", [])] for project in projects
    }
    assert tasks == {"Portal": [], "Shop": ["Design"]}


def test_the_ban_holds_for_customers_too(full_world: World, remote: Any) -> None:
    for _ in range(3):
        assert remote.call("authenticate", "Acme", "wrong") == REFUSED
    assert remote.call("authenticate", "Acme", PASSWORD) == REFUSED
    assert remote.call("getCustomers", key_of(full_world, "acme")) == REFUSED
    full_world.now += 900
    assert remote.call("authenticate", "Acme", PASSWORD)["success"] is True


def test_a_first_failure_of_a_customer_who_never_logged_in(full_world: World, remote: Any) -> None:
    full_world.execute(m.RemoteKey.__table__.delete())
    for _ in range(3):
        assert remote.call("authenticate", "Acme", "wrong") == REFUSED
    assert remote.call("authenticate", "Acme", PASSWORD) == REFUSED
