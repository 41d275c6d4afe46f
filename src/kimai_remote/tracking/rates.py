"""The rate and fixed rate of new work: the most specific one that fits."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import ScalarSelect, or_, select

from ..storage import models as m

CENT = Decimal("0.01")


def best_rate(user_id: int, project_id: int, activity_id: int) -> ScalarSelect[Decimal]:
    """SQL for the hourly rate: one set for the user before one for all users, then one for the
    activity, then one for the project. Null where none fits."""
    rate = m.rates.c
    return (
        select(rate.rate)
        .where(
            or_(rate.userID == user_id, rate.userID.is_(None)),
            or_(rate.activityID == activity_id, rate.activityID.is_(None)),
            or_(rate.projectID == project_id, rate.projectID.is_(None)),
        )
        .order_by(rate.userID.is_(None), rate.activityID.is_(None), rate.projectID.is_(None))
        .limit(1)
        .scalar_subquery()
    )


def best_fixed_rate(project_id: int, activity_id: int) -> ScalarSelect[Decimal]:
    """SQL for the fixed rate: one set for the activity before one for the project."""
    rate = m.fixed_rates.c
    return (
        select(rate.rate)
        .where(
            or_(rate.activityID == activity_id, rate.activityID.is_(None)),
            or_(rate.projectID == project_id, rate.projectID.is_(None)),
        )
        .order_by(rate.activityID.is_(None), rate.projectID.is_(None))
        .limit(1)
        .scalar_subquery()
    )


def wage(duration: int, rate: Decimal | None, fixed_rate: Decimal | None) -> Decimal:
    """What a span of work is worth, to the cent: the fixed rate if there is one, else by the hour.

    :param duration: seconds.
    """
    if fixed_rate:
        return to_cents(fixed_rate)
    return to_cents((rate or 0) * Decimal(duration) / 3600)


def to_cents(amount: Decimal) -> Decimal:
    """An amount with two decimals, half a cent away from zero; never minus zero."""
    return amount.quantize(CENT, ROUND_HALF_UP) + 0
