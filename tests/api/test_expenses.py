"""Expenses: getExpenses, getExpenseRecord, setExpenseRecord, removeExpenseRecord."""

from __future__ import annotations

from decimal import Decimal

import pytest
from caller import DENIED

from kimai_remote.storage import models as m

#: 2026-03-01 12:00 UTC.
NOON = 1_772_366_400
HOUR = 3600
LOCKED = "editLimit"
INVALID_SPAN = "Invalid from/to, make sure there is at least a second difference."


def numbers(rows):
    return [row["expenseID"] for row in rows]


def new(world, **fields):
    """A record that is enough for a new expense."""
    return {"projectId": world.shop, "date": "2026-03-01 12:00"} | fields


def fresh(world, number, **fields):
    """What getExpenseRecord answers for an expense that was created from :func:`new`."""
    return {
        "expenseID": number,
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
def three(world):
    """Numbers of three expenses, oldest first: at 11, 12 and 13 o'clock."""
    return [world.add_expense(timestamp=NOON + n * HOUR) for n in (-1, 0, 1)]


def test_a_whole_row(alice, world):
    number = world.add_expense(
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
            "expenseID": number,
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


def test_no_expenses(alice, world):
    world.add_expense("ben")
    assert alice.items("getExpenses") == []


def test_newest_first(alice, world, three):
    twin = world.add_expense(timestamp=NOON)
    assert numbers(alice.items("getExpenses")) == [three[2], twin, three[1], three[0]]


@pytest.mark.parametrize(
    ("begin", "finish", "expected"),
    [
        ("0", "", [0, 1, 2]),
        (str(NOON), 0, [1, 2]),
        (str(NOON + 1), 0, [2]),
        (0, str(NOON), [0]),
        (0, str(NOON + 1), [0, 1]),
        ("2026-03-01 12:00", "1.3.2026 13:00", [1]),
        ("2026-03-02", "", []),
    ],
)
def test_a_period(alice, three, begin, finish, expected):
    rows = alice.items("getExpenses", begin, finish)
    assert sorted(numbers(rows)) == [three[place] for place in expected]


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
def test_refundable_and_cleared(alice, world, refundable, cleared, expected):
    flags = [(0, 0), (1, 0), (0, 1), (1, 1)]
    found = [world.add_expense(refundable=back, cleared=done) for back, done in flags]
    rows = alice.items("getExpenses", 0, 0, refundable, cleared)
    assert sorted(numbers(rows)) == [found[place] for place in expected]


@pytest.mark.parametrize(
    ("start", "limit", "expected"),
    [(0, 2, [2, 1]), (1, 1, [1]), (1, 0, [1, 0]), (3, 5, []), (0, 99, [2, 1, 0])],
)
def test_pages_say_how_many_there_are(alice, three, start, limit, expected):
    answer = alice.call("getExpenses", 0, 0, -1, -1, start, limit)
    assert numbers(answer["items"]) == [three[place] for place in expected]
    assert answer["total"] == 3


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        (("yesterday",), "Invalid from 'yesterday'"),
        ((0, "31.2.2026"), "Invalid to '31.2.2026'"),
        (("2026-03-01", "2026-02-01"), INVALID_SPAN),
        ((0, 0, 2), "refundable must be"),
        ((0, 0, -1, 2), "cleared must be"),
        ((0, 0, -1, -1, -1), "must not be negative"),
        ((0, 0, -1, -1, 0, -1), "must not be negative"),
    ],
)
def test_bad_parameters(alice, parameters, text):
    assert text in alice.refusal("getExpenses", *parameters)


@pytest.mark.parametrize("parameters", [(0, 0, "all"), (0, 0, -1, -1, 0, 2**31)])
def test_parameters_of_the_wrong_type(alice, parameters):
    alice.rejection("getExpenses", *parameters)


def test_without_access_to_expenses(alice, world, without):
    without("ki_expenses-access")
    number = world.add_expense()
    assert alice.refusal("getExpenses") == DENIED
    assert alice.refusal("getExpenseRecord", number) == DENIED
    assert alice.refusal("setExpenseRecord", new(world)) == DENIED
    assert alice.refusal("setExpenseRecord", {"id": number, "comment": "x"}, True) == DENIED
    assert alice.refusal("removeExpenseRecord", number) == DENIED


def test_two_fields_are_enough_for_a_new_expense(alice, world):
    created = alice.item("setExpenseRecord", new(world))
    assert created == {"id": created["id"]}
    expense = world.expense(created["id"])
    assert (expense.designation, expense.comment, expense.multiplier) == ("", "", 1)
    texts = {"designation": "Train ☕", "comment": "to Acme"}
    alice.does("setExpenseRecord", {"id": created["id"], **texts}, True)
    assert alice.items("getExpenseRecord", created["id"]) == [fresh(world, created["id"])]


def test_a_new_expense_with_all_fields(alice, world):
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
    number = alice.item("setExpenseRecord", record, False)["id"]
    assert number != 77
    assert alice.item("getExpenseRecord", number) == fresh(
        world,
        number,
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
def test_an_update_changes_the_given_fields_only(alice, world, record, changed):
    number = alice.item("setExpenseRecord", new(world, designation="Taxi", comment="late"))["id"]
    before = alice.item("getExpenseRecord", number)
    alice.does("setExpenseRecord", {"id": number, **record}, True)
    assert alice.item("getExpenseRecord", number) == before | changed


def test_an_update_moves_an_expense(alice, world):
    number = world.add_expense()
    alice.does("setExpenseRecord", {"id": number, "projectId": world.portal}, True)
    item = alice.item("getExpenseRecord", number)
    assert (item["projectID"], item["projectName"]) == (world.portal, "Portal")


def test_an_expense_whose_project_was_deleted(alice, world):
    texts = {"designation": "Train ☕", "comment": "to Acme"}
    number = world.add_expense(timestamp=NOON, projectID=999, value=0, **texts)
    assert alice.item("getExpenseRecord", number) == fresh(
        world, number, projectID=999, projectName=None, customerID=None, customerName=None
    )
    (row,) = alice.items("getExpenses")
    assert (row["projectName"], row["customerName"], row["customerID"]) == (None, None, None)


def test_remove(alice, world):
    number, kept = world.add_expense(), world.add_expense()
    alice.does("removeExpenseRecord", number)
    assert world.expense(number) is None
    assert world.expense(kept) is not None
    assert alice.refusal("removeExpenseRecord", number) == "Invalid ID"


@pytest.mark.parametrize("number", [999_999, 0, -1, 2**31 - 1])
def test_unknown_numbers(alice, world, number):
    world.add_expense()
    assert alice.refusal("getExpenseRecord", number) == "Invalid ID"
    assert alice.refusal("removeExpenseRecord", number) == "Invalid ID"
    expected = "Invalid ID" if number else "Performed an update, but missing id property."
    assert alice.refusal("setExpenseRecord", {"id": number, "comment": "x"}, True) == expected


@pytest.mark.parametrize("number", ["x", 2**31, "1.5"])
def test_numbers_of_the_wrong_type(alice, number):
    alice.rejection("getExpenseRecord", number)
    alice.rejection("removeExpenseRecord", number)


def test_who_may_read_an_expense(alice, ben, oscar, root, world):
    of_alice, of_ben = world.add_expense("alice"), world.add_expense("ben")
    for reader in (alice, ben, root):
        assert reader.item("getExpenseRecord", of_alice)["userID"] == world.alice
    assert alice.refusal("getExpenseRecord", of_ben) == DENIED
    assert oscar.refusal("getExpenseRecord", of_alice) == DENIED


def test_who_may_change_and_remove_an_expense(alice, ben, oscar, root, world):
    of_alice, of_ben = world.add_expense("alice"), world.add_expense("ben")
    for stranger, number in ((alice, of_ben), (oscar, of_alice)):
        change = {"id": number, "comment": "x"}
        assert stranger.refusal("setExpenseRecord", change, True) == DENIED
        assert stranger.refusal("removeExpenseRecord", number) == DENIED
    ben.does("setExpenseRecord", {"id": of_alice, "comment": "by ben"}, True)
    expense = world.expense(of_alice)
    assert (expense.comment, expense.userID) == ("by ben", world.alice)
    ben.does("removeExpenseRecord", of_alice)
    root.does("removeExpenseRecord", of_ben)
    assert world.expense(of_alice) is world.expense(of_ben) is None


def test_without_the_right_to_add(alice, world, without):
    without("ki_expenses-ownEntry-add")
    assert alice.refusal("setExpenseRecord", new(world)) == DENIED


def test_cleared_expenses_take_the_right_to_others_entries(alice, ben, world):
    number = world.add_expense(cleared=1)
    change = {"id": number, "comment": "billed", "cleared": False}
    assert alice.refusal("setExpenseRecord", change, True) == DENIED
    assert alice.refusal("removeExpenseRecord", number) == DENIED
    ben.does("setExpenseRecord", change, True)
    assert world.expense(number).cleared == 0
    alice.does("removeExpenseRecord", number)


def test_expenses_older_than_the_edit_limit_are_locked(alice, world):
    world.set_option("editLimit", 3600)
    young = world.add_expense(timestamp=world.now - 3600)
    old = world.add_expense(timestamp=world.now - 3601)
    assert LOCKED in alice.refusal("setExpenseRecord", {"id": old, "comment": "late"}, True)
    assert LOCKED in alice.refusal("removeExpenseRecord", old)
    into_the_past = {"id": young, "date": "2026-03-01"}
    assert LOCKED in alice.refusal("setExpenseRecord", into_the_past, True)
    alice.does("removeExpenseRecord", young)


def test_a_leader_leads_only_while_the_group_is_there(ben, world):
    number = world.add_expense("alice")
    world.change(m.Group, world.blue, trash=1)
    assert ben.refusal("removeExpenseRecord", number) == DENIED
