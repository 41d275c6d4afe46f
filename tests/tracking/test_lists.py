"""Lists and their totals, calculated from counts: what all entries, read one by one, say."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select

from kimai_remote.storage import entry_counts
from kimai_remote.storage import models as m
from kimai_remote.storage.tallies import PERIOD
from kimai_remote.tracking import expenses, pagination, timesheet
from kimai_remote.tracking.context import CallContext, Principal
from kimai_remote.tracking.record_set import RecordSet
from support.world import World

UTC = ZoneInfo("UTC")
#: Times are in few periods, so that windows begin and end in, at and between entries.
FIRST, SPAN = 1000 * PERIOD, 9 * PERIOD
WINDOWS = 60


@pytest.fixture
def choose() -> random.Random:
    return random.Random(13)  # noqa: S311


def some_times(choose: random.Random) -> tuple[int, int]:
    return FIRST + choose.randrange(SPAN), FIRST + choose.randrange(12) * PERIOD


def times(choose: random.Random, world: World, *, irregular: bool) -> Iterator[dict[str, Any]]:
    for _ in range(400):
        # Often the same times, those at the bounds of periods among them.
        start = choose.choice((*some_times(choose), 7))
        length = choose.choice((0, 60, 3600, PERIOD - 1, PERIOD, PERIOD + 1, 3 * PERIOD))
        end = 0 if choose.random() < 0.03 else max(start + length, 1)
        if irregular and choose.random() < 0.05:
            end = start - 50
        yield {
            "start": start,
            "end": end,
            "userID": choose.choice((world.alice, world.ben)),
            "projectID": choose.choice((world.shop, world.portal, world.red_project)),
            "activityID": choose.choice((world.coding, world.meeting)),
            "statusID": choose.choice((1, 2)),
            "cleared": choose.choice((0, 0, 1)),
        }


def context_of(
    world: World, connection: Any, *, customer: bool = False, counts: bool = True
) -> CallContext:
    owner = {"customer_id": world.acme} if customer else {"user_id": world.alice}
    rights = frozenset({"ki_timesheet-access", "ki_expenses-access"})
    return CallContext(
        connection=connection,
        now=world.now,
        zone=UTC,
        principal=Principal(name="", zone=UTC, rights=rights, **owner),  # type: ignore[arg-type]
        has_entry_counts=counts,
    )


#: What clients ask for when they mean everything.
FAR = {"9999-12-31": 2**31 - 1, "0001-01-01": -(2**31)}


def window(choose: random.Random) -> tuple[int | str, int | str]:
    def bound() -> int | str:
        some = some_times(choose)
        return choose.choice((0, 7, *some, *some, *FAR))

    return bound(), bound()


def listed(world: World, entry: Any, *, customer: bool) -> bool:
    if customer:
        return entry.projectID in (world.shop, world.portal)
    return bool(entry.userID == world.alice)


def in_order(entries: list[Any], key: str, time: str) -> list[int]:
    entries.sort(key=lambda entry: (-getattr(entry, time), getattr(entry, key)))
    return [getattr(entry, key) for entry in entries]


def expected_times(
    world: World, stored: list[Any], window: Any, cleared: int, *, customer: bool
) -> list[int]:
    begin, finish = (FAR.get(bound, bound) for bound in window)
    return in_order(
        [
            entry
            for entry in stored
            if listed(world, entry, customer=customer)
            and (not begin or not entry.end or entry.end > begin)
            and (not finish or entry.start < finish)
            and (cleared == -1 or bool(entry.cleared) == bool(cleared))
        ],
        "timeEntryID",
        "start",
    )


def page_of(choose: random.Random, number: int) -> tuple[int, int]:
    start = choose.choice((0, 0, choose.randrange(number + 2), max(number - 3, 0)))
    return start, choose.choice((1, 5, 50, 1000, 2**31 - 1))


def ids(found: RecordSet) -> list[int]:
    return [values[0] for values in found.values]


@pytest.mark.parametrize("how", ["counts", "entries"])
@pytest.mark.parametrize("irregular", [False, True])
@pytest.mark.parametrize("caller", ["user", "customer"])
def test_pages_of_time_entries(
    world: World, choose: random.Random, caller: str, irregular: bool, how: str
) -> None:
    entry = m.TimeEntry.__table__
    with world.database.engine.begin() as connection:
        connection.execute(insert(entry), list(times(choose, world, irregular=irregular)))
    with world.database.engine.begin() as connection:
        stored: list[Any] = list(connection.execute(select(entry)))
        context = context_of(
            world, connection, customer=caller == "customer", counts=how == "counts"
        )
        for _ in range(WINDOWS):
            begin, finish = window(choose)
            cleared = choose.choice((-1, -1, 0, 1))
            expected = expected_times(
                world, stored, (begin, finish), cleared, customer=caller == "customer"
            )
            start, limit = page_of(choose, len(expected))
            found = timesheet.rows(context, begin, finish, cleared, start, limit)
            what = (begin, finish, cleared, start, limit)
            assert found.total == len(expected), what
            assert ids(found) == expected[start : start + limit], what


@pytest.mark.parametrize("how", ["counts", "entries"])
@pytest.mark.parametrize("caller", ["user", "customer"])
def test_pages_of_expenses(world: World, choose: random.Random, caller: str, how: str) -> None:
    expense = m.Expense.__table__
    values = [
        {
            "timestamp": entry["start"] - choose.choice((0, 0, 0, 9)),  # some before 1970
            "userID": entry["userID"],
            "projectID": entry["projectID"],
            "cleared": entry["cleared"],
            "refundable": choose.choice((0, 1, 2, -1)),
            "designation": "",
        }
        for entry in times(choose, world, irregular=False)
    ]
    with world.database.engine.begin() as connection:
        connection.execute(insert(expense), values)
    with world.database.engine.begin() as connection:
        stored: list[Any] = list(connection.execute(select(expense)))
        customer = caller == "customer"
        context = context_of(world, connection, customer=customer, counts=how == "counts")
        for _ in range(WINDOWS):
            begin, finish = window(choose)
            cleared, refundable = choose.choice((-1, 0, 1)), choose.choice((-1, -1, 0, 1))
            expected = in_order(
                [
                    each
                    for each in stored
                    if listed(world, each, customer=customer)
                    and (not begin or each.timestamp >= FAR.get(begin, begin))
                    and (not finish or each.timestamp <= FAR.get(finish, finish))
                    and (cleared == -1 or bool(each.cleared) == bool(cleared))
                    and (
                        refundable == -1
                        or (each.refundable == 0 if refundable else each.refundable > 0)
                    )
                ],
                "expenseID",
                "timestamp",
            )
            start, limit = page_of(choose, len(expected))
            found = expenses.rows(context, begin, finish, refundable, cleared, start, limit)
            what = (begin, finish, cleared, refundable, start, limit)
            assert found.total == len(expected), what
            assert ids(found) == expected[start : start + limit], what
            everything = expenses.rows(context, begin, finish, refundable, cleared, 3, 0)
            assert (everything.total, ids(everything)) == (None, expected), what


@pytest.mark.parametrize("how", ["counts", "entries"])
def test_entries_of_what_is_gone_are_in_no_list(
    world: World, choose: random.Random, how: str
) -> None:
    entry, expense = m.TimeEntry.__table__, m.Expense.__table__
    values = list(times(choose, world, irregular=False))
    for each in values:
        each[choose.choice(("projectID", "activityID", "statusID"))] = choose.choice((1, 77))
    spent = [
        {"timestamp": each["start"], "userID": world.alice, "designation": ""}
        | {"projectID": choose.choice((world.shop, 77))}
        for each in values
    ]
    with world.database.engine.begin() as connection:
        connection.execute(insert(entry), values)
        connection.execute(insert(expense), spent)
    with world.database.engine.begin() as connection:
        stored = [
            each
            for each in connection.execute(select(entry))
            if 77 not in (each.projectID, each.activityID, each.statusID)
        ]
        context = context_of(world, connection, counts=how == "counts")
        for _ in range(WINDOWS):
            begin, finish = window(choose)
            expected = expected_times(world, stored, (begin, finish), -1, customer=False)
            start, limit = page_of(choose, len(expected))
            found = timesheet.rows(context, begin, finish, -1, start, limit)
            assert (found.total, ids(found)) == (len(expected), expected[start : start + limit])
        found = expenses.rows(context, 0, 0, -1, -1, 5, 10)
        shown = in_order(
            [each for each in connection.execute(select(expense)) if each.projectID != 77],
            "expenseID",
            "timestamp",
        )
        assert (found.total, ids(found)) == (len(shown), shown[5:15])


def test_lists_are_composed_once(world: World) -> None:
    """And not for each call."""
    composed = (
        pagination._first_page,
        pagination._kept_counts,
        pagination._page,
    )
    with world.database.engine.begin() as connection:
        for _ in range(2):
            context = context_of(world, connection)
            before = [statement.cache_info().misses for statement in composed]
            for start in (0, 5):
                timesheet.rows(context, 7, 2**30, 1, start, 10)
    assert [statement.cache_info().misses for statement in composed] == before


def test_counts_are_right_after_all_this(world: World, choose: random.Random) -> None:
    """Whatever was inserted, changed and removed."""
    entry, expense = m.TimeEntry.__table__, m.Expense.__table__
    with world.database.engine.begin() as connection:
        connection.execute(insert(entry), list(times(choose, world, irregular=True)))
        connection.execute(
            insert(expense),
            [
                {
                    "timestamp": each["start"] - 1,
                    "userID": each["userID"],
                    "projectID": each["projectID"],
                    "refundable": choose.choice((-1, 0, 1)),
                    "designation": "",
                }
                for each in times(choose, world, irregular=False)
            ],
        )
        assert entry_counts.mismatches(connection) == []
        for row in connection.execute(select(entry).limit(100)).all():
            change = choose.choice(
                (
                    {"end": choose.choice((0, row.start, row.start - 9, row.start + 4 * PERIOD))},
                    {"start": row.start + PERIOD},
                    {"userID": world.ben},
                    {"projectID": world.internal},
                    {"cleared": 1 - row.cleared},
                    {"activityID": world.design, "statusID": 3},
                    {"description": "new"},
                )
            )
            connection.execute(
                entry.update().where(entry.c.timeEntryID == row.timeEntryID).values(change)
            )
        for column, value in (("timestamp", -5), ("refundable", -1), ("userID", 1), ("cleared", 3)):
            condition = expense.c.expenseID % 7 == 1
            connection.execute(expense.update().where(condition).values({column: value}))
            assert entry_counts.mismatches(connection) == []
        connection.execute(entry.delete().where(entry.c.timeEntryID % 3 == 1))
        connection.execute(expense.delete().where(expense.c.expenseID % 3 == 1))
        assert entry_counts.mismatches(connection) == []
        connection.execute(entry.update().values(start=entry.c.start + 3 * PERIOD))
        assert entry_counts.mismatches(connection) == []
