"""Expenses: getExpenses, getExpenseRecord, setExpenseRecord, removeExpenseRecord."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from caller import DENIED, Caller, Revoke

from kimai_remote.storage import models as m
from support.world import World

#: 2026-03-01 12:00 UTC.
NOON = 1_772_366_400
HOUR = 3600
LOCKED = "editLimit"
INVALID_SPAN = "Invalid from/to, make sure there is at least a second difference."


def ids(rows: list[dict[str, Any]]) -> list[int]:
    return [row["expenseID"] for row in rows]


def new(world: World, **fields: Any) -> dict[str, Any]:
    """Return a record with the required fields of a new expense."""
    return {"projectId": world.shop, "date": "2026-03-01 12:00"} | fields


def fresh(world: World, expense_id: int, **fields: Any) -> dict[str, Any]:
    """What getExpenseRecord responses for an expense that was created from :func:`new`."""
    return {
        "expenseID": expense_id,
        "timestamp": NOON,
        "userID": world.alice,
        "projectID": world.shop,
        "designation": "Train ☕",
        "comment": "to Acme",
        "commentType": 0,
        "refundable": False,
        "cleared": False,
        "multiplier": Decimal("1.00"),
        "value": Decimal("0.00"),
        "projectName": "Shop",
        "customerID": world.acme,
        "customerName": "Acme",
    } | fields


@pytest.fixture
def three(world: World) -> list[int]:
    """Return the IDs of three expenses, oldest first: at 11, 12 and 13 o'clock."""
    return [world.add_expense(timestamp=NOON + n * HOUR) for n in (-1, 0, 1)]


def test_all_fields_of_a_row(alice: Caller, world: World) -> None:
    expense_id = world.add_expense(
        timestamp=NOON,
        multiplier=Decimal("2.50"),
        value=Decimal("-19.99"),
        designation="Refund",
        comment="日本語",
        commentType=2,
        refundable=1,
        cleared=1,
    )
    assert alice.items("getExpenses") == [
        {
            "expenseID": expense_id,
            "timestamp": NOON,
            "multiplier": Decimal("2.50"),
            "value": Decimal("-19.99"),
            "projectID": world.shop,
            "designation": "Refund",
            "userID": world.alice,
            "customerName": "Acme",
            "customerID": world.acme,
            "projectName": "Shop",
            "comment": "日本語",
            "refundable": True,
            "commentType": 2,
            "userName": "alice",
            "cleared": True,
        }
    ]


def test_no_expenses(alice: Caller, world: World) -> None:
    world.add_expense("ben")
    assert alice.items("getExpenses") == []


def test_newest_first(alice: Caller, world: World, three: list[int]) -> None:
    twin = world.add_expense(timestamp=NOON)
    assert ids(alice.items("getExpenses")) == [three[2], three[1], twin, three[0]]


@pytest.mark.parametrize(
    ("begin", "finish", "expected"),
    [
        ("0", "", [0, 1, 2]),
        (str(NOON), 0, [1, 2]),
        (str(NOON + 1), 0, [2]),
        (0, str(NOON - 1), [0]),
        (0, str(NOON), [0, 1]),
        (str(NOON), str(NOON), [1]),
        (str(NOON), str(NOON - 1), []),
        ("2026-03-01 12:00", "1.3.2026 12:59", [1]),
        ("2026-03-02", "", []),
    ],
)
def test_a_period(
    alice: Caller, three: list[int], begin: str | int, finish: str | int, expected: list[int]
) -> None:
    rows = alice.items("getExpenses", begin, finish)
    assert sorted(ids(rows)) == [three[index] for index in expected]


@pytest.mark.parametrize(
    ("refundable", "cleared", "expected"),
    [
        (-1, -1, [0, 1, 2, 3]),
        (0, -1, [1, 3]),
        (1, -1, [0, 2]),
        (-1, 0, [0, 1]),
        (-1, 1, [2, 3]),
        (0, 1, [3]),
        (1, 0, [0]),
    ],
)
def test_refundable_and_cleared(
    alice: Caller, world: World, refundable: int, cleared: int, expected: list[int]
) -> None:
    flags = [(0, 0), (1, 0), (0, 1), (1, 1)]
    found = [world.add_expense(refundable=back, cleared=done) for back, done in flags]
    rows = alice.items("getExpenses", 0, 0, refundable, cleared)
    assert sorted(ids(rows)) == [found[index] for index in expected]


@pytest.mark.parametrize(
    ("start", "limit", "expected"),
    [(0, 2, [2, 1]), (1, 1, [1]), (1, 0, [2, 1, 0]), (3, 5, []), (0, 99, [2, 1, 0])],
)
def test_pages_have_the_total(
    alice: Caller, three: list[int], start: int, limit: int, expected: list[int]
) -> None:
    response = alice.call("getExpenses", 0, 0, -1, -1, start, limit)
    assert ids(response["items"]) == [three[index] for index in expected]
    assert response["total"] == 3


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        (("someday",), "Invalid from 'someday'"),
        ((0, "31.2.2026"), "Invalid to '31.2.2026'"),
        ((0, 0, 2), "refundable must be"),
        ((0, 0, -1, 2), "cleared must be"),
        ((0, 0, -1, -1, -1, 1), "must not be negative"),
        ((0, 0, -1, -1, 0, -1), "must not be negative"),
    ],
)
def test_bad_parameters(alice: Caller, parameters: tuple[Any, ...], text: str) -> None:
    assert text in alice.refusal("getExpenses", *parameters)


@pytest.mark.parametrize("parameters", [(0, 0, "all"), (0, 0, -1, -1, 0, 2**31)])
def test_parameters_of_the_wrong_type(alice: Caller, parameters: tuple[Any, ...]) -> None:
    alice.rejection("getExpenses", *parameters)


def test_without_access_to_expenses(alice: Caller, world: World, revoke: Revoke) -> None:
    revoke("ki_expenses-access")
    expense_id = world.add_expense()
    assert alice.refusal("getExpenses") == DENIED
    assert alice.refusal("getExpenseRecord", expense_id) == DENIED
    assert alice.refusal("setExpenseRecord", new(world)) == DENIED
    assert alice.refusal("setExpenseRecord", {"id": expense_id, "comment": "x"}, True) == DENIED
    assert alice.refusal("removeExpenseRecord", expense_id) == DENIED


def test_two_fields_are_enough_for_a_new_expense(alice: Caller, world: World) -> None:
    created = alice.item("setExpenseRecord", new(world))
    assert created == {"id": created["id"]}
    expense = world.expense(created["id"])
    assert (expense.designation, expense.comment, expense.multiplier) == ("", None, Decimal(1))
    texts = {"designation": "Train ☕", "comment": "to Acme"}
    alice.does("setExpenseRecord", {"id": created["id"], **texts}, True)
    assert alice.items("getExpenseRecord", created["id"]) == [fresh(world, created["id"])]


def test_a_new_expense_with_all_fields(alice: Caller, world: World) -> None:
    record = new(
        world,
        id=77,
        designation="Hotel",
        comment="two nights",
        commentType=1,
        refundable=True,
        cleared=True,
        multiplier=Decimal("2"),
        value=Decimal("99999999.99"),
    )
    expense_id = alice.item("setExpenseRecord", record, False)["id"]
    assert expense_id != 77
    assert alice.item("getExpenseRecord", expense_id) == fresh(
        world,
        expense_id,
        designation="Hotel",
        comment="two nights",
        commentType=1,
        refundable=True,
        cleared=True,
        multiplier=Decimal("2.00"),
        value=Decimal("99999999.99"),
    )


@pytest.mark.parametrize(
    ("record", "changed"),
    [
        ({"designation": "Bus"}, {"designation": "Bus"}),
        ({"date": "2026-03-01T14:00:00+01:00"}, {"timestamp": NOON + HOUR}),
        ({"date": "0", "comment": "x"}, {"comment": "x"}),
        ({"refundable": True}, {"refundable": True}),
        ({"cleared": True}, {"cleared": True}),
        ({"value": Decimal("-7.5")}, {"value": Decimal("-7.50")}),
        ({"multiplier": Decimal("0.5")}, {"multiplier": Decimal("0.50")}),
        ({"commentType": 2}, {"commentType": 2}),
        ({"projectId": 0}, {}),
    ],
)
def test_an_update_changes_the_given_fields_only(
    alice: Caller, world: World, record: dict[str, Any], changed: dict[str, Any]
) -> None:
    expense_id = alice.item("setExpenseRecord", new(world, designation="Taxi", comment="late"))[
        "id"
    ]
    before = alice.item("getExpenseRecord", expense_id)
    alice.does("setExpenseRecord", {"id": expense_id, **record}, True)
    assert alice.item("getExpenseRecord", expense_id) == before | changed


def test_an_update_moves_an_expense(alice: Caller, world: World) -> None:
    expense_id = world.add_expense()
    alice.does("setExpenseRecord", {"id": expense_id, "projectId": world.portal}, True)
    item = alice.item("getExpenseRecord", expense_id)
    assert (item["projectID"], item["projectName"]) == (world.portal, "Portal")


def test_an_expense_whose_project_was_deleted(alice: Caller, world: World) -> None:
    texts = {"designation": "Train ☕", "comment": "to Acme"}
    expense_id = world.add_expense(timestamp=NOON, projectID=999, value=0, **texts)
    assert alice.item("getExpenseRecord", expense_id) == fresh(
        world, expense_id, projectID=999, projectName=None, customerID=None, customerName=None
    )
    assert alice.call("getExpenses")["total"] == 0


def test_remove(alice: Caller, world: World) -> None:
    expense_id, kept = world.add_expense(), world.add_expense()
    alice.does("removeExpenseRecord", expense_id)
    assert not world.exists(m.Expense, expense_id)
    assert world.exists(m.Expense, kept)
    assert alice.refusal("removeExpenseRecord", expense_id) == "Invalid ID"


def test_without_the_right_to_add(alice: Caller, world: World, revoke: Revoke) -> None:
    revoke("ki_expenses-ownEntry-add")
    assert alice.refusal("setExpenseRecord", new(world)) == DENIED


def test_expenses_older_than_the_edit_limit_are_locked(alice: Caller, world: World) -> None:
    world.set_option("editLimit", 3600)
    young = world.add_expense(timestamp=world.now - 3600)
    old = world.add_expense(timestamp=world.now - 3601)
    assert LOCKED in alice.refusal("setExpenseRecord", {"id": old, "comment": "late"}, True)
    assert LOCKED in alice.refusal("removeExpenseRecord", old)
    into_the_past = {"id": young, "date": "2026-03-01"}
    assert LOCKED in alice.refusal("setExpenseRecord", into_the_past, True)
    alice.does("removeExpenseRecord", young)
