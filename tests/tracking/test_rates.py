"""Rates: the most specific one, and wages."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from kimai_remote.storage import models as m
from kimai_remote.tracking.rates import best_fixed_rate, best_rate, wages
from kimai_remote.tracking.validation import to_cents

USER, PROJECT, ACTIVITY = 1, 2, 3
#: The scopes of rates, most specific first: the first letters of user, project and activity.
RATES = ["upa", "ua", "up", "u", "pa", "a", "p", ""]
FIXED_RATES = ["pa", "a", "p", ""]


@pytest.fixture
def rates(world):
    """Store rates with their scopes, and return the most specific one."""

    def best(table, question, scopes, user=USER, project=PROJECT, activity=ACTIVITY):
        world.execute(table.delete())
        for value, scope in scopes:
            owner = {"userID": user} if table is m.rates else {}
            row = {
                name: (id_ if name[0] in scope else None)
                for name, id_ in {
                    **owner,
                    "projectID": project,
                    "activityID": activity,
                }.items()
            }
            world.execute(table.insert(), {**row, "rate": Decimal(value)})
        return world.database.run(lambda session: session.scalar(select(question)), writes=False)

    return best


def ask():
    return best_rate(USER, PROJECT, ACTIVITY)


def ask_fixed():
    return best_fixed_rate(PROJECT, ACTIVITY)


@pytest.mark.parametrize("index", range(len(RATES)))
@pytest.mark.parametrize("is_reversed", [False, True])
def test_the_most_specific_rate_in_any_order_of_rows(rates, index, is_reversed):
    scopes = list(enumerate(RATES[index:], 10))
    rate = rates(m.rates, ask(), scopes[::-1] if is_reversed else scopes)
    assert rate == Decimal("10.00")


@pytest.mark.parametrize("index", range(len(FIXED_RATES)))
@pytest.mark.parametrize("is_reversed", [False, True])
def test_the_most_specific_fixed_rate(rates, index, is_reversed):
    scopes = list(enumerate(FIXED_RATES[index:], 10))
    rate = rates(m.fixed_rates, ask_fixed(), scopes[::-1] if is_reversed else scopes)
    assert rate == Decimal("10.00")


@pytest.mark.parametrize("scope", RATES[:-1])
def test_rates_for_others_do_not_fit(rates, scope):
    assert rates(m.rates, ask(), [(10, scope)], user=91, project=92, activity=93) is None
    assert rates(m.rates, ask(), [(10, scope), (5, "")], user=91, project=92, activity=93) == 5


@pytest.mark.parametrize("scope", FIXED_RATES[:-1])
def test_fixed_rates_for_others_do_not_fit(rates, scope):
    assert rates(m.fixed_rates, ask_fixed(), [(10, scope)], project=92, activity=93) is None


def test_a_rate_must_fit_in_every_part(rates):
    assert rates(m.rates, ask(), [(10, "up"), (5, "u")], project=92) == 5
    assert rates(m.fixed_rates, ask_fixed(), [(10, "pa"), (5, "p")], activity=93) == 5


def test_no_rates(rates):
    assert rates(m.rates, ask(), []) is None
    assert rates(m.fixed_rates, ask_fixed(), []) is None


def test_a_specific_rate_of_nothing_wins(rates):
    assert rates(m.rates, ask(), [(0, "u"), (60, "")]) == 0


@pytest.mark.parametrize(
    ("duration", "rate", "fixed", "expected"),
    [
        (3600, "60.00", "0.00", "60.00"),
        (5430, "85.50", "0.00", "128.96"),
        (1, "60.00", "0.00", "0.02"),
        (0, "60.00", "0.00", "0.00"),
        (0, "-60.00", "0.00", "0.00"),
        (6, "3.00", "0.00", "0.01"),
        (3600, "0.00", "0.00", "0.00"),
        (3600, "60.00", "99.90", "99.90"),
        (0, "60.00", "99.90", "99.90"),
        (2**31 - 1, "99999999.99", "0", "59652323521812.54"),
        (3600, None, None, "0.00"),
        (3600, "60.00", None, "60.00"),
    ],
)
def test_wages(duration, rate, fixed, expected):
    values = [None if value is None else Decimal(value) for value in (rate, fixed)]
    assert wages([duration], *([value] for value in values))[1] == [expected]


@pytest.mark.parametrize(
    ("duration", "rate", "hourly", "rounded"),
    [
        (5400, "33.33", 49.995, "49.99"),
        (1188, "42.50", 14.025, "14.03"),
        (4500, "1.30", 1.625, "1.62"),
        (1800, "0.01", 0.005, "0.01"),
        (90, "1.00", 0.025, "0.03"),
        (599, "120.50", 20.049861111111113, "20.05"),
        (-60, "85.00", -1.4166666666666667, "-1.42"),
    ],
)
def test_wages_are_those_of_php(duration, rate, hourly, rounded):
    """As a released Kimai 1.3.5 answered."""
    assert wages([duration], [Decimal(rate)], [None]) == ([hourly], [rounded])


def test_the_hourly_wage_is_that_without_a_fixed_rate():
    assert wages([3600], [Decimal("60.00")], [Decimal("99.90")]) == ([60.0], ["99.90"])


@pytest.mark.parametrize(
    ("amount", "expected"),
    [("0.005", "0.01"), ("-0.005", "-0.01"), ("0.0049", "0.00"), ("-0.004", "0.00"), ("7", "7.00")],
)
def test_cents(amount, expected):
    assert str(to_cents(Decimal(amount))) == expected
