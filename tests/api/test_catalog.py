"""Lists: getUsers, getCustomers, getProjects, getTasks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from caller import Caller
from sqlalchemy import delete

from kimai_remote.storage import models as m
from support.world import World


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["name"] for row in rows]


def task(world: World, name: str, **fields: Any) -> dict[str, Any]:
    return {"activityID": world.ids[name], "name": name.title(), "visible": True} | fields


def free(world: World, name: str) -> dict[str, Any]:
    """A task of no project, among the tasks of a project."""
    return task(world, name, budget=None, approved=None, effort=None)


def design(world: World) -> dict[str, Any]:
    """The task that is assigned to the shop, among its tasks."""
    return task(world, "design", budget=Decimal("500.00"), approved=None, effort=Decimal("8.00"))


def project(world: World, known_as: str, **fields: Any) -> dict[str, Any]:
    return {
        "projectID": world.ids[known_as],
        "customerID": world.acme,
        "name": known_as.title(),
        "comment": f"About {known_as}",
        "visible": True,
        "filter": False,
        "trash": False,
        "budget": Decimal("0.00"),
        "effort": None,
        "approved": None,
        "internal": False,
        "customerName": "Acme",
        "customerVisible": True,
    } | fields


def test_ordinary_users_see_themselves(alice: Caller, oscar: Caller, world: World) -> None:
    assert alice.items("getUsers") == [{"userID": world.alice, "name": "alice"}]
    assert oscar.items("getUsers") == [{"userID": world.oscar, "name": "oscar"}]


def test_a_leader_sees_the_users_of_the_group(ben: Caller, world: World) -> None:
    assert ben.items("getUsers") == [
        {"userID": world.ids[name], "name": name} for name in ("alice", "ben", "idle", "root")
    ]


def test_the_administrator_sees_all_users_but_the_trashed(root: Caller) -> None:
    assert names(root.items("getUsers")) == ["alice", "ben", "idle", "oscar", "root"]


def test_a_leader_of_a_trashed_group_sees_no_other_user(ben: Caller, world: World) -> None:
    world.change(m.Group, world.blue, trash=1)
    assert names(ben.items("getUsers")) == ["ben"]


def test_customers(alice: Caller, oscar: Caller, world: World) -> None:
    assert alice.items("getCustomers") == [
        {"customerID": world.acme, "name": "Acme", "contact": "Eve", "visible": True}
    ]
    assert oscar.items("getCustomers") == [
        {"customerID": world.rival, "name": "Rival", "contact": None, "visible": True}
    ]


def test_a_trashed_customer_and_its_projects_are_not_listed(alice: Caller, world: World) -> None:
    world.change(m.Customer, world.acme, trash=1)
    assert alice.items("getCustomers") == []
    assert alice.items("getProjects") == []


def test_projects(alice: Caller, oscar: Caller, world: World) -> None:
    assert alice.items("getProjects") == [
        project(world, "internal", internal=True),
        project(world, "portal"),
        project(world, "shop"),
    ]
    assert oscar.items("getProjects", False) == [
        project(world, "red_project", customerID=world.rival, customerName="Rival")
    ]


def test_a_project_with_all_fields(alice: Caller, world: World) -> None:
    world.change(
        m.Project,
        world.shop,
        budget=Decimal("1000.50"),
        effort=Decimal("12.25"),
        approved=Decimal("800.00"),
        filter=1,
        comment=None,
        internal=1,
        name="☕",
    )
    (shop,) = [row for row in alice.items("getProjects") if row["projectID"] == world.shop]
    assert shop == project(
        world,
        "shop",
        budget=Decimal("1000.50"),
        effort=Decimal("12.25"),
        approved=Decimal("800.00"),
        filter=True,
        comment=None,
        internal=True,
        name="☕",
    )


def test_projects_with_tasks(alice: Caller, world: World) -> None:
    world.add(m.ProjectActivity(projectID=world.portal, activityID=world.invisible_task))
    everywhere = [free(world, "coding"), free(world, "meeting")]
    assert alice.items("getProjects", True) == [
        project(world, "internal", internal=True, tasks=everywhere),
        project(world, "portal", tasks=everywhere),
        project(world, "shop", tasks=[everywhere[0], design(world), everywhere[1]]),
    ]


def test_projects_without_tasks(json_alice: Caller, world: World) -> None:
    world.execute(delete(m.GroupActivity))
    assert [row["tasks"] for row in json_alice.items("getProjects", True)] == [[], [], []]


def test_tasks(alice: Caller, oscar: Caller, world: World) -> None:
    # zeep shows a field that isn't there as None; test_field_order tells the two apart.
    budgets = {} if alice.remote.name == "json" else dict.fromkeys(("budget", "approved", "effort"))
    assert alice.items("getTasks") == [
        task(world, name, **budgets) for name in ("coding", "design", "meeting")
    ]
    assert alice.items("getTasks", 0) == [free(world, "coding"), free(world, "meeting")]
    assert oscar.items("getTasks") == [
        task(world, name, **budgets) for name in ("coding", "meeting", "red_task")
    ]


def test_tasks_of_a_project(alice: Caller, world: World) -> None:
    assert alice.items("getTasks", world.shop) == [
        free(world, "coding"),
        design(world),
        free(world, "meeting"),
    ]
    assert alice.items("getTasks", world.portal) == [
        free(world, "coding"),
        free(world, "meeting"),
    ]


def test_the_tasks_of_a_project_are_the_same_in_both_lists(alice: Caller) -> None:
    for row in alice.items("getProjects", True):
        assert row["tasks"] == alice.items("getTasks", row["projectID"])


@pytest.mark.parametrize("name", ["red_project", "trashed"])
def test_tasks_of_a_project_of_another_group(alice: Caller, world: World, name: str) -> None:
    assert alice.refusal("getTasks", world.ids[name]) == "Invalid projectId."


@pytest.mark.parametrize("project_id", [999_999, -1, 2**31 - 1])
def test_tasks_of_an_unknown_project(alice: Caller, project_id: int) -> None:
    assert alice.refusal("getTasks", project_id) == "Invalid projectId."


@pytest.mark.parametrize("project_id", ["x", 2**31])
def test_tasks_of_a_project_of_the_wrong_type(alice: Caller, project_id: str | int) -> None:
    alice.rejection("getTasks", project_id)


def test_a_user_of_no_group_gets_empty_lists(alice: Caller, world: World) -> None:
    world.execute(delete(m.GroupUser).where(m.GroupUser.userID == world.alice))
    for method in ("getCustomers", "getProjects", "getTasks"):
        assert alice.items(method) == []
    assert names(alice.items("getUsers")) == ["alice"]


def test_records_of_a_trashed_group_are_not_listed(alice: Caller, world: World) -> None:
    world.change(m.Group, world.blue, trash=1)
    for method in ("getCustomers", "getProjects", "getTasks"):
        assert alice.items(method) == []


def test_records_of_two_groups_are_listed_once(alice: Caller, world: World) -> None:
    world.add(m.GroupUser(groupID=world.red, userID=world.alice, membershipRoleID=2))
    assert names(alice.items("getTasks")) == ["Coding", "Design", "Meeting", "Red_Task"]
    assert names(alice.items("getCustomers")) == ["Acme", "Rival"]


def test_order_by_name_ignores_case(alice: Caller, root: Caller, world: World) -> None:
    for project_id, name in (
        (world.shop, "apple"),
        (world.portal, "Banana"),
        (world.internal, "cat"),
    ):
        world.change(m.Project, project_id, name=name)
    world.change(m.Activity, world.meeting, name="aardvark")
    world.change(m.User, world.oscar, name="Bert")
    assert names(alice.items("getProjects")) == ["apple", "Banana", "cat"]
    assert names(alice.items("getTasks")) == ["aardvark", "Coding", "Design"]
    assert names(root.items("getUsers")) == ["alice", "ben", "Bert", "idle", "root"]
